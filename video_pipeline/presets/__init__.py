"""The knowledge a seller or a platform may change: placements, storyboards, grades, issuers."""
