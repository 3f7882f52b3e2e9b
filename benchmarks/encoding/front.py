"""The front."""


def page(rows):
    return ""
