"""Pure functions from one frame (or two) to scores, boxes and maps."""
