"""How long planning takes, from tables that are already there."""
