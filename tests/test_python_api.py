"""The package for other programs."""

from __future__ import annotations

import subprocess
import sys

import video_pipeline


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, video_pipeline as v; assert 'numpy' not in sys.modules;"
        "assert not [m for m in sys.modules if m.startswith('video_pipeline.')]; v.Catalogue"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_public_name_is_there_and_explained() -> None:
    for name in video_pipeline.__all__:
        assert getattr(video_pipeline, name).__doc__
