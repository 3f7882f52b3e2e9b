"""The footage zoo: nasty clips and photos, made in code, each with what has to come out of it.

`colours` says what a camera would write for a colour and how far two colours are apart, `scene`
draws the one picture that all of them show and reads it back, `rows` lists them, `making` makes
them.
"""
