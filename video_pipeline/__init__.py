"""Raw seller footage in, honest vertical listing clips out.

`render`, `plan`, `analyse` and `Catalogue` are for programs that use this one; `docs/python.md`
says how. They are loaded when they are first asked for, so importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from video_pipeline.catalogue.model import Catalogue as Catalogue
    from video_pipeline.pipeline.embedding import analyse as analyse
    from video_pipeline.pipeline.embedding import plan as plan
    from video_pipeline.pipeline.embedding import render as render

__all__ = ["Catalogue", "analyse", "plan", "render"]  # noqa: RUF100


def __getattr__(name: str) -> object:
    """One of the public names, loaded now."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only for whoever asks

    home = "catalogue.model" if name == "Catalogue" else "pipeline.embedding"
    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
