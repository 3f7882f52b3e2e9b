"""The network that sees hardware and stitching: the front of MobileNetV2 and a small dense head.

MobileNetV2 (Sandler et al. 2018) is cut behind its 13th block, at 1/16 of the picture's size;
the head joins its features of 1/4, 1/8 and 1/16 size and answers for every cell of 8x8 pixels.
Weights of the front start from ImageNet as torchvision publishes them (BSD-3).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from training.classes import KINDS, MAPS

# Expansion, channels, blocks and stride of every stage; table 2 of the paper, cut at 1/16.
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
_TAPS = {3: 24, 6: 32, 13: 96}  # which blocks the head reads, and their channels


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

    def forward(self, x: Tensor) -> Tensor:
        """NxCxHxW in, NxC'xH/stride x W/stride out."""
        found: Tensor = self.conv(x)
        return x + found if self.skips else found


class Network(nn.Module):
    """Maps of hardware, stitching and leather, of kinds of hardware, and of the stitches' pitch.

    Takes RGB pictures Nx3xHxW in 0..1, H and W multiples of 16; gives Nx(3+7+1)xH/8xW/8: logits,
    and the binary logarithm of the pitch in px of the picture as given.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        blocks: list[nn.Module] = [_conv(3, 32, 3, 2)]
        channels = 32
        for expansion, outputs, count, stride in _STAGES:
            for i in range(count):
                blocks.append(Block(channels, outputs, stride if i == 0 else 1, expansion))
                channels = outputs
        self.features = nn.ModuleList(blocks)
        self.fine = nn.Sequential(_conv(24, 24, 3, 2, 24), _conv(24, width // 2, 1))
        self.middle = _conv(32, width, 1)
        self.coarse = nn.Sequential(_conv(96, 96, 5, 1, 96), _conv(96, width, 1))
        joined = width // 2 + 2 * width
        self.head = nn.Sequential(
            _conv(joined, joined, 3, 1, joined),
            _conv(joined, width, 1),
            _conv(width, width, 5, 1, width),
            _conv(width, width, 1),
            nn.Dropout2d(0.1),
            nn.Conv2d(width, len(MAPS) + len(KINDS) + 1, 1),
        )
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, picture: Tensor) -> Tensor:
        """Logits for every cell."""
        x = (picture - self.mean) / self.spread
        taps = []
        for i, block in enumerate(self.features):
            x = block(x)
            if i in _TAPS:
                taps.append(x)
        fine, middle, coarse = taps
        wide = nn.functional.interpolate(self.coarse(coarse), scale_factor=2, mode="nearest")
        out: Tensor = self.head(torch.cat((self.fine(fine), self.middle(middle), wide), dim=1))
        return out

    def start_from(self, weights: Path) -> None:
        """Take the front's weights from torchvision's ImageNet file (mobilenet_v2-b0353104)."""
        told = torch.load(weights, map_location="cpu", weights_only=True)
        own = self.features.state_dict()
        kept = {
            name: told[f"features.{name}"]
            for name in own
            if f"features.{name}" in told and told[f"features.{name}"].shape == own[name].shape
        }
        if len(kept) != len(own):
            raise ValueError(f"{weights}: {len(own) - len(kept)} weights of the front do not fit")
        self.features.load_state_dict(kept)
