"""Mistakes: a page checked against its model, every mistake told in plain words.

Pydantic finds the mistakes; its wording speaks to programmers. Here each kind becomes "what was
found; what was expected", with the nearest valid word where there is one.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import ErrorDetails

from video_pipeline.handwriting.pages import Loc, Mistake, Page, dotted, refuse
from video_pipeline.handwriting.spelling import by_nearness, did_you_mean, nearest

M = TypeVar("M", bound=BaseModel)

_SHOWN_WORDS: Final = 8


def fill(
    model: type[M],
    page: Page,
    *,
    noun: str = "listing",
    in_words: Mapping[str, str] | None = None,
    further: Sequence[Mistake] = (),
) -> M:
    """The page as a checked value of `model`.

    A key with nothing after it counts as left out. `in_words` says what a text pattern asks for;
    `further` are mistakes the caller found, told together with the others. Raises ListingError
    that carries all of them, by line.
    """
    value = page.value
    mistakes = [*page.mistakes, *further]
    if not isinstance(value, dict):
        message = "the file must hold keys and values, such as 'sku: A-17'"
        raise refuse(page.path, noun, [*mistakes, Mistake(page.line(()), message)], page.place)
    empty: set[Loc] = set()
    try:
        checked = model.model_validate(value)
    except ValidationError as first:
        empty = {loc for e in first.errors() if _is_empty(loc := _place(e["loc"], value), e, value)}
        try:
            checked = model.model_validate(_without(value, empty))
        except ValidationError as error:
            teller = _Teller(model, page, in_words or {}, empty)
            told = [*mistakes, *teller.tell(error)]
            raise refuse(page.path, noun, told, page.place) from None
    if mistakes:
        raise refuse(page.path, noun, mistakes, page.place)
    return checked


def _place(loc: tuple[int | str, ...], value: object) -> Loc:
    """The part of pydantic's way that exists on the page, plus a missing key.

    Pydantic adds the names of union members ('owned_since', 'date') to the way.
    """
    kept: Loc = ()
    for part in loc:
        if isinstance(value, dict) and isinstance(part, str):
            kept = (*kept, part)
            if part not in value:
                return kept
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int):
            kept = (*kept, part)
            if part >= len(value):
                return kept
            value = value[part]
        else:
            return kept
    return kept


def _at(value: object, loc: Loc) -> object:
    for part in loc:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _is_empty(loc: Loc, error: ErrorDetails, value: object) -> bool:
    return (
        bool(loc)
        and isinstance(loc[-1], str)
        and error["type"] not in ("extra_forbidden", "missing")
        and _at(value, loc) is None
    )


def _without(value: dict[str, Any], locs: Iterable[Loc]) -> dict[str, Any]:
    kept = copy.deepcopy(value)
    for loc in locs:
        around = _at(kept, loc[:-1])
        if isinstance(around, dict):
            around.pop(loc[-1], None)
    return kept


class _Teller:
    """Tells the mistakes of one page; knows the model to name valid keys."""

    def __init__(
        self, model: type[BaseModel], page: Page, in_words: Mapping[str, str], empty: set[Loc]
    ) -> None:
        self._model = model
        self._page = page
        self._in_words = in_words
        self._empty = empty

    def tell(self, error: ValidationError) -> list[Mistake]:
        grouped: dict[Loc, list[ErrorDetails]] = {}
        for detail in error.errors():
            grouped.setdefault(_place(detail["loc"], self._page.value), []).append(detail)
        misspelt = {
            (*loc[:-1], meant)
            for loc, details in grouped.items()
            if details[0]["type"] == "extra_forbidden"
            and (meant := nearest(str(loc[-1]), self._keys(loc[:-1])))
        }
        return [
            self._mistake(loc, details)
            for loc, details in grouped.items()
            # A misspelt key is one mistake, not also a missing one.
            if not (details[0]["type"] == "missing" and loc in misspelt)
        ]

    def _mistake(self, loc: Loc, details: list[ErrorDetails]) -> Mistake:
        detail = details[0]
        line = self._page.line(loc)
        name = dotted(loc)
        group = f"'{dotted(loc[:-1])}'" if len(loc) > 1 else "the file"
        if detail["type"] == "missing" and isinstance(loc[-1], int):
            return Mistake(
                line, f"{group} ends too early: entry {loc[-1] + 1} is missing", "add it"
            )
        if detail["type"] == "missing":
            state = "is empty" if loc in self._empty else "is missing"
            about = self._description(loc)
            message = f"'{name}' {state}" + (f": {about}" if about else "")
            return Mistake(line, message, f"write '{loc[-1]}: …' in {group}")
        if detail["type"] == "extra_forbidden":
            keys = self._keys(loc[:-1])
            message = f"'{name}' is not a key of {group}; expected one of {_some(loc[-1], keys)}"
            return Mistake(line, message, did_you_mean(str(loc[-1]), keys))
        found = _at(self._page.value, loc)
        expected = list(dict.fromkeys(self._expected(d, found) for d in details))
        message = f"'{name}' is {_shown(found)}; expected {' or '.join(expected)}"
        if isinstance(found, dict) and detail["type"] == "value_error":
            whose = f"'{name}'" if name else "the file"
            message = f"{whose} must have {expected[0]}"
        return Mistake(line, message, self._mend(detail, found))

    def _expected(self, detail: ErrorDetails, found: object) -> str:
        kind, ctx = detail["type"], detail.get("ctx", {})
        if kind == "literal_error":
            return f"one of {_some(found, _quoted(ctx))}"
        if kind == "value_error":
            return str(ctx["error"])
        if kind == "string_pattern_mismatch":
            pattern = str(ctx["pattern"])
            return self._in_words.get(pattern, f"text of the form {pattern}")
        if kind in ("string_too_long", "too_long", "string_too_short", "too_short"):
            return _length(kind, ctx, found)
        if kind in _BOUNDS:
            return f"{_BOUNDS[kind][0]} {ctx[_BOUNDS[kind][1]]}"
        return _EXPECTED.get(kind, detail["msg"][:1].lower() + detail["msg"][1:])

    def _mend(self, detail: ErrorDetails, found: object) -> str:
        kind, ctx = detail["type"], detail.get("ctx", {})
        if kind == "literal_error":
            return did_you_mean(str(found), _quoted(ctx))
        if kind == "string_pattern_mismatch" and re.search(str(ctx["pattern"]), upper(found)):
            return f"did you mean '{upper(found)}'?"
        if kind in ("tuple_type", "list_type") and isinstance(found, str):
            return f"put it on a line of its own as '- {_cut(found)}'"
        if kind == "string_type" and isinstance(found, dict | list):
            return "put the text in quotes"
        return ""

    def _keys(self, loc: Loc) -> list[str]:
        return [key for model in _models(self._model, loc) for key in model.model_fields]

    def _description(self, loc: Loc) -> str:
        for model in _models(self._model, loc[:-1]):
            info = model.model_fields.get(str(loc[-1]))
            if info is not None and info.description:
                text = info.description.rstrip(".")
                return text[:1].lower() + text[1:]
        return ""


def upper(found: object) -> str:
    """What was found in capital letters: the likeliest repair of a code such as 'eur'."""
    return str(found).strip().upper()


def _models(model: type[BaseModel], loc: Loc) -> list[type[BaseModel]]:
    """The models that may stand at `loc`: more than one only under a union."""
    here: list[object] = [model]
    for part in loc:
        here = [found for kind in here for found in _entered(kind, part)]
    return [found for kind in here for found in _inside(kind)]


def _entered(kind: object, part: str | int) -> list[object]:
    """What may stand under the key or entry `part` of a value of this kind."""
    if isinstance(kind, type) and issubclass(kind, RootModel):
        return _entered(kind.model_fields["root"].annotation, part)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        info = kind.model_fields.get(str(part))
        return [info.annotation] if info is not None else []
    if get_origin(kind) is dict:
        return [get_args(kind)[1]]
    if isinstance(part, int) and get_origin(kind) in (list, tuple):
        return list(get_args(kind))
    return [found for arg in get_args(kind) for found in _entered(arg, part)]


def _inside(kind: object) -> list[type[BaseModel]]:
    """The models of a kind itself, not those of its entries."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    if get_origin(kind) in (dict, list, tuple):
        return []
    return [found for arg in get_args(kind) for found in _inside(arg)]


def _quoted(ctx: Mapping[str, object]) -> list[str]:
    """The words of a Literal, from pydantic's "'a', 'b' or 'c'"."""
    return re.findall(r"'([^']*)'", str(ctx.get("expected", "")))


def _some(found: object, words: Sequence[str]) -> str:
    """All words of a short list, the nearest of a long one."""
    if len(words) <= _SHOWN_WORDS:
        return ", ".join(words)
    return ", ".join([*by_nearness(str(found), words)[: _SHOWN_WORDS - 2], "…"])


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"


def _shown(found: object) -> str:
    if found is None:
        return "empty"
    if isinstance(found, dict):
        return "a group of keys"
    if isinstance(found, list):
        written = f"[{', '.join(map(str, found))}]"
        plain = all(isinstance(entry, str) for entry in found)
        return written if plain and len(written) <= 40 else f"a list of {len(found)}"
    return f"'{_cut(str(found))}'"


def _length(kind: str, ctx: Mapping[str, Any], found: object) -> str:
    if kind == "string_too_short":
        return "some text"
    if kind == "string_too_long":
        return f"at most {ctx['max_length']} characters (there are {len(str(found))})"
    limit, unit = ("at most", "max_length") if kind == "too_long" else ("at least", "min_length")
    count = int(ctx[unit])
    return f"{limit} {count} {'entry' if count == 1 else 'entries'}"


_BOUNDS: Final = {
    "greater_than": ("a number above", "gt"),
    "greater_than_equal": ("a number of at least", "ge"),
    "less_than": ("a number below", "lt"),
    "less_than_equal": ("a number of at most", "le"),
    "decimal_max_digits": ("a number whose digits are at most", "max_digits"),
    "decimal_max_places": ("a number whose decimal places are at most", "decimal_places"),
    "decimal_whole_digits": ("a number whose digits before the point are at most", "whole_digits"),
}

_WHOLE = "a whole number"
_NUMBER = "a number such as 12.5"
_AMOUNT = "a number such as 1290 or 1290.50, without currency sign or thousands separator"
_DATE = "a date such as 2019-05-31"
_GROUP = "a group of keys, each on its own indented line"
_LIST = "a list, each entry on its own line after '- '"
_YES_NO = "true or false"

_EXPECTED: Final = {
    "string_type": "text",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "decimal_type": _AMOUNT,
    "decimal_parsing": _AMOUNT,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "bool_type": _YES_NO,
    "bool_parsing": _YES_NO,
    "model_type": _GROUP,
    "model_attributes_type": _GROUP,
    "dict_type": _GROUP,
    "tuple_type": _LIST,
    "list_type": _LIST,
}
