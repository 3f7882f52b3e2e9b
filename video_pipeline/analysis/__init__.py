"""Runs vision over footage once and keeps a table over time, cached by content."""
