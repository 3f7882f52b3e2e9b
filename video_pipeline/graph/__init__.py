"""Every ffmpeg command line of the project is built here, and nowhere else.

Graphs are put together with ffmpeg-python, which escapes each filter value; no text that a person
wrote ever enters one.
"""

from video_pipeline.graph.audio import (
    AAC_FRAME,
    SAMPLE_RATE,
    aac,
    levelled,
    measured,
    mixed,
    music,
    sound,
)
from video_pipeline.graph.crops import BARS, fitted
from video_pipeline.graph.encoding import Pass, finished
from video_pipeline.graph.picture import (
    Layer,
    alpha_clip,
    clip_stills,
    framed_still,
    piece,
    samples,
    shown_until,
    still,
)
from video_pipeline.graph.preview import (
    RawFrames,
    Span,
    Tiles,
    loop_file,
    raw_frames,
    scaled_size,
    strip,
)
from video_pipeline.graph.trials import STILL_S, likeness, rehearsal, trial, watched

__all__ = [
    "AAC_FRAME",
    "BARS",
    "SAMPLE_RATE",
    "STILL_S",
    "Layer",
    "Pass",
    "RawFrames",
    "Span",
    "Tiles",
    "aac",
    "alpha_clip",
    "clip_stills",
    "finished",
    "fitted",
    "framed_still",
    "levelled",
    "likeness",
    "loop_file",
    "measured",
    "mixed",
    "music",
    "piece",
    "raw_frames",
    "rehearsal",
    "samples",
    "scaled_size",
    "shown_until",
    "sound",
    "still",
    "strip",
    "trial",
    "watched",
]
