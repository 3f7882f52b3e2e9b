"""A placement quick to encode, for trials of the program rather than of its encoder."""

from __future__ import annotations

from pathlib import Path

import yaml

from video_pipeline.resources import shipped

_FIGURES = {
    "width": 270, "height": 480, "min_s": 6, "preset": "superfast", "crf": 30, "cover": [270, 480],
}  # fmt: skip


def write_tiny(presets: Path) -> Path:
    """Write the placement `tiny` (270x480), after TikTok's, into a presets folder; returns it."""
    page = yaml.safe_load((shipped("presets") / "placements/tiktok.yaml").read_text("utf-8"))
    for name, value in _FIGURES.items():
        page[name] = {**page[name], "value": value}
    page["safe"] = {
        edge: {**figure, "value": figure["value"] // 4} for edge, figure in page["safe"].items()
    }
    (presets / "placements").mkdir(parents=True, exist_ok=True)
    (presets / "placements" / "tiny.yaml").write_text(yaml.safe_dump(page), encoding="utf-8")
    return presets
