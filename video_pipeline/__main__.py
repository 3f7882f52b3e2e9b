"""`python -m video_pipeline` is the same as the command `video-pipeline`."""

import sys

from video_pipeline.cli import main

sys.exit(main())
