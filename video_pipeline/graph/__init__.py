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
    framed_still,
    in_one_pass,
    piece,
    samples,
    shown_until,
    still,
    stills,
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
from video_pipeline.graph.trials import (
    BLACK_S,
    STILL_NOISE,
    STILL_S,
    likeness,
    rehearsal,
    trial,
    watched,
    watched_piece,
)

__all__ = [
    "AAC_FRAME",
    "BARS",
    "BLACK_S",
    "SAMPLE_RATE",
    "STILL_NOISE",
    "STILL_S",
    "Layer",
    "Pass",
    "RawFrames",
    "Span",
    "Tiles",
    "aac",
    "alpha_clip",
    "finished",
    "fitted",
    "framed_still",
    "in_one_pass",
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
    "stills",
    "strip",
    "trial",
    "watched",
    "watched_piece",
]
