"""A new template: the files of one that is there, under a name of its own, ready to be changed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from video_pipeline.errors import UsageError
from video_pipeline.overlays.templates import FILES, RESERVED, head_of, is_name, template_names
from video_pipeline.replacing import replaced
from video_pipeline.resources import find

USUAL: Final = "story-line"


def scaffold(name: str, into: Path, like: str | None = None) -> tuple[Path, ...]:
    """Write a template `name` into the overlays folder `into`, which draws at once.

    It is a copy of the template `like`: of that folder or shipped; left out, the shipped one of
    the same name, to be changed, else `story-line`. Returns the files that were written. Raises
    UsageError for a name that is none or is taken there, and for a template that is not there.
    """
    if not is_name(name):
        raise UsageError(
            f"a template cannot be called '{name}'",
            mend="use small letters, digits and '-', such as 'care-note', and none of "
            f"{', '.join(RESERVED)}",
        )
    folder = into / name
    if folder.exists():
        raise UsageError(
            f"there is a '{name}' already",
            where=str(folder),
            mend="change its files, or choose another name",
        )
    source = like or (name if name in template_names() else USUAL)
    head_of(source, into)
    written = []
    for file in FILES:
        path = find("overlays", f"{source}/{file}", into)
        if path is not None:
            with replaced(folder / file, "--into") as part:
                part.write_bytes(path.read_bytes())
            written.append(folder / file)
    return tuple(written)
