"""A straightforward MoviePy program that follows a plain edit: python moviepy_edit.py EDIT OUT."""

import json
import sys
from pathlib import Path

from moviepy import (
    CompositeVideoClip,
    ImageClip,
    VideoFileClip,
    concatenate_videoclips,
)


def main(edit_file, out):
    edit = json.loads(Path(edit_file).read_text(encoding="utf-8"))
    cuts = []
    for cut in edit["cuts"]:
        width, height, x, y = cut["crop"]
        clip = VideoFileClip(cut["file"], audio=edit["sound"])
        clip = clip.subclipped(cut["start_s"], cut["start_s"] + cut["live_s"])
        if (width, height) != (edit["width"], edit["height"]):
            clip = clip.cropped(x1=x, y1=y, width=width, height=height)
            clip = clip.resized((edit["width"], edit["height"]))
        if cut["hold_s"]:
            last = clip.to_ImageClip(cut["live_s"] - 1 / edit["rate"], duration=cut["hold_s"])
            clip = concatenate_videoclips([clip, last])
        layers = [clip]
        for overlay in cut["overlays"]:
            picture = ImageClip(overlay["picture"], duration=overlay["to_s"] - overlay["from_s"])
            picture = picture.with_start(overlay["from_s"])
            layers.append(picture.with_position((overlay["x"], overlay["y"])))
        size = (edit["width"], edit["height"])
        cuts.append(CompositeVideoClip(layers, size=size) if len(layers) > 1 else clip)
    clip = concatenate_videoclips(cuts)
    encoder = edit["encoder"]
    more = [part for part in encoder if part not in ("-c:v", "libx264")]
    for option in ("-preset", "-threads"):
        place = more.index(option)
        del more[place : place + 2]
    clip.write_videofile(
        out,
        fps=edit["rate"],
        codec="libx264",
        preset=encoder[encoder.index("-preset") + 1],
        threads=int(encoder[encoder.index("-threads") + 1]),
        ffmpeg_params=more,
        audio=edit["sound"],
        logger=None,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
