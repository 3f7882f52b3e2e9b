"""Judgement: from evidence to a score. Is the part shown large, sharp and light enough to inspect?

What was measured in a picture is weighed and summed, and the sum is turned into 0..1 (a logistic
regression), so that every score can be taken apart again. The weights stand as text in
`judgement.json`; `training/judge.py` fits them and says on what.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import resources

from video_pipeline.vision.starting import starting

WEIGHTS = "judgement.json"


@dataclass(frozen=True)
class Judgement:
    """Log odds: `intercept` plus each piece of evidence times its weight."""

    intercept: float
    weights: Mapping[str, float]

    def score(self, evidence: Mapping[str, float]) -> float:
        """0..1; 0.5 and more means that a buyer could inspect the part. KeyError if any lacks."""
        odds = self.intercept + sum(w * evidence[name] for name, w in self.weights.items())
        return 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))


@functools.cache
def judgements() -> Mapping[str, Judgement]:
    """By part, "hardware" and "stitching". Raises UsageError when the file is no such page."""
    with _whole():
        parts = json.loads(_text())["parts"]
        return {
            part: Judgement(parts[part]["intercept"], parts[part]["weights"])
            for part in ("hardware", "stitching")
        }


@functools.cache
def judgement_digest() -> str:
    """Names the weights in cache keys."""
    return hashlib.sha256(_text().encode()).hexdigest()


def _whole() -> AbstractContextManager[None]:
    return starting(
        f"the judgement of what is seen, {WEIGHTS},",
        mend="its file is missing or damaged; "
        "reinstall with: pip install --force-reinstall video-pipeline",
    )


@functools.cache
def _text() -> str:
    with _whole():
        return resources.files(__package__).joinpath(WEIGHTS).read_text(encoding="utf-8")
