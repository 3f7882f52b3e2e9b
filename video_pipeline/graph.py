"""Every ffmpeg command line of the project is built here, and nowhere else.

Graphs are put together with ffmpeg-python, which escapes each filter value; no text that a person
wrote ever enters one. Scaling and encoding flags ask for bit-exact arithmetic, so that the same
edit gives the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from video_pipeline.edit.model import Crop, CropKey
from video_pipeline.footage.model import Colour, Footage
from video_pipeline.presets.placements import Placement
from video_pipeline.toolchain import CONTAINERS, ffmpeg_path

SAMPLE_RATE = 48_000
AAC_FRAME = 1_024  # samples; also the encoder's priming, which players without an edit list play

_SCALING = "lanczos+accurate_rnd+full_chroma_int+bitexact"
# Sources are opened a hair early, since ffmpeg reads times in microseconds and would otherwise
# drop a frame whose time rounds down.
_EARLY = Fraction(1, 2000)
# ffmpeg's scale filter has its own names for matrices.
_SCALE_MATRIX = {"bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"}
_HDR_TRANSFER = {"hlg": "arib-std-b67", "pq": "smpte2084"}


@dataclass(frozen=True)
class Layer:
    """An overlay clip on a piece: where it stands and from which output frame to which.

    The file holds `enter` frames of arriving, one at rest, `leave` frames of leaving; it is shown
    from frame `first` up to, not including, `last`, resting for as long as that takes.
    """

    path: Path
    digest: str
    x: int
    y: int
    enter: int
    leave: int
    first: int
    last: int


def piece(
    footage: Footage,
    start: Fraction,
    frames: int,
    hold: int,
    crop: Crop,
    layers: Sequence[Layer],
    placement: Placement,
    out: Path,
) -> list[str]:
    """The command that encodes one piece: exactly `frames` frames from `start` on.

    The last `hold` of them repeat the one before.
    """
    rate = placement.rate
    live = frames - hold
    picture = _open(footage, start, live / rate + 1)[str(footage.video_stream)]
    picture = _squared(picture, footage)
    picture = picture.filter("fps", fps=str(rate), start_time=0)
    picture = _cropped(picture, crop, footage, placement.width, placement.height)
    # Rounding may leave the last frame of a file unreached; two are forgiven, no more.
    picture = picture.filter("tpad", stop_mode="clone", stop=2)
    picture = picture.filter("trim", end_frame=live)
    if hold:
        picture = picture.filter("tpad", stop_mode="clone", stop=hold)
    picture = picture.filter("setpts", f"N/({rate})/TB")
    for layer in layers:
        picture = picture.overlay(
            _layer(layer, rate), x=layer.x, y=layer.y, eof_action="pass", format="yuv420"
        )
    picture = picture.filter("format", "yuv420p")
    return _command(ffmpeg.output(picture, str(out), **_picture_encoder(placement)))


def still(footage: Footage, t: Fraction, out: Path, *, crop: Crop | None = None) -> list[str]:
    """The command that writes the frame at `t`, whole or cropped, at source resolution."""
    picture = _open(footage, t, Fraction(1))[str(footage.video_stream)]
    picture = _squared(picture, footage)
    if crop is not None:
        key = crop.path[0]
        picture = picture.filter("crop", crop.width, crop.height, key.x, key.y)
    picture = _normalised(picture, footage.colour, None)
    picture = picture.filter(
        "scale", in_color_matrix="bt709", out_color_matrix="bt470", out_range="pc", flags=_SCALING
    ).filter("format", "yuvj444p")  # JPEG's own matrix and range
    return _command(
        ffmpeg.output(
            picture,
            str(out),
            vframes=1,
            **{"q:v": 2, "flags": "+bitexact", "f": "mjpeg", "strict": "unofficial"},
        )
    )


def clip_still(clip: Path, frame: int, out: Path) -> list[str]:
    """The command that writes output frame `frame` of a finished clip as a JPEG."""
    picture = ffmpeg.input(str(clip)).video
    picture = picture.filter("trim", start_frame=frame, end_frame=frame + 1)
    picture = picture.filter(
        "scale", in_color_matrix="bt709", out_color_matrix="bt470", out_range="pc", flags=_SCALING
    ).filter("format", "yuvj444p")
    return _command(
        ffmpeg.output(
            picture,
            str(out),
            vframes=1,
            **{"q:v": 2, "flags": "+bitexact", "f": "mjpeg", "strict": "unofficial"},
        )
    )


def loop(
    clip: Path, spans: Sequence[tuple[int, int]], width: int, fps: int, out: Path
) -> list[str]:
    """The command that joins frame spans of a clip to a small silent animated WebP."""
    source = ffmpeg.input(str(clip)).video.filter_multi_output("split", len(spans))
    parts = [
        source[i].filter("trim", start_frame=a, end_frame=b).filter("setpts", "PTS-STARTPTS")
        for i, (a, b) in enumerate(spans)
    ]
    picture = ffmpeg.concat(*parts) if len(parts) > 1 else parts[0]
    picture = picture.filter("fps", fps=fps).filter("scale", width, -2, flags=_SCALING)
    return _command(
        ffmpeg.output(
            picture,
            str(out),
            **{
                "c:v": "libwebp_anim",
                "loop": 0,
                "q:v": 70,
                "compression_level": 4,
                "fflags": "+bitexact",
                "flags:v": "+bitexact",
                "f": "webp",
            },
        )
    )


def alpha_clip(raw: Path, size: tuple[int, int], rate: Fraction, out: Path) -> list[str]:
    """The command that keeps raw RGBA frames as a lossless QuickTime file with straight alpha."""
    pictures = ffmpeg.input(
        str(raw),
        f="rawvideo",
        pixel_format="rgba",
        video_size=size,
        framerate=str(rate),
    )
    return _command(
        ffmpeg.output(
            pictures.video,
            str(out),
            **{
                "c:v": "qtrle",
                "pix_fmt": "argb",
                "threads": 1,
                "flags:v": "+bitexact",
                "fflags": "+bitexact",
                "map_metadata": -1,
                "video_track_timescale": rate.numerator,
                "f": "mov",
            },
        )
    )


def sound(parts: Sequence[tuple[Footage | None, Fraction, int]], out: Path) -> list[str]:
    """The command that cuts the clip's sound: 48 kHz stereo float WAV.

    Each part is a footage (None for silence), its start, and a length in samples. Joins fade over
    8 ms so that they do not click.
    """
    tracks = []
    for place, (footage, start, samples) in enumerate(parts):
        # ffmpeg-python takes equal inputs for one and the same, so each is opened for its own
        # length: long enough, and a millisecond more than the one before.
        length = Fraction(samples, SAMPLE_RATE) + Fraction(1000 + place, 1000)
        if footage is None or footage.audio_stream is None:
            track = ffmpeg.input(
                f"anullsrc=r={SAMPLE_RATE}:cl=stereo", f="lavfi", t=f"{float(length):.6f}"
            ).audio
        else:
            track = _open(footage, start, length)[str(footage.audio_stream)]
            track = track.filter("aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0})
        track = track.filter("aformat", sample_fmts="flt", channel_layouts="stereo")
        track = track.filter("apad", whole_len=samples).filter("atrim", end_sample=samples)
        fade = min(384, samples // 2)
        track = track.filter("afade", type="in", start_sample=0, nb_samples=fade)
        track = track.filter("afade", type="out", start_sample=samples - fade, nb_samples=fade)
        tracks.append(track)
    joined = ffmpeg.concat(*tracks, v=0, a=1) if len(tracks) > 1 else tracks[0]
    return _command(
        ffmpeg.output(joined, str(out), **{"c:a": "pcm_f32le", "f": "wav", "fflags": "+bitexact"})
    )


def measured(media: Path) -> list[str]:
    """The command that measures loudness and true peak (EBU R 128) of a file's sound."""
    heard = ffmpeg.input(str(media)).audio.filter("ebur128", peak="true")
    return _command(ffmpeg.output(heard, "-", f="null"), log="info")


def levelled(wav: Path, gain_db: float, ceiling_dbtp: float, out: Path) -> list[str]:
    """The command that applies one gain and a true-peak limiter to a WAV file."""
    track = ffmpeg.input(str(wav)).audio.filter("volume", f"{gain_db:.4f}dB")
    # A limiter sees samples, not the wave between them; at four times the rate it sees both.
    track = track.filter("aresample", 4 * SAMPLE_RATE)
    track = track.filter(
        "alimiter", limit=f"{10 ** (ceiling_dbtp / 20):.6f}", attack=3, release=60, level="disabled"
    )
    track = track.filter("aresample", SAMPLE_RATE)
    return _command(
        ffmpeg.output(track, str(out), **{"c:a": "pcm_f32le", "f": "wav", "fflags": "+bitexact"})
    )


def aac(wav: Path, kbps: int, out: Path) -> list[str]:
    """The command that encodes a WAV file as AAC-LC.

    The first 1,024 samples are left out: a player that knows nothing of the encoder's priming
    plays that many extra first, so the sound stands exactly where it belongs without an edit list.
    """
    track = ffmpeg.input(str(wav)).audio.filter("atrim", start_sample=AAC_FRAME)
    track = track.filter("asetpts", "PTS-STARTPTS")
    return _command(
        ffmpeg.output(
            track,
            str(out),
            **{
                "c:a": "aac",
                "b:a": f"{kbps}k",
                "ar": SAMPLE_RATE,
                "ac": 2,
                "f": "mp4",
                "flags:a": "+bitexact",
                "fflags": "+bitexact",
                "map_metadata": -1,
            },
        )
    )


def decoded(media: Path) -> list[str]:
    """The command that decodes a file from start to end and reports every complaint."""
    return _command(ffmpeg.output(ffmpeg.input(str(media)), "-", f="null"), log="warning")


def trial(encoder: str, out: Path) -> list[str]:
    """The command that tries an encoder ("x264", "aac" or "webp") on a tenth of a second."""
    if encoder == "aac":
        given = ffmpeg.input(f"anullsrc=r={SAMPLE_RATE}:cl=stereo", f="lavfi", t=0.1)
        return _command(ffmpeg.output(given, str(out), **{"c:a": "aac", "f": "mp4"}))
    given = ffmpeg.input("color=c=gray:s=128x128:r=30", f="lavfi", t=0.1)
    kinds = {"x264": ("libx264", "mp4"), "webp": ("libwebp_anim", "webp")}
    codec, form = kinds[encoder]
    return _command(ffmpeg.output(given, str(out), **{"c:v": codec, "f": form}))


def _command(output: Any, log: str = "error") -> list[str]:
    quiet = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", log, "-y"]
    return [str(ffmpeg_path()), *quiet, *ffmpeg.get_args(output)]


def _open(footage: Footage, start: Fraction, length: Fraction) -> Any:
    early = max(Fraction(0), start - _EARLY)
    return ffmpeg.input(
        str(footage.path),
        ss=f"{float(early):.6f}",
        t=f"{float(length):.6f}",
        protocol_whitelist="file",
        format_whitelist=CONTAINERS,
    )


def _squared(picture: Any, footage: Footage) -> Any:
    return picture.filter("scale", footage.width, footage.height, flags=_SCALING).filter(
        "setsar", 1
    )


def _cropped(picture: Any, crop: Crop, footage: Footage, width: int, height: int) -> Any:
    if len(crop.path) == 1:
        key = crop.path[0]
        picture = picture.filter("crop", crop.width, crop.height, key.x, key.y)
        return _normalised(picture, footage.colour, (width, height))
    # A gliding crop moves in whole pixels of the enlarged picture, so its steps are as small as
    # the output can show; full chroma keeps them from being two pixels wide.
    left, right = min(k.x for k in crop.path), max(k.x for k in crop.path)
    top, bottom = min(k.y for k in crop.path), max(k.y for k in crop.path)
    grow = Fraction(width, crop.width)
    reach_w, reach_h = right - left + crop.width, bottom - top + crop.height
    picture = picture.filter("crop", reach_w, reach_h, left, top)
    picture = _normalised(picture, footage.colour, (round(reach_w * grow), round(reach_h * grow)))
    picture = picture.filter("format", "yuv444p")
    return picture.filter(
        "crop",
        width,
        height,
        _along([(k.frame, (k.x - left) * grow) for k in crop.path]),
        _along([(k.frame, (k.y - top) * grow) for k in crop.path]),
    )


def _along(points: Sequence[tuple[int, Fraction]]) -> str:
    """An ffmpeg expression in `n` that eases (smoothstep) from point to point."""
    if len({value for _, value in points}) == 1:
        return f"{float(points[0][1]):.3f}"
    expression = f"{float(points[-1][1]):.3f}"
    for (f0, v0), (f1, v1) in reversed(list(zip(points, points[1:], strict=False))):
        u = f"clip((n-{f0})/{f1 - f0},0,1)"
        step = f"{float(v0):.3f}+({float(v1 - v0):.3f})*{u}*{u}*(3-2*{u})"
        expression = f"if(lt(n,{f1}),{step},{expression})"
    return expression


def position(path: Sequence[CropKey], frame: int) -> tuple[float, float]:
    """Where the crop's corner is at a frame: the same easing as the graph draws."""
    if frame <= path[0].frame or len(path) == 1:
        return float(path[0].x), float(path[0].y)
    for a, b in zip(path, path[1:], strict=False):
        if frame < b.frame:
            u = (frame - a.frame) / (b.frame - a.frame)
            u = u * u * (3 - 2 * u)
            return a.x + (b.x - a.x) * u, a.y + (b.y - a.y) * u
    return float(path[-1].x), float(path[-1].y)


def _normalised(picture: Any, colour: Colour, size: tuple[int, int] | None) -> Any:
    """Bring any source to 8-bit BT.709, limited range, 4:2:0, at `size` if given."""
    where = {"w": size[0], "h": size[1]} if size else {}
    matrix = _SCALE_MATRIX.get(colour.matrix, colour.matrix)
    span = "pc" if colour.full_range else "tv"
    if colour.transfer == "sdr":
        picture = picture.filter(
            "scale",
            **where,
            in_color_matrix=matrix,
            in_range=span,
            out_color_matrix="bt709",
            out_range="tv",
            flags=_SCALING,
        )
    else:
        if size:
            picture = picture.filter("scale", **where, flags=_SCALING)
        picture = picture.filter("format", "yuv420p10le")
        picture = picture.filter(
            "zscale",
            tin=_HDR_TRANSFER[colour.transfer],
            min="2020_ncl",
            pin="2020",
            rin="full" if colour.full_range else "limited",
            t="linear",
            npl=203,  # ITU-R BT.2408: HDR reference white
        )
        picture = picture.filter("format", "gbrpf32le").filter("zscale", p="709")
        picture = picture.filter("tonemap", "mobius", desat=0)
        picture = picture.filter("zscale", t="709", m="709", r="limited")
    picture = picture.filter("format", "yuv420p")
    return picture.filter(
        "setparams",
        color_primaries="bt709",
        color_trc="bt709",
        colorspace="bt709",
        range="tv",
    ).filter("setsar", 1)


def _layer(layer: Layer, rate: Fraction) -> Any:
    rest = layer.last - layer.first - layer.enter - layer.leave
    if rest < 1:
        raise ValueError(f"an overlay of {layer.last - layer.first} frames has no time to rest")
    drawn = ffmpeg.input(str(layer.path)).video
    drawn = drawn.filter(
        "scale",
        in_range="pc",
        out_color_matrix="bt709",
        out_range="tv",
        flags="accurate_rnd+full_chroma_int+bitexact",
    ).filter("format", "yuva420p")
    if rest > 1:
        drawn = drawn.filter("loop", loop=rest - 1, size=1, start=layer.enter)
    return drawn.filter("setpts", f"(N+{layer.first})/({rate})/TB")


def _picture_encoder(placement: Placement) -> dict[str, Any]:
    rate = placement.rate
    gop = round(2 * rate)
    return {
        "c:v": "libx264",
        "profile:v": "high",
        "preset": placement.preset,
        "crf": placement.crf,
        "maxrate": f"{placement.max_kbps}k",
        "bufsize": f"{2 * placement.max_kbps}k",
        # One thread a piece: x264's output depends on its thread count, and pieces run side by
        # side anyway. No B-frames: on noisy handheld footage they save 5 % and cost exact,
        # edit-list-free timestamps (benchmarks/RESULTS.md).
        "threads": 1,
        "bf": 0,
        "g": gop,
        "x264-params": "open-gop=0",
        "pix_fmt": "yuv420p",
        "colorspace": "bt709",
        "color_primaries": "bt709",
        "color_trc": "bt709",
        "color_range": "tv",
        "fps_mode": "passthrough",
        "video_track_timescale": rate.numerator,
        "map_metadata": -1,
        "fflags": "+bitexact",
        "flags:v": "+bitexact+cgop",
        "f": "mp4",
    }

