"""Pages: a YAML or JSON file written by a person, with the line of every value.

PyYAML's loader would give values without lines, keep the last of two equal keys in silence and turn
`no` into False, `12:30` into 750 and `007` into 7. So only its parser is used: the node graph is
walked here, and a plain word stays the text that was written. What a value means is decided by the
model that the page is checked against (see `mistakes`).

A page is bounded before it is believed: 1 MB of UTF-8, 20,000 values with aliases counted each time
they are used, 40 levels. No tag can make an object.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from video_pipeline.errors import ListingError, Problem
from video_pipeline.handwriting.spelling import did_you_mean

Loc = tuple[str | int, ...]
"""The way to a value: ('condition', 'notes', 0, 'flaw')."""

MAX_BYTES: Final = 1_000_000
MAX_VALUES: Final = 20_000
MAX_LEVELS: Final = 40

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "value")
)


@dataclass(frozen=True)
class Mistake:
    """One mistake on a page, before it is sorted by line among the others."""

    line: int
    message: str
    mend: str = ""


@dataclass(frozen=True)
class Page:
    """What stands in a person's file.

    `value` holds dicts, lists, text and None only (a JSON or YAML number is the text as written);
    `lines` gives the line, from 1, of every key and list entry; `mistakes` are those that did not
    keep the rest from being read. `place` says in words where a line is, when it is none of a text
    file's: a cell of a table.
    """

    path: Path
    value: object
    lines: Mapping[Loc, int]
    mistakes: tuple[Mistake, ...] = ()
    place: Callable[[int], str] | None = None

    def line(self, loc: Loc) -> int:
        """The line of the value at `loc`, or of the nearest value around it."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)


def refuse(
    path: Path,
    noun: str,
    mistakes: Iterable[Mistake],
    place: Callable[[int], str] | None = None,
) -> ListingError:
    """All mistakes of one file as the error to raise, in the order of their lines."""
    told = place or (lambda line: f"{path.name}:{line}")
    ordered = sorted(mistakes, key=lambda m: m.line)
    problems = [Problem(told(m.line), m.message, m.mend) for m in ordered]
    count = "a mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    return ListingError(f"the {noun} {path.name} has {count}", where=str(path), problems=problems)


def read_page(path: Path, noun: str = "listing") -> Page:
    """Read a `.yaml`, `.yml` or `.json` file.

    Raises ListingError when there is no such file, when it is too large or not UTF-8, or when it
    cannot be read as YAML (or JSON); smaller mistakes are left in `Page.mistakes`.
    """
    text = _text(path, noun)
    if path.suffix.lower() == ".json":
        text = _json_as_yaml(path, noun, text)
    try:
        root = _Bounded(text).get_single_node()
    except _TooMuchError as error:
        raise refuse(path, noun, [error.mistake]) from None
    except yaml.YAMLError as error:
        raise refuse(path, noun, [_syntax(error, text)]) from None
    if root is None:
        mend = "write it anew: `video-pipeline init` makes one to fill in" * (noun == "listing")
        raise refuse(path, noun, [Mistake(1, "the file is empty", mend)])
    walk = _Walk()
    try:
        value = walk.value(root, ())
    except _TooMuchError as error:
        raise refuse(path, noun, [error.mistake]) from None
    return Page(path, value, walk.lines, tuple(walk.mistakes))


def _text(path: Path, noun: str) -> str:
    """The file's text, or the reason why there is none."""
    try:
        if path.is_dir():
            raise _unreadable(path, f"{path} is a folder, not a {noun}", "name the file in it")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(path, f"there is no file {path}", _neighbour(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(path, f"{path} cannot be read: {reason}", "check its rights") from None
    if len(raw) > MAX_BYTES:
        raise _unreadable(
            path,
            f"{path.name} is larger than 1 MB; a {noun} is a few kilobytes of text",
            f"check that this is the {noun} and not a video or a picture",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise refuse(
            path,
            noun,
            [Mistake(line, "the file is not UTF-8 text", "save it again with encoding UTF-8")],
        ) from None


def _unreadable(path: Path, message: str, mend: str) -> ListingError:
    return ListingError(message, where=str(path), problems=[Problem(path.name, message, mend)])


def _neighbour(path: Path) -> str:
    """Advice for a missing file: the nearest name beside it."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    try:
        beside = [p.name for p in path.parent.iterdir()]
    except OSError:
        beside = []
    names = sorted(n for n in beside if n.lower().endswith((".yaml", ".yml", ".json")))
    if hint := did_you_mean(path.name, names):
        return hint
    if names:
        return "in that folder there are: " + ", ".join(names[:5])
    return "check the path"


def _json_as_yaml(path: Path, noun: str, text: str) -> str:
    """Valid JSON in the part of its form that the YAML parser reads too."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        found = Mistake(error.lineno, f"this is not JSON: {error.msg}, column {error.colno}")
        raise refuse(path, noun, [found]) from None
    except RecursionError:
        raise refuse(path, noun, [_levels(1)]) from None
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        found = Mistake(1, "a number in it has thousands of digits", "write it shorter")
        raise refuse(path, noun, [found]) from None
    # A tab can stand only between the tokens of valid JSON; YAML knows it only inside text.
    return text.replace("\t", " ")


class _TooMuchError(Exception):
    """The page is deeper or larger than any honest one; carries the mistake to tell."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


def _levels(line: int) -> Mistake:
    return Mistake(line, f"values are nested more than {MAX_LEVELS} levels deep", "flatten them")


def _values(line: int) -> Mistake:
    return Mistake(
        line,
        f"the file holds more than {MAX_VALUES:,} values, aliases (*) counted at each use",
        "write the values out without anchors (&) and aliases (*)",
    )


class _Bounded(yaml.SafeLoader):
    """The parser, stopped as soon as the page grows too deep or too large."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._level = 0
        self._count = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
        self._level += 1
        self._count += 1
        if self._level > MAX_LEVELS:
            raise _TooMuchError(_levels(line))
        if self._count > MAX_VALUES:
            raise _TooMuchError(_values(line))
        node: yaml.Node | None = super().compose_node(parent, index)  # type: ignore[arg-type]
        self._level -= 1
        return node


@dataclass
class _Walk:
    """Turns nodes into values and notes the lines on the way."""

    lines: dict[Loc, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    count: int = 0

    def value(self, node: yaml.Node, loc: Loc) -> object:
        line = node.start_mark.line + 1
        self.count += 1
        self.lines.setdefault(loc, line)
        if self.count > MAX_VALUES:
            raise _TooMuchError(_values(line))
        if len(loc) > MAX_LEVELS:
            raise _TooMuchError(_levels(line))
        if node.tag not in _PLAIN_TAGS:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.mistakes.append(
                Mistake(line, f"the tag '{tag}' is not understood here", "leave it out")
            )
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(entry, (*loc, i)) for i, entry in enumerate(node.value)]
        return self._scalar(node, line) if isinstance(node, yaml.ScalarNode) else None

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, object]:
        kept: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if not key:
                self.mistakes.append(
                    Mistake(line, "a key must be a single word", "write it as 'key: value'")
                )
            elif key == "<<" and key_node.style is None:
                self.mistakes.append(
                    Mistake(line, "'<<' (merging) is not understood here", "write the values out")
                )
            elif key in kept:
                first = self.lines[(*loc, key)]
                self.mistakes.append(
                    Mistake(
                        line,
                        f"'{dotted((*loc, key))}' is written twice, first on line {first}",
                        "keep one of the two",
                    )
                )
            else:
                self.lines[(*loc, key)] = line
                kept[key] = self.value(value_node, (*loc, key))
        return kept

    def _scalar(self, node: yaml.ScalarNode, line: int) -> str | None:
        text = str(node.value)
        if node.style is None and text in _NULL:
            return None
        text = _joined(text)
        if odd := next((c for c in text if _unprintable(c)), None):
            self.mistakes.append(
                Mistake(
                    line,
                    f"the text holds a character that cannot be shown (U+{ord(odd):04X})",
                    "delete it and type the text again",
                )
            )
            return None
        return text


def _joined(text: str) -> str:
    r"""Text with pairs such as `\ud83d\ude00`, JSON's way to write 😀, made one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _unprintable(char: str) -> bool:
    """Control characters, half pairs and non-characters: an SVG cannot hold them."""
    if ord(char) & 0xFFFE == 0xFFFE:
        return True
    return unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t"


def dotted(loc: Loc) -> str:
    """A way to a value as people read it: 'condition.notes.0.flaw'."""
    return ".".join(str(part) for part in loc)


# What PyYAML says (a part of it), what happened in plain words, how to mend it. The first match
# counts. PyYAML names grammar rules; the usual cause stands here instead.
_SYNTAX: Final = (
    (r"scanning a block scalar", "a value starts with '|' or '>'", "put the value in quotes"),
    (r"(scanning|parsing) a tag", "a value starts with '!'", "put the value in quotes"),
    (r"(scanning|parsing) a(n alias|n anchor)", "a value starts with '&' or '*'",
     "put the value in quotes"),
    (r"sequence entries are not allowed", "a '- ' where no list can begin",
     "begin the list on the line below its key"),
    (r"mapping values are not allowed", "there is a second ':' in this line, or the line above "
     "is not finished", "put text that holds ': ' in quotes, and check the indentation"),
    (r"cannot start any token", "the value starts with a character that YAML keeps for itself",
     "put the value in quotes"),
    (r"expected ':'", "a line without ':' after its key", "write it as 'key: value'"),
    (r"expected <block end>", "the indentation does not match the lines above",
     "start keys of one group in the same column"),
    (r"unexpected end of stream", "a quote is opened and never closed", "close the quote"),
    (r"expected ',' or|expected the node content", "a bracket is opened and never closed, or a "
     "comma is missing", "check '[' ']' '{' '}' and the commas between"),
    (r"undefined alias", "a value starts with '*'", "put the value in quotes"),
    (r"expected alphabetic or numeric", "a value starts with '&' or '*'",
     "put the value in quotes"),
    (r"duplicate anchor", "an anchor (&) is used twice", "write the values out"),
    (r"unknown escape", "a backslash inside double quotes", "use single quotes, or '/' in paths"),
    (r"tag handle|could not determine a constructor|expected ' '", "a value starts with '!'",
     "put the value in quotes"),
    (r"another document|single document|document start", "a second document starts here ('---')",
     "keep one document per file"),
    (r"special characters are not allowed|unacceptable character", "the file holds a character "
     "that is not text", "delete it; the file must be plain UTF-8 text"),
)  # fmt: skip


def _syntax(error: yaml.YAMLError, text: str) -> Mistake:
    """A parser's complaint in plain words."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        said = " ".join(filter(None, (error.problem, error.context)))
        opened = error.context_mark
        if opened and re.search(r"unexpected end of stream|expected ',' or|expected ':'", said):
            line = opened.line + 1
    else:
        position = getattr(error, "position", 0)
        line = text[:position].count("\n") + 1
        said = str(error)
    lines = text.splitlines()
    if line <= len(lines) and re.match(r" *\t", lines[line - 1]):
        return Mistake(line, "the line is indented with a tab", "indent with spaces")
    for pattern, words, mend in _SYNTAX:
        if re.search(pattern, said):
            return Mistake(line, words, mend)
    return Mistake(line, f"this cannot be read as YAML: {said}", "compare it with the sample")
