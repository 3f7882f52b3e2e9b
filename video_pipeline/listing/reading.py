"""Reading a listing: the seller's file, checked in full before anything else happens.

A seller should mend a file once. So every mistake is told at once, by line, with the nearest valid
word; the grade is checked against its scale here, because the model cannot know the presets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from video_pipeline.errors import UsageError
from video_pipeline.handwriting.mistakes import fill
from video_pipeline.handwriting.pages import Mistake, Page, read_page
from video_pipeline.handwriting.spelling import did_you_mean
from video_pipeline.listing.model import Condition, Listing, ListingFile
from video_pipeline.presets.grades import load_scale, scale_names

_IN_WORDS: Final = {
    r"^[A-Z]{3}$": "three capital letters such as EUR, USD, JPY or CNY",
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "letters, digits, '.', '_' or '-', "
    "beginning with a letter or digit, at most 64 of them",
}


def read_listing(path: Path, own: Path | None = None) -> ListingFile:
    """Read and check a listing in YAML or JSON.

    `own` is the seller's presets folder, where a grade scale is looked up first. Raises
    ListingError whose `problems` hold every mistake by line; grade scales of the seller that have
    mistakes themselves raise their own ListingError.
    """
    page = read_page(path)
    listing = fill(Listing, page, in_words=_IN_WORDS, further=_grade_mistakes(page, own))
    return ListingFile(path=path, **dict(listing))


def _grade_mistakes(page: Page, own: Path | None) -> list[Mistake]:
    """The scale that does not exist, or the grade that its scale does not have."""
    condition = page.value.get("condition") if isinstance(page.value, dict) else None
    if not isinstance(condition, dict):
        return []
    scale = condition.get("scale") or Condition.model_fields["scale"].default
    grade = condition.get("grade")
    if not isinstance(scale, str):
        return []
    known = scale_names(own)
    if scale.strip() not in known:
        try:
            load_scale(scale, own)
        except UsageError as error:
            message = f"'condition.scale' is '{scale[:40]}'; expected one of {', '.join(known)}"
            mend = did_you_mean(scale, known) or error.mend
            return [Mistake(page.line(("condition", "scale")), message, mend)]
    if not isinstance(grade, str):
        return []
    grades = load_scale(scale.strip(), own).grade_names
    if grade.strip() in grades:
        return []
    message = (
        f"'condition.grade' is '{grade[:40]}'; expected one of {', '.join(grades)} "
        f"(scale '{scale.strip()}')"
    )
    return [Mistake(page.line(("condition", "grade")), message, did_you_mean(grade, grades))]
