"""Jinja2 template to SVG to RGBA: what must be said, always readable.

`drawing.draw` makes the picture of one overlay, `motion.animate` the short clip in which it comes
and goes. Everything about the look stands in the top-level `overlays/` folder; a file of the same
name in a person's own overlays folder takes its place:

    <name>/                one overlay each: its drawing, what it takes, samples; see `templates`
    parts/panels.svg.j2    the panels they stand on
    themes/atelier.yaml    colours, type styles, measures, motion
    i18n/en.yaml           words for parts, flaws, severities and labels, a file a language
    fonts/                 the typefaces, with their licences

A template (`template.svg.j2`) lays text into columns and ends with an `<svg>` of the size that came
out. It may use:

    sheet.width, sheet.height        the room in the safe area, in pixels at 1080 wide
    sheet.column(x, y, width)        a column; see `sheet.Column` for text, gap, rule and qr
    colour("ink"), measure.pad       colours and measures of the theme
    word("flaw", flaw)               a word of the language chosen
    host(address)                    the host name of an address

Only shapes may stand in the SVG. Text is written through `column.text`, which cleans, fits,
measures and outlines it, so no character a person types can become markup.
"""
