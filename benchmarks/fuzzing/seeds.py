"""What is mutated: small media of many kinds, and one of every file that a person writes."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml
from openpyxl import Workbook
from PIL import Image

from benchmarks.tiny import write_tiny
from video_pipeline.cli import main
from video_pipeline.resources import shipped
from video_pipeline.toolchain import ffmpeg_path

SAMPLE = shipped("samples") / "cognac-pouch"
_PICTURE = "testsrc2=s=160x120:r=15:d=1.2,noise=alls=12"
_SOUND = "sine=r=44100:d=1.2"
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "6", "-bf", "1", "-pix_fmt", "yuv420p")
# The name of a file, and how ffmpeg makes it.
_CLIPS: dict[str, tuple[str, ...]] = {
    "plain.mp4": (*_X264, "-c:a", "aac"),
    "fast.mp4": (*_X264, "-c:a", "aac", "-movflags", "+faststart"),
    "pieces.mp4": (*_X264, "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"),
    "tall.mov": (*_X264, "-c:a", "pcm_s16le"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none",
                 "-tag:v", "hvc1", "-an"),
    "ten.mkv": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none",
                "-pix_fmt", "yuv420p10le", "-c:a", "flac"),
    "vp8.webm": ("-c:v", "libvpx", "-b:v", "200k", "-c:a", "libopus"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-an"),
    "av1.mp4": ("-c:v", "libsvtav1", "-preset", "13", "-svtav1-params", "lp=1", "-an"),
    "old.avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "motion.avi": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-an"),
    "stream.ts": (*_X264, "-c:a", "aac"),
    "disc.mpg": ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"),
    "flash.flv": ("-c:v", "flv", "-c:a", "libmp3lame"),
    "word.asf": ("-c:v", "msmpeg4", "-c:a", "wmav2"),
    "tree.ogg": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "tape.mxf": ("-c:v", "mpeg2video", "-r", "25", "-c:a", "pcm_s16le", "-ar", "48000"),
    "phone.3gp": ("-c:v", "h263", "-s", "176x144", "-an"),
    "edit.mov": ("-c:v", "prores_ks", "-profile:v", "0", "-an"),
    "quick.mov": ("-c:v", "qtrle", "-an"),
}  # fmt: skip


@dataclass(frozen=True)
class Seeds:
    """The files to mutate by kind, and a listing, its footage and a warm cache beside them."""

    folder: Path
    media: tuple[Path, ...]
    photos: tuple[Path, ...]
    texts: dict[str, tuple[Path, ...]]

    @property
    def listing(self) -> Path:
        """A listing that is right."""
        return self.folder / "home" / "listing.yaml"

    @property
    def presets(self) -> Path:
        """A presets folder with a placement, `tiny`, that is quickly encoded."""
        return self.folder / "presets"

    @property
    def cache(self) -> Path:
        """A cache that knows the listing's footage."""
        return self.folder / "cache"


def make(folder: Path) -> Seeds:
    """Make all seeds in `folder`; what is there already is kept."""
    media, photos, home = folder / "media", folder / "photos", folder / "home"
    for place in (media, photos, home):
        place.mkdir(parents=True, exist_ok=True)
    for name, options in _CLIPS.items():
        if not (media / name).exists():
            inputs = ("-f", "lavfi", "-i", _PICTURE, "-f", "lavfi", "-i", _SOUND)
            _ffmpeg(*inputs, *options, str(media / name))
    picture = Image.effect_noise((160, 120), 60).convert("RGB")
    for name in ("photo.jpg", "photo.png", "photo.webp", "photo.gif"):
        if not (photos / name).exists():
            picture.save(photos / name)
    take = home / "take.mp4"
    if not take.exists():
        _ffmpeg("-ss", "3", "-t", "12", "-i", str(SAMPLE / "take.mp4"), "-vf", "scale=180:320",
                *_X264[:4], "-crf", "28", "-an", str(take))  # fmt: skip
    seeds = Seeds(folder, tuple(sorted(media.iterdir())), tuple(sorted(photos.iterdir())), {})
    seeds.texts.update(_texts(seeds, home))
    return seeds


def _texts(seeds: Seeds, home: Path) -> dict[str, tuple[Path, ...]]:
    page = yaml.safe_load((SAMPLE / "listing.yaml").read_text(encoding="utf-8"))
    page["footage"] = ["take.mp4"]
    page["certificates"] = [{"file": "certificate.jwt", "seen": {"time": 2.0}}]
    page["condition"]["notes"] = [{
        "part": "pocket", "flaw": "stain", "severity": "light", "words": "Dark mark",
        "seen": {"time": 9.4, "box": [0.31, 0.39, 0.69, 0.60]},
    }]  # fmt: skip
    shutil.copy(SAMPLE / "certificate.jwt", home / "certificate.jwt")
    seeds.listing.write_text(yaml.safe_dump(page, allow_unicode=True), encoding="utf-8")
    write_tiny(seeds.presets)
    as_json = home / "listing.json"
    as_json.write_text(json.dumps(page, ensure_ascii=False, default=str), encoding="utf-8")
    edit = home / "edit.json"
    if not edit.exists():
        _run("plan", str(seeds.listing), "-o", str(edit), "--cache", str(seeds.cache),
             "--presets", str(seeds.presets), "--placement", "tiny")  # fmt: skip
    timelines = []
    for form in ("otio", "fcpxml", "edl"):
        timeline = home / f"timeline.{form}"
        if not timeline.exists():
            _run("export", str(edit), "-o", str(timeline), "--cache", str(seeds.cache),
                 "--presets", str(seeds.presets))  # fmt: skip
        timelines.append(timeline)
    presets = shipped("presets")
    words = home / "words.srt"
    words.write_text(
        "1\n00:00:01,000 --> 00:00:03,000\nThis is my bag.\n\n"
        "2\n00:00:04,000 --> 00:00:06,500\nThe <i>lock</i> is clean.\n",
        encoding="utf-8",
    )
    return {
        "listing": (seeds.listing, as_json),
        "certificate": (home / "certificate.jwt",),
        "edit": (edit,),
        "timeline": tuple(timelines),
        "placement": (presets / "placements" / "tiktok.yaml",),
        "storyboard": (presets / "storyboards" / "showcase.yaml",),
        "issuer": tuple(sorted((presets / "issuers").glob("*.yaml"))),
        "grades": (presets / "grades" / "house.yaml",),
        "subtitles": (words,),
        "catalogue": _catalogues(home),
        "overlay": (
            shipped("overlays") / "price" / "template.svg.j2",
            shipped("overlays") / "price" / "overlay.yaml",
        ),
    }


_COLUMNS = (
    "SKU", "Brand", "Model", "Grade", "Price", "Currency", "Was", "Year", "Width cm", "Flaw 1",
    "Part 1", "Words 1", "Time 1", "Box 1", "Includes", "Footage",
)  # fmt: skip
_ROWS = (
    ("A-1", "ORSETTA", "Pouch", "good", "1250.50", "EUR", "1400", "2019", "21,5", "stain", "pocket",
     "Dark mark", "0:09.4", "0.3, 0.4, 0.7, 0.6", "dust bag, box", "take.mp4"),
    ("A-2", "Ørsetta", 'The "Tote"', "very-good", "980", "CHF", "", "", "", "", "", "", "", "", "",
     "*.mp4"),
    ("00123", "オルセッタ", "Pouch", "like-new", "120000", "JPY", "", "", "", "", "", "", "", "",
     "", "./take.mp4"),
)  # fmt: skip
_MAPPING = "columns:\n  Marke: brand\n  Lieferant: ignore\nalways:\n  price.currency: EUR\n"


def _catalogues(home: Path) -> tuple[Path, ...]:
    """One catalogue in every form, and the file that says which column is what."""
    files = tuple(
        home / name for name in ("shop.csv", "shop.tsv", "shop.xlsx", "shop.jsonl", "mapping.yaml")
    )
    commas, tabs, book, lines, mapping = files
    for file, separator, coding in ((commas, ",", "utf-8"), (tabs, "\t", "utf-16")):
        with file.open("w", encoding=coding, newline="") as out:
            csv.writer(out, delimiter=separator).writerows((_COLUMNS, *_ROWS))
    sheet = Workbook()
    for row in (_COLUMNS, *_ROWS):
        sheet.active.append(row)
    if not book.exists():  # it holds the time it was made
        sheet.save(book)
    objects = [
        {"sku": row[0], "item": {"brand": row[1], "model": row[2]}, "condition": {"grade": row[3]},
         "price": {"amount": row[4], "currency": row[5]}, "footage": [row[-1]]}
        for row in _ROWS
    ]  # fmt: skip
    lines.write_text("".join(json.dumps(row) + "\n" for row in objects), encoding="utf-8")
    mapping.write_text(_MAPPING, encoding="utf-8")
    return files


def _ffmpeg(*arguments: str) -> None:
    command = [str(ffmpeg_path()), "-v", "error", "-nostdin", "-y", *arguments]
    subprocess.run(command, check=True, timeout=120)


def _run(*arguments: str) -> None:
    if (code := main(arguments)) != 0:
        raise RuntimeError(f"the seed command {arguments} ended with code {code}")
