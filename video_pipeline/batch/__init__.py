"""The batch: a whole catalogue, each listing by itself, and only what has changed."""
