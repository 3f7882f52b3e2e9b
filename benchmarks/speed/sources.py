"""Sources: footage as phones write it, made from the sample's take.

    sample  the take that ships: what a seller's own first try is made of
    1080p   a minute of 1080p30 H.264, upright, 12 Mbit/s
    4k      a minute of 4K30 HEVC, ten bits, HLG, upright

The minute is the take three times: as it is, mirrored and a little darker, and nearer with a slow
drift, so that no part is a copy of another. `VIDEO_PIPELINE_BENCH_TAKES` may name other files, with
the system's path separator between them; each is then used as it is, one after another.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from video_pipeline.resources import shipped
from video_pipeline.toolchain import ffmpeg_path

TAKES = "VIDEO_PIPELINE_BENCH_TAKES"
_LENGTH_S = 60
_WAYS = (
    "null",
    "hflip,eq=brightness=-0.06:saturation=0.9",
    "scale=iw*1.2:-2,crop=iw/1.2:ih/1.2:x='(iw-ow)*(0.5+0.5*sin(t/3))':y='(ih-oh)*0.5'",
)
_UPRIGHT = "scale=1080:1920:force_original_aspect_ratio=increase,crop=1080:1920,fps=30,setsar=1"
_HLG = (
    "scale=2160:3840:flags=bicubic,format=yuv420p10le,"
    "zscale=tin=709:min=709:pin=709:rin=limited:t=arib-std-b67:m=2020_ncl:p=2020:r=limited:npl=203"
)


def sample() -> Path:
    """The take that ships."""
    return shipped("samples") / "cognac-pouch" / "take.mp4"


def phone_1080(folder: Path) -> Path:
    """A minute of 1080p30 H.264, made in `folder` if it is not there."""
    out = folder / "phone-1080p30.mp4"
    if out.is_file():
        return out
    named = os.environ.get(TAKES, "")
    takes = [Path(name) for name in named.split(os.pathsep) if name] or [sample()] * len(_WAYS)
    ways = _WAYS if not named else ("null",) * len(takes)
    inputs = [part for take in takes for part in ("-i", str(take))]
    chains = [f"[{n}:v:0]{way},{_UPRIGHT}[v{n}]" for n, way in enumerate(ways)]
    joined = "".join(f"[v{n}]" for n in range(len(ways)))
    graph = ";".join([*chains, f"{joined}concat=n={len(ways)}:v=1:a=0[v]"])
    _made(
        [
            *inputs,
            *("-f", "lavfi", "-i", "anoisesrc=a=0.01:r=48000"),
            *("-filter_complex", graph, "-map", "[v]", "-map", f"{len(ways)}:a"),
            *("-t", str(_LENGTH_S), "-c:v", "libx264", "-preset", "veryfast", "-b:v", "12M"),
            *("-maxrate", "16M", "-bufsize", "24M", "-g", "30", "-pix_fmt", "yuv420p"),
            *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
            *("-c:a", "aac", "-b:a", "96k"),
        ],
        out,
    )
    return out


def phone_4k(folder: Path) -> Path:
    """A minute of 4K30 HEVC in ten bits of HLG, made in `folder` if it is not there.

    A third of it is encoded, and stands three times in the file: a minute would take too long.
    """
    out = folder / "phone-4k30-hlg.mp4"
    if out.is_file():
        return out
    part = folder / "third.mp4"
    _made(
        [
            *("-i", str(phone_1080(folder)), "-t", str(_LENGTH_S // 3), "-an", "-vf", _HLG),
            *("-c:v", "libx265", "-preset", "ultrafast", "-b:v", "30M", "-tag:v", "hvc1"),
            *("-x265-params", "log-level=error:keyint=30:hdr10=0:repeat-headers=0"),
            *("-colorspace", "bt2020nc", "-color_primaries", "bt2020"),
            *("-color_trc", "arib-std-b67", "-color_range", "tv"),
        ],
        part,
    )
    _made(["-stream_loop", "2", "-i", str(part), "-c", "copy", "-tag:v", "hvc1"], out)
    part.unlink()
    return out


def _made(arguments: list[str], out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"part-{out.name}")
    subprocess.run(
        [str(ffmpeg_path()), "-v", "error", "-nostdin", "-y", *arguments, str(part)], check=True
    )
    part.replace(out)
