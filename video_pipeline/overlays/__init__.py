"""Jinja2 template to SVG to RGBA: what must be said, always readable."""
