"""How well detectors see, on labelled footage."""
