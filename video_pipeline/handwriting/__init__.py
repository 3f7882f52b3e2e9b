"""Files that people write: read with the line of every value, all mistakes told at once."""
