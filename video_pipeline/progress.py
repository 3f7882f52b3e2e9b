"""Progress: what long work tells the door that started it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Step:
    """One report: which stage, on what, how far (`done` of `total`, in the stage's own unit)."""

    stage: str
    detail: str
    done: float
    total: float


class Listener(Protocol):
    """Whoever wants to know. Called often, from one thread."""

    def __call__(self, step: Step, /) -> None:
        """Take note of a step."""


def silent(_step: Step) -> None:
    """Nobody listens."""
