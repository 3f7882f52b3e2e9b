"""How well the moments of a clip are chosen, on footage whose truth is known."""
