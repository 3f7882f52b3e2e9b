"""The network that sees: MobileNetV2 as ImageNet taught it, and a small dense head of our own.

The trunk (Sandler et al. 2018, weights as torchvision publishes them, BSD-3) is left as it is: it
knows real photographs, and our training pictures are drawn. The head reads it where its features
are widest (the expanded features before each halving, as SSDLite does; table 2 of the paper), and
answers for every cell of 8x8 pixels. The trunk's own answer, which of ImageNet's thousand things
the picture looks like, is kept as well: it tells a close-up of a buckle from a bag, a watch or a
sewing machine, which no drawn picture teaches.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from training.classes import KINDS, MAPS
from training.imagenet import published

# Expansion, channels, blocks and stride of every stage.
_STAGES = (
    *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
    *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
)
_LAST = 1280
_THINGS = 1000
_TAPS = {4: 144, 7: 192, 14: 576}  # blocks whose expanded features the head reads: 1/4, 1/8, 1/16


def _conv(inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class Block(nn.Module):
    """An inverted residual block, named as torchvision names it so that its weights fit."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [_conv(inputs, hidden, 1)]
        layers += [
            _conv(hidden, hidden, 3, stride, hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        self.conv = nn.Sequential(*layers)
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """NxCxHxW in; NxC'xH/stride x W/stride and the expanded features, Nx6CxHxW, out."""
        wide: Tensor = self.conv[0](x)
        found: Tensor = self.conv[1:](wide)
        return (x + found if self.skips else found), wide


class Trunk(nn.Module):
    """MobileNetV2. Takes RGB pictures Nx3xHxW in 0..1, H and W multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [_conv(3, 32, 3, 2)]
        channels = 32
        for expansion, outputs, count, stride in _STAGES:
            for i in range(count):
                blocks.append(Block(channels, outputs, stride if i == 0 else 1, expansion))
                channels = outputs
        blocks.append(_conv(channels, _LAST, 1))
        self.features = nn.ModuleList(blocks)
        self.classifier = nn.Sequential(nn.Dropout(0.0), nn.Linear(_LAST, _THINGS))
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, picture: Tensor) -> tuple[list[Tensor], Tensor]:
        """The features the head reads, finest first, and the last ones, Nx1280xH/32 x W/32."""
        x = (picture - self.mean) / self.spread
        taps = []
        for i, block in enumerate(self.features):
            if isinstance(block, Block):
                x, wide = block(x)
                if i in _TAPS:
                    taps.append(wide)
            else:
                x = block(x)
        return taps, x

    def things(self, last: Tensor) -> Tensor:
        """Nx1000 probabilities of ImageNet's things, from the last features."""
        told: Tensor = self.classifier(last.mean(dim=(2, 3))).softmax(dim=1)
        return told

    def start_from(self, weights: Path) -> None:
        """Take torchvision's ImageNet weights. Raises ValueError for any other file."""
        told = torch.load(published(weights), map_location="cpu", weights_only=True)
        self.load_state_dict({**told, "mean": self.mean, "spread": self.spread})


class Head(nn.Module):
    """Maps of hardware, stitching and leather, of kinds of hardware, and of the stitches' pitch.

    Takes what the trunk hands on; gives Nx(3+7+1)xH/8xW/8: logits, and the binary logarithm of the
    pitch in px of the picture as given.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        fine, middle, coarse = _TAPS.values()
        self.fine = nn.Sequential(_conv(fine, 24, 1), _conv(24, width // 2, 3, 2))
        self.middle = _conv(middle, width, 1)
        self.coarse = nn.Sequential(_conv(coarse, width, 1), _conv(width, width, 5, 1, width))
        # What the whole looks like is what drawn pictures show least well: it may only hint.
        self.deep = nn.Sequential(nn.Dropout2d(0.3), _conv(_LAST, width // 2, 1), nn.Dropout2d(0.3))
        joined = 3 * width
        self.join = nn.Sequential(
            _conv(joined, joined, 3, 1, joined),
            _conv(joined, width, 1),
            _conv(width, width, 5, 1, width),
            _conv(width, width, 1),
            nn.Dropout2d(0.1),
            nn.Conv2d(width, len(MAPS) + len(KINDS) + 1, 1),
        )

    def forward(self, taps: list[Tensor], last: Tensor) -> Tensor:
        """Logits for every cell."""
        fine, middle, coarse = taps
        wide, whole = _grown(self.coarse(coarse), 2), _grown(self.deep(last), 4)
        out: Tensor = self.join(torch.cat((self.fine(fine), self.middle(middle), wide, whole), 1))
        return out


def _grown(x: Tensor, times: int) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=times, mode="nearest")
