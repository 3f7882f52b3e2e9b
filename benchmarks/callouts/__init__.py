"""How well a callout's ring stays on what it points at."""
