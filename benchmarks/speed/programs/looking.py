"""All of analysis on one file, every detector on: python -m ...looking FILE CACHE."""

import sys
from pathlib import Path

from video_pipeline.analysis.scan import analyse
from video_pipeline.footage.probe import probe
from video_pipeline.store import Store
from video_pipeline.vision.detectors import detector

if __name__ == "__main__":
    file, cache = map(Path, sys.argv[1:])
    analyse(probe(file), Store(cache), detector())
