"""The same edit for everybody: what `edit.json` shows, without this project's words for it.

An edit whose crops rest (`plan --as-filmed`) is what other tools can make too. Its overlays are
handed to them drawn, as pictures at rest; only here they also come and go.

From it a hand-written ffmpeg command is built, and the floor: the same spans decoded and encoded at
the same settings, with nothing done to them.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from video_pipeline.edit.file import read_edit
from video_pipeline.pipeline.preparing import Settings, open_sources, read_checked, verified
from video_pipeline.presets.placements import Placement, load_placement
from video_pipeline.rendering.layers import draw_overlays
from video_pipeline.store import Store
from video_pipeline.toolchain import ffmpeg_path


@dataclass(frozen=True)
class PlainOverlay:
    """A picture that stands on a cut, from one second of it to another."""

    picture: str
    x: int
    y: int
    from_s: float
    to_s: float


@dataclass(frozen=True)
class PlainCut:
    """A stretch of a file through a window at rest; its last picture is held for `hold_s`."""

    file: str
    start_s: float
    live_s: float
    hold_s: float
    crop: tuple[int, int, int, int]  # width, height, x, y
    overlays: tuple[PlainOverlay, ...]


@dataclass(frozen=True)
class PlainEdit:
    """An edit as any program could follow it; `encoder` are ffmpeg's options, in order."""

    width: int
    height: int
    rate: int
    sound: bool
    encoder: tuple[str, ...]
    cuts: tuple[PlainCut, ...]

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def plain_edit(edit_path: Path, folder: Path) -> PlainEdit:
    """Read an edit file, and draw its overlays as PNG files into `folder`."""
    edit = read_edit(edit_path)
    settings = Settings(Store(folder / "drawn"))
    place = load_placement(edit.placement)
    listing = read_checked((edit_path.resolve().parent / edit.listing).resolve(), settings)
    footage = open_sources(edit, edit_path)
    prepared = verified(listing, footage, settings, require_badge=False)
    drawn = draw_overlays(
        edit,
        place,
        footage,
        item=prepared.listing.item,
        claims=prepared.claims,
        store=settings.store,
    )
    rate = float(edit.rate)
    cuts = []
    for number, (cut, layers) in enumerate(zip(edit.cuts, drawn.layers, strict=True)):
        if not cut.crop.rests:
            raise ValueError(f"cut {number + 1} moves: plan the edit with --as-filmed")
        overlays = []
        for place_in, layer in enumerate(layers):
            picture = folder / f"{number:02d}-{place_in}.png"
            at_rest = ["-vf", f"select=eq(n\\,{layer.enter})", "-frames:v", "1"]
            _ffmpeg(["-i", str(layer.path), *at_rest, str(picture)])
            overlays.append(
                PlainOverlay(str(picture), layer.x, layer.y, layer.first / rate, layer.last / rate)
            )
        key = cut.crop.path[0]
        cuts.append(
            PlainCut(
                str(footage[cut.source].path),
                float(cut.start),
                (cut.frames - cut.hold) / rate,
                cut.hold / rate,
                (cut.crop.width, cut.crop.height, round(key.x), round(key.y)),
                tuple(overlays),
            )
        )
    sound = edit.keep_sound and all(footage[c.source].audio_stream is not None for c in edit.cuts)
    return PlainEdit(
        edit.width, edit.height, round(edit.rate), sound, encoder_of(place), tuple(cuts)
    )


def encoder_of(place: Placement) -> tuple[str, ...]:
    """The settings that a placement's pieces are encoded with."""
    return (
        *("-c:v", "libx264", "-preset", place.preset, "-crf", str(place.crf), "-bf", "0"),
        *(("-trellis", "1") if place.preset in ("superfast", "veryfast") else ()),
        *("-g", str(round(2 * place.rate)), "-threads", "1", "-pix_fmt", "yuv420p"),
        *("-maxrate", f"{place.max_kbps}k", "-bufsize", f"{2 * place.max_kbps}k"),
    )


def by_hand(edit: PlainEdit, out: Path, *, lossless: bool = False) -> list[str]:
    """The one ffmpeg command that a person would write for this edit."""
    inputs: list[str] = []
    chains: list[str] = []
    count = 0
    for n, cut in enumerate(edit.cuts):
        inputs += ["-ss", f"{cut.start_s:.6f}", "-t", f"{cut.live_s + 0.1:.6f}", "-i", cut.file]
        width, height, x, y = cut.crop
        frames = round(cut.live_s * edit.rate)
        chain = (
            f"[{count}:v]fps={edit.rate},trim=end_frame={frames},setpts=N/{edit.rate}/TB,"
            f"crop={width}:{height}:{x}:{y},scale={edit.width}:{edit.height}:flags=lanczos,setsar=1"
        )
        if cut.hold_s:
            chain += f",tpad=stop_mode=clone:stop_duration={cut.hold_s:.6f}"
        if edit.sound:
            silence = f",apad=whole_dur={cut.live_s + cut.hold_s:.6f}"
            chains.append(
                f"[{count}:a]atrim=duration={cut.live_s:.6f},asetpts=N/SR/TB{silence}[a{n}]"
            )
        count += 1
        for place, overlay in enumerate(cut.overlays):
            inputs += ["-i", overlay.picture]
            chains.append(f"{chain}[l{n}_{place}]")
            between = f"between(t,{overlay.from_s:.4f},{overlay.to_s - 0.001:.4f})"
            chain = f"[l{n}_{place}][{count}:v]overlay={overlay.x}:{overlay.y}:enable='{between}'"
            count += 1
        chains.append(f"{chain}[v{n}]")
    names = "".join(f"[v{n}]" + (f"[a{n}]" if edit.sound else "") for n in range(len(edit.cuts)))
    chains.append(
        f"{names}concat=n={len(edit.cuts)}:v=1:a={int(edit.sound)}[v]"
        + ("[a]" if edit.sound else "")
    )
    encoder = (
        edit.encoder if not lossless else ("-c:v", "libx264", "-qp", "0", "-preset", "ultrafast")
    )
    sound = ["-map", "[a]", "-c:a", "aac", "-b:a", "128k"] if edit.sound else []
    return [
        *(str(ffmpeg_path()), "-v", "error", "-nostdin", "-y", *inputs),
        *("-filter_complex", ";".join(chains), "-map", "[v]", *sound, *encoder, str(out)),
    ]  # fmt: skip


def floor(edit: PlainEdit, out: Path) -> list[str]:
    """The used spans decoded and encoded: no crop, no overlay, no sound."""
    bare = PlainEdit(
        edit.width,
        edit.height,
        edit.rate,
        False,
        edit.encoder,
        tuple(
            PlainCut(cut.file, cut.start_s, cut.live_s, cut.hold_s, cut.crop, ())
            for cut in edit.cuts
        ),
    )
    command = by_hand(bare, out)
    graph = command.index("-filter_complex") + 1
    window = ",crop="
    chains = []
    for chain in command[graph].split(";"):
        if window in chain:
            before, _, after = chain.partition(window)
            whole = (
                f",scale={edit.width}:{edit.height}:flags=neighbor" if _other(chain, edit) else ""
            )
            chains.append(before + whole + after[after.index(",setsar") :])
        else:
            chains.append(chain)
    command[graph] = ";".join(chains)
    return command


def vmaf(clip: Path, reference: Path) -> float:
    """VMAF (harmonic mean over every fifth frame) of a clip against a reference of its size."""
    graph = (
        "[0:v]fps=30,setpts=N/30/TB[a];[1:v]fps=30,setpts=N/30/TB[b];"
        "[a][b]libvmaf=n_subsample=5:pool=harmonic_mean:n_threads=2"
    )
    command = [str(ffmpeg_path()), "-nostats", "-nostdin", "-i", str(clip), "-i", str(reference)]
    log = subprocess.run(
        [*command, "-lavfi", graph, "-f", "null", "-"], capture_output=True, text=True, check=True
    ).stderr
    return float(log.rsplit("VMAF score:", 1)[1].split()[0])


def _other(chain: str, edit: PlainEdit) -> bool:
    """Whether the chain's window is not the whole picture of the output's size."""
    return f"crop={edit.width}:{edit.height}:0:0" not in chain


def _ffmpeg(arguments: list[str]) -> None:
    subprocess.run([str(ffmpeg_path()), "-v", "error", "-nostdin", "-y", *arguments], check=True)
