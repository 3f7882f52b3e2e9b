"""The sentence of the project, as functions that every door calls.

A listing says what the seller states; footage is what the camera saw; analysis finds what each
moment shows; an edit chooses what to show; overlays say what must be said; trust decides what may
be claimed; rendering makes it; delivery packs it for each placement.
"""

from video_pipeline.pipeline.checking import check_file
from video_pipeline.pipeline.coverage import cover_listing
from video_pipeline.pipeline.evidence import make_evidence
from video_pipeline.pipeline.exchange import Exported, export_edit, take_back
from video_pipeline.pipeline.gallery import Gallery, Looks, live_overlays, write_overlays
from video_pipeline.pipeline.keyframes import write_key_frames
from video_pipeline.pipeline.pictures import Picture, look_at_pictures
from video_pipeline.pipeline.places import draw_guide
from video_pipeline.pipeline.planning import plan_listing, portable, prepare_and_plan, write_plan
from video_pipeline.pipeline.preparing import (
    Prepared,
    Settings,
    analyse_all,
    open_footage,
    prepare,
)
from video_pipeline.pipeline.previewing import Previewed, preview_listing
from video_pipeline.pipeline.rendering import Rendered, render, render_edit, render_listing
from video_pipeline.pipeline.shots import shots_of

__all__ = [
    "Exported",
    "Gallery",
    "Looks",
    "Picture",
    "Prepared",
    "Previewed",
    "Rendered",
    "Settings",
    "analyse_all",
    "check_file",
    "cover_listing",
    "draw_guide",
    "export_edit",
    "live_overlays",
    "look_at_pictures",
    "make_evidence",
    "open_footage",
    "plan_listing",
    "portable",
    "prepare",
    "prepare_and_plan",
    "preview_listing",
    "render",
    "render_edit",
    "render_listing",
    "shots_of",
    "take_back",
    "write_key_frames",
    "write_overlays",
    "write_plan",
]
