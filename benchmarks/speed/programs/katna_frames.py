"""Katna's key frames, as its own page shows: python katna_frames.py FILE FOLDER COUNT."""

import sys

from Katna.video import Video
from Katna.writer import KeyFrameDiskWriter


def main(file, folder, count):
    Video().extract_video_keyframes(
        no_of_frames=int(count), file_path=file, writer=KeyFrameDiskWriter(location=folder)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
