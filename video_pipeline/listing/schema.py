"""The listing's JSON Schema: what lets an editor complete and check a listing while it is typed."""

from __future__ import annotations

from typing import Any, Final

from video_pipeline.listing.model import Listing

SCHEMA_NAME: Final = "listing.schema.json"
"""The file name by which a listing refers to a schema that lies beside it."""


def listing_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a listing as a person writes it.

    It cannot know that a grade is of its scale, that a box has an area, or how many decimals a
    currency has; `read_listing` does.
    """
    schema = Listing.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:video-pipeline:listing:1",
        **schema,
        "title": "Listing",
    }
