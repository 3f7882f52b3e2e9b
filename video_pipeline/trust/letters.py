"""Letters that deceive: which texts may be shown, and which names only look like another name.

Certificates and issuer files come from strangers, and a name is what a buyer believes. The rules
follow Unicode Technical Standard 39 ("highly restrictive": one script, or Latin with the scripts
of Chinese, Japanese or Korean), narrowed to the letters that names of firms are written in.
"""

from __future__ import annotations

import unicodedata

# Letters of other scripts that pass for Latin ones in common type faces (from the table
# confusables.txt of UTS 39, upper and lower case of Cyrillic and Greek).
_TWINS = dict(
    zip(
        "аеорсухіјѕһԁԛԝӏвкмнтАВЕКМНОРСТУХІЈЅԌαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aeopcyxijshdqwlbkmhtABEKMHOPCTYXIJSGaeikvoptuxABEZHIKMNOPTYX",
        strict=True,
    )
)
_DIGIT_TWINS = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "ı": "l"})
_LATIN_WITHOUT_DECOMPOSITION = frozenset("ßẞæÆœŒøØđĐðÐþÞłŁıŋŊħĦ")
_SCRIPTS = frozenset(
    {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "BENGALI", "TAMIL", "THAI"}
    | {"ARMENIAN", "GEORGIAN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"}
)
_MIXTURES = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)


def shown(value: object, limit: int = 80) -> str:
    """A stranger's value for a message: on one line, no control signs, at most `limit` long."""
    text = value if isinstance(value, str) else repr(value)
    safe = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: limit + 1])
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def spelled(value: object, limit: int = 120) -> str:
    """Like `shown`, with letters outside ASCII spelled as numbers: a look-alike stands out."""
    text = value if isinstance(value, str) else repr(value)
    return shown("".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in text[:limit]), limit)


def is_plain(value: object, limit: int) -> bool:
    """Whether `value` is a text of 1 to `limit` letters that can be shown as it stands.

    Refused: control and formatting signs (also those that turn the writing direction), halves of
    surrogate pairs, line breaks, unassigned code points, spaces at either end.
    """
    return (
        isinstance(value, str)
        and 0 < len(value) <= limit
        and value == value.strip()
        and not any(unicodedata.category(c)[0] == "C" for c in value)
        and not any(c.isspace() and c not in " \u3000\u00a0" for c in value)
    )


def lookalike_problem(name: str) -> str | None:
    """Why `name` may be mistaken for another one, in plain words, or None when it may not.

    `name` is taken as it will be shown. Mixed scripts, whole words in letters that only look
    Latin, and styled or rare Latin letters are problems.
    """
    if unicodedata.normalize("NFKC", name) != name:
        return "it is written with styled or composed letters; write it with ordinary ones"
    letters = [c for c in name if c.isalpha() and unicodedata.category(c) != "Lm"]
    if not letters:
        return "it has no letters"
    scripts = {_script(c) for c in letters}
    strange = [c for c in name if (c.isnumeric() and not c.isascii()) or _is_rare(c)]
    if strange:
        return f"the sign {_named(strange[0])} can be mistaken for another one"
    if len(scripts) > 1 and not any(scripts <= mixture for mixture in _MIXTURES):
        odd = next(c for c in letters if _script(c) != "LATIN")
        return f"it mixes alphabets: {_named(odd)} stands among other letters"
    if scripts <= {"CYRILLIC", "GREEK"} and all(c in _TWINS for c in letters):
        return f"its letters only look Latin: {_named(letters[0])}"
    return None


def skeleton(name: str) -> str:
    """What the eye keeps of a name: two names with one skeleton look the same at a glance."""
    twins = "".join(_TWINS.get(c, c) for c in unicodedata.normalize("NFKD", name))
    bare = "".join(c for c in twins.casefold() if c.isalnum()).translate(_DIGIT_TWINS)
    return bare.replace("rn", "m").replace("vv", "w")


def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0].split("-")[0]


def _is_rare(char: str) -> bool:
    if not char.isalpha() or unicodedata.category(char) == "Lm":
        return False
    script = _script(char)
    if script != "LATIN":
        return script not in _SCRIPTS
    base = unicodedata.normalize("NFD", char)[0]
    return not base.isascii() and char not in _LATIN_WITHOUT_DECOMPOSITION


def _named(char: str) -> str:
    return f"U+{ord(char):04X} ({unicodedata.name(char, 'without a name').lower()})"
