"""Who lives in the zoo: one row for each clip and photo, with what is to come out of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from video_pipeline.geometry import NO_BARS, Bars
from zoo.colours import Written

BT709 = Written()
SD = Written("smpte170m", "smpte170m", "smpte170m")
PAL = Written("bt470bg", "bt470bg", "bt470bg")
HLG = Written("bt2020nc", "bt2020", "arib-std-b67")
PQ = Written("bt2020nc", "bt2020", "smpte2084")
OLD = replace(SD, tagged=False)
P3 = Written("bt709", "smpte432", "bt709")
UHD = Written("bt2020nc", "bt2020", "bt2020-10")

_X264 = ("libx264", "-preset", "ultrafast", "-crf", "12", "-bf", "2", "-g", "12")
_X265 = ("libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:crf=12")
_AV1 = ("libsvtav1", "-preset", "12", "-crf", "20", "-svtav1-params", "lp=1:enable-tf=0")
_VP9 = ("libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "4M", "-g", "12")
# What ffmpeg is told for a codec, and the samples it is given.
CODECS: dict[str, tuple[tuple[str, ...], str]] = {
    "h264": (_X264, "yuv420p"),
    "h264 10": (_X264, "yuv420p10le"),
    "h264 422": (_X264, "yuv422p"),
    "h264 444": (_X264, "yuv444p"),
    "hevc": (_X265, "yuv420p"),
    "hevc 10": (_X265, "yuv420p10le"),
    "hevc 422": (_X265, "yuv422p10le"),
    "vp8": (("libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "4M"), "yuv420p"),
    "vp9": (_VP9, "yuv420p"),
    "vp9 10": (_VP9, "yuv420p10le"),
    "av1": (_AV1, "yuv420p"),
    "av1 10": (_AV1, "yuv420p10le"),
    "vvc": (("libvvenc", "-preset", "faster", "-qp", "20"), "yuv420p10le"),
    "mjpeg": (("mjpeg", "-q:v", "2"), "yuvj420p"),
    "prores": (("prores_ks", "-profile:v", "3"), "yuv422p10le"),
    "prores 4444": (("prores_ks", "-profile:v", "4"), "yuv444p10le"),
    "dnxhd": (("dnxhd", "-profile:v", "dnxhr_hq"), "yuv422p"),
    "cineform": (("cfhd",), "yuv422p10le"),
    "mpeg4": (("mpeg4", "-q:v", "2", "-bf", "2"), "yuv420p"),
    "mpeg2": (("mpeg2video", "-q:v", "2", "-bf", "2"), "yuv420p"),
    "mpeg1": (("mpeg1video", "-q:v", "2"), "yuv420p"),
    "h263": (("h263", "-q:v", "2"), "yuv420p"),
    "wmv2": (("wmv2", "-q:v", "2"), "yuv420p"),
    "flv1": (("flv", "-q:v", "2"), "yuv420p"),
    "theora": (("libtheora", "-q:v", "9"), "yuv420p"),
    "ffv1": (("ffv1",), "yuv420p"),
    "ffv1 rgb": (("ffv1",), "gbrp"),
    "huffyuv": (("huffyuv",), "yuv422p"),
    "animation": (("qtrle",), "rgb24"),
    "png": (("png",), "rgb24"),
    "gif": (("gif",), "rgb24"),
    "webp": (("libwebp_anim", "-quality", "95", "-loop", "0"), "yuv420p"),
    "avif": (_AV1, "yuv420p"),
}


@dataclass(frozen=True)
class Clip:
    """A clip of the scene, and how it got nasty.

    `size` is that of the upright picture, its pixels square. A player turns what is stored by
    `turn` degrees clockwise, after it flips it upside down where `mirrored`; the file says so `by`
    its display matrix, an old tag, or the codec's own message. Frame n is due at n/`rate` and
    `late`, unless `keep`, a condition in ffmpeg's words, leaves it out; the first to be seen is
    `first`. `squeeze` is the shape of a stored pixel, width by height. `field` is the one of two
    interlaced fields that comes first. The picture is drawn `grown` times smaller and enlarged.
    `inputs` are further inputs, `out` are for the output; `then` makes another file of the first,
    `patched` names what is then done to its bytes. `apart` is how far colours may be
    off, CIEDE2000. With `sound` there is a tone. `bars` stand around the picture: so many pixels at
    its left, top, right and bottom; `size` is without them.
    """

    name: str
    codec: str = "h264"
    written: Written = BT709
    size: tuple[int, int] = (180, 320)
    turn: int = 0
    mirrored: bool = False
    by: str = "matrix"
    rate: Fraction = Fraction(30)
    frames: int = 24
    keep: str = ""
    first: int = 0
    late: Fraction = Fraction(0)
    squeeze: Fraction = Fraction(1)
    field: str = ""
    grown: int = 1
    inputs: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    patched: str = ""
    apart: float = 3.0
    sound: bool = False
    bars: Bars = NO_BARS
    bars_in: str = "black"

    def shown(self, number: int) -> bool:
        """Whether the clip holds the frame of that number."""
        kept = re.sub(r"\bnot\b", "_not", self.keep)
        words = {
            "n": number, "_not": lambda x: not x, "mod": lambda x, y: x % y,
            "gt": lambda x, y: x > y, "lt": lambda x, y: x < y,
            "between": lambda x, low, high: low <= x <= high,
        }  # fmt: skip
        inside = self.first <= number < self.frames
        return inside and bool(eval(kept or "1", {"__builtins__": {}}, words))

    def on_show(self, number: int) -> tuple[Fraction, Fraction]:
        """From when to when a frame is to be seen; one that the clip does not hold never is."""
        if not self.shown(number):
            return Fraction(1000), Fraction(1000)
        step = 2 if self.field else 1
        after = number + step
        while after < self.frames and not self.shown(after):
            after += step
        return self.due(number), self.due(after)

    def due(self, number: int) -> Fraction:
        """When the frame of that number is shown, seconds."""
        return (number - self.first) / self.rate + self.late


def _hz(rate: str, frames: int = 24, **more: object) -> Clip:
    name = f"rate {rate.replace('/', ' by ')}.mp4"
    return replace(Clip(name, rate=Fraction(rate), frames=frames), **more)  # type: ignore[arg-type]


_TONE = ("-f", "lavfi", "-i", "sine=r=48000:d=1")
_TWO_TONES = ("-map", "1:a", "-map", "2:a", "-map", "0:v")
_RED_SMALL = ("-f", "lavfi", "-i", "color=red:s=90x160:r=30:d=0.8")
_RED_LARGE = ("-f", "lavfi", "-i", "color=red:s=600x600:r=1:d=1")
_SECOND = ("-map", "1:v", "-map", "0:v")
_COVER = ("-c:v:0", "mjpeg", "-bf:v:0", "0", "-disposition:v:0", "attached_pic")
_CLOCK = ("-timecode", "01:00:00:00")
_BELOW_ZERO = ("-output_ts_offset", "-0.2", "-avoid_negative_ts", "disabled", "-c", "copy")
_MASTERED = (
    "log-level=none:crf=12:hdr10=1:repeat-headers=1:max-cll=1000,400:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
)

# How it is held.
TURNED = (
    *(Clip(f"turned {turn}.mp4", turn=turn) for turn in (0, 90, 180, 270)),
    *(Clip(f"mirrored {turn}.mov", turn=turn, mirrored=True) for turn in (0, 90, 180, 270)),
    Clip("landscape.mp4", size=(320, 180)),
    Clip("landscape turned 90.mov", "hevc", size=(320, 180), turn=90),
    Clip("turned by a tag 90.mkv", turn=90, by="tag"),
    Clip("turned by a tag 180.mkv", turn=180, by="tag"),
    Clip("turned by the codec 90.ts", turn=90, by="codec"),
    Clip("turned by the codec 270.mp4", turn=270, by="codec"),
    Clip("turned 90.mkv", "hevc 10", turn=90),
    Clip("turned 270.3gp", "mpeg4", OLD, turn=270),
    Clip("turned hlg.mov", "hevc 10", HLG, turn=90),
)

# What colours are written in.
COLOURED = (
    Clip("full range.mp4", written=replace(BT709, full=True)),
    Clip("bt601.mp4", written=SD),
    Clip("pal full.mp4", written=replace(PAL, full=True)),
    Clip("untagged sd.mp4", written=OLD),
    Clip("untagged hd.mp4", written=replace(BT709, tagged=False), size=(720, 1280), grown=4),
    Clip("hd in bt601.mp4", "hevc", SD, size=(720, 1280), grown=4),
    Clip("bt709 10.mp4", "hevc 10"),
    Clip("bt709 10 h264.mp4", "h264 10"),
    Clip("p3.mov", "hevc", P3),
    Clip("p3 full 10.mov", "hevc 10", replace(P3, full=True)),
    Clip("bt2020 sdr.mp4", "hevc 10", UHD),
    Clip("hlg.mov", "hevc 10", HLG),
    Clip("hlg full.mp4", "hevc 10", replace(HLG, full=True)),
    Clip("hlg vp9.webm", "vp9 10", HLG),
    Clip("hlg prores.mov", "prores", HLG),
    Clip("hlg h264.mp4", "h264 10", HLG),
    Clip("dolby vision 8.4.mov", "hevc 10", HLG, turn=90, patched="dolby vision"),
    Clip("pq.mp4", "hevc 10", PQ),
    Clip("pq av1.mp4", "av1 10", PQ),
    Clip("pq 422.mov", "hevc 422", PQ),
    Clip("hdr10.mp4", "hevc 10", PQ, out=("-x265-params", _MASTERED)),
    Clip("hdr10 plus.mp4", "hevc 10", PQ, out=("-x265-params", _MASTERED), patched="hdr10+"),
)

# When pictures are due.
TIMED = (
    _hz("24000/1001"), _hz("24"), _hz("25"), _hz("30000/1001"), _hz("50", 40), _hz("60", 48),
    _hz("120", 90), _hz("240", 180, codec="hevc"), _hz("12", 12), _hz("5", 8),
    Clip("uneven.mp4", rate=Fraction(60), frames=72, keep="not(between(n,20,34))*gt(mod(n+1,5),0)"),
    Clip("uneven.webm", "vp9", rate=Fraction(60), frames=72, keep="not(between(n,30,50))"),
    Clip("uneven hevc.mov", "hevc", rate=Fraction(90), frames=90, keep="lt(mod(n,7),3)", turn=90),
    Clip("slow and fast.mkv", rate=Fraction(120), frames=120, keep="gt(n,60)+not(mod(n,12))"),
    Clip("below zero.mp4", "hevc", then=_BELOW_ZERO, first=6),
    Clip("below zero.ts", then=("-output_ts_offset", "-0.5", "-c", "copy")),
    Clip("far from zero.ts", then=("-output_ts_offset", "90000", "-c", "copy")),
    Clip("no times.avi"),
    Clip("no times packed.avi", "mpeg4", OLD),
    Clip("trimmed.mp4", frames=40, first=9, then=("-ss", "0.3", "-c", "copy")),
    Clip("late sound.mp4", inputs=("-itsoffset", "0.3", *_TONE), sound=True),
    Clip("late picture.mp4", late=Fraction(2, 5), inputs=_TONE, sound=True),
    Clip("woven tff.mp4", rate=Fraction(50), frames=48, field="tff"),
    Clip("woven bff.mpg", "mpeg2", PAL, rate=Fraction(50), frames=48, field="bff"),
    Clip("woven.ts", "h264", PAL, rate=Fraction(50), frames=48, field="tff"),
    Clip("woven.mov", "prores", rate=Fraction(60), frames=48, field="bff"),
)  # fmt: skip

# What it is packed in, and beside what.
PACKED = (
    Clip("camera.avi", "mjpeg", replace(PAL, full=True)),
    Clip("camera.mts"),
    Clip("phone.3gp", "h263", OLD, size=(192, 144), squeeze=Fraction(12, 11)),
    Clip("web.webm", "vp8", OLD),
    Clip("web av1.webm", "av1"),
    Clip("studio.mov", "prores"),
    Clip("studio 4444.mov", "prores 4444"),
    Clip("studio.mxf", "dnxhd", size=(270, 480)),
    Clip("studio cineform.mov", "cineform", size=(256, 320)),
    Clip("vvc.mp4", "vvc"),
    Clip("old.mpg", "mpeg1", OLD, rate=Fraction(25)),
    Clip("old.wmv", "wmv2", OLD),
    Clip("old.flv", "flv1", OLD),
    Clip("old.ogv", "theora", OLD),
    Clip("archive.mkv", "ffv1"),
    Clip("archive rgb.mkv", "ffv1 rgb"),
    Clip("animation.mov", "animation"),
    Clip("pictures.mov", "png"),
    Clip("capture 444.mp4", "h264 444"),
    Clip("capture 422.mkv", "h264 422"),
    Clip("moving.gif", "gif", rate=Fraction(10), frames=12),
    Clip("moving.webp", "webp", OLD, rate=Fraction(10), frames=12),
    Clip("moving.avif", "avif", rate=Fraction(10), frames=12),
    Clip("no suffix", out=("-f", "mp4")),
    Clip("wrong suffix.avi", out=("-f", "mp4")),
    Clip("two pictures.mp4", inputs=_RED_SMALL, out=_SECOND),
    Clip("cover.mp4", inputs=_RED_LARGE, out=(*_SECOND, *_COVER)),
    Clip("timecode.mov", out=_CLOCK),
    Clip("data tracks.mov", out=_CLOCK, inputs=_TONE, patched="metadata track", sound=True),
    Clip("spatial sound.mov", inputs=(*_TONE, *_TONE), out=_TWO_TONES,
         patched="spatial sound", sound=True),
)  # fmt: skip

# What shape it has.
SHAPED = (
    Clip("odd.mkv", "h264 444", size=(181, 319)),
    Clip("odd 420.avi", "mpeg4", OLD, size=(179, 321)),
    Clip("odd hevc.mp4", "hevc", size=(178, 318)),
    Clip("odd turned.mov", "h264 444", size=(319, 181), turn=90),
    Clip("narrow pixels.mp4", size=(180, 320), squeeze=Fraction(5, 4)),
    Clip("wide pixels.mp4", size=(320, 180), squeeze=Fraction(2, 3)),
    Clip("narrow pixels turned.mov", size=(180, 320), squeeze=Fraction(8, 5), turn=90),
    Clip("square.mp4", size=(240, 240)),
    Clip("tiny.mp4", size=(54, 96)),
    Clip("very wide.mp4", size=(640, 160)),
    Clip("8k.mp4", size=(4320, 7680), grown=24, turn=90, frames=3, rate=Fraction(10)),
    Clip("messenger.mp4", size=(360, 640), grown=2, out=("-b:v", "150k", "-crf", "36"), apart=6),
    Clip("messenger.3gp", "h263", OLD, size=(384, 288), squeeze=Fraction(12, 11)),
)

# What stands around it.
BARRED = (
    Clip("letterbox.mp4", size=(320, 180), bars=Bars(0, 194, 0, 194), grown=2),
    Clip("letterbox turned 90.mov", "hevc", size=(320, 180), turn=90, bars=Bars(0, 120, 0, 126)),
    Clip("pillars.webm", "vp9", bars=Bars(66, 0, 66, 0)),
    Clip("window.mkv", bars=Bars(40, 60, 40, 60), bars_in="white"),
    Clip("letterbox hlg.mov", "hevc 10", HLG, size=(320, 180), bars=Bars(0, 80, 0, 80)),
    Clip("letterbox no times.avi", "mpeg4", OLD, bars=Bars(0, 40, 0, 40)),
    Clip("letterbox messenger.mp4", size=(360, 640), grown=2, bars=Bars(0, 60, 0, 60),
         out=("-b:v", "150k", "-crf", "36"), apart=6),
)  # fmt: skip

CLIPS = (*TURNED, *COLOURED, *TIMED, *PACKED, *SHAPED, *BARRED)


@dataclass(frozen=True)
class Photo:
    """A photo of the scene: as a camera held in one of Exif's eight ways stores it, and writes it.

    In HEIC a reader turns it by `quarters` counter-clockwise, then mirrors it along an axis.
    """

    name: str
    orientation: int = 1
    written: Written = BT709
    size: tuple[int, int] = (180, 240)
    quarters: int = 0
    mirror: int | None = None
    saved: tuple[tuple[str, object], ...] = (("quality", 95),)


JFIF = Written("bt470bg", "bt709", "iec61966-2-1", full=True)
PHOTOS = (
    *(Photo(f"held {way}.{suffix}", way) for suffix in ("jpg", "avif") for way in range(1, 9)),
    *(Photo(f"held {way}.{suffix}", way) for suffix in ("png", "webp") for way in (1, 5, 6, 8)),
    Photo("lossless.webp", 6, saved=(("lossless", True),)),
    Photo("still.gif"),
    *(Photo(f"tiles {q}.heic", written=JFIF, size=(270, 360), quarters=q) for q in range(4)),
    Photo("mirrored.heic", written=JFIF, size=(270, 360), mirror=1),
    Photo("mirrored and turned.heic", written=JFIF, size=(270, 360), quarters=1, mirror=0),
    Photo("one tile.heic", written=JFIF, size=(128, 128)),
    Photo("p3.heic", written=replace(P3, matrix="smpte170m", full=True), size=(270, 360)),
    Photo("hlg.heic", written=HLG, size=(270, 360), quarters=3),
    Photo("pq.heic", written=PQ, size=(270, 360)),
)
