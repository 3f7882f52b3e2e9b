"""Swatches: leather, seams, metal and everything mistaken for them, drawn in an instant.

The studio (`training/studio`) traces light and is slow; a swatch takes some ten milliseconds and
buys variety instead: any mask that can be drawn is given a height (a bevel of its distance
transform), normals, and a material that reflects a made-up room. What is metal to a buyer is
drawn from the same shapes as what is not, so that a shape alone never gives it away.
"""
