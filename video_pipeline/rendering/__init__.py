"""Pieces, the ffmpeg graph, sound, joining and checking."""
