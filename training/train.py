"""Train the head: `python -m training.train --pictures DIR... --weights FILE --out DIR`.

Pictures lie as the studio's stills and the swatches leave them: `NAME.jpg`, its index mask
`NAME_i.png`, and, where it is known, the defocus `NAME_c.png`. The seed fixes the order, the
augmentation and the weights of the head; sums on another machine may differ in their last digits.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from training.augment import example
from training.classes import MAPS
from training.network import Head, Trunk


class Pictures(Dataset[tuple[Tensor, ...]]):
    """Augmented examples, each made anew from its number and the seed."""

    def __init__(self, folders: list[Path], side: int, count: int, seed: int, shares: list[float]):
        self.lists = [
            sorted(p for p in folder.glob("*.jpg") if p.with_name(f"{p.stem}_i.png").is_file())
            for folder in folders
        ]
        self.side, self.count, self.seed = side, count, seed
        self.shares = np.array(shares) / sum(shares)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> tuple[Tensor, ...]:
        cv2.setNumThreads(1)
        dice = np.random.default_rng([self.seed, number])
        chosen = self.lists[int(dice.choice(len(self.lists), p=self.shares))]
        file = chosen[int(dice.integers(len(chosen)))]
        picture = cv2.imread(str(file))
        index = cv2.imread(str(file.with_name(f"{file.stem}_i.png")), cv2.IMREAD_GRAYSCALE)
        blur = (
            cv2.imread(str(file.with_name(f"{file.stem}_c.png")), cv2.IMREAD_GRAYSCALE)
            if file.with_name(f"{file.stem}_c.png").is_file()
            else None
        )
        made = example(dice, picture, index, blur, self.side)
        rgb = np.ascontiguousarray(made.picture[..., ::-1].transpose(2, 0, 1))
        return (torch.from_numpy(rgb), torch.from_numpy(made.maps),
                torch.from_numpy(made.weights), torch.from_numpy(made.kinds),
                torch.from_numpy(made.pitch))  # fmt: skip


def loss_of(out: Tensor, maps: Tensor, weights: Tensor, kinds: Tensor, pitch: Tensor) -> Tensor:
    """Cross entropy and dice of the maps, and cross entropy of the kinds where there is metal."""
    said = out[:, : len(MAPS)]
    each = nn.functional.binary_cross_entropy_with_logits(said, maps, reduction="none")
    # What is sought fills few cells; what is missed costs more than what is seen too much.
    rare = torch.tensor([2.0, 2.0, 0.3]).view(1, 3, 1, 1)
    emphasis = 1 + (rare - 1).clamp(min=0) * maps
    total = (each * weights * emphasis * rare.clamp(max=1)).sum() / weights.sum()
    p = said.sigmoid() * weights
    both = (p * maps).sum(dim=(0, 2, 3))
    dice = 1 - (2 * both + 1) / (p.sum(dim=(0, 2, 3)) + (maps * weights).sum(dim=(0, 2, 3)) + 1)
    metal = kinds >= 0
    if metal.any():
        told = out[:, len(MAPS) : -1].permute(0, 2, 3, 1)[metal]
        total = total + 0.05 * nn.functional.cross_entropy(told, kinds[metal])
    known = pitch > 0
    if known.any():
        total = total + 0.1 * nn.functional.smooth_l1_loss(out[:, -1][known], pitch[known])
    return total + 0.25 * dice[:2].mean()


def train(
    trunk: Trunk, heads: Sequence[Head], pictures: Pictures, batch: int, rate: float, out: Path
) -> None:
    """Train heads side by side on one trunk, and write the running mean of each one's weights."""
    trunk.to(memory_format=torch.channels_last).eval().requires_grad_(False)
    weights = [p for head in heads for p in head.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=rate, weight_decay=0.02)
    steps = len(pictures) // batch
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda i: min(1.0, (i + 1) / 100) * (0.02 + 0.98 * (1 + math.cos(math.pi * i / steps)) / 2),
    )
    means = [copy.deepcopy(head).eval() for head in heads]
    loader = DataLoader(pictures, batch_size=batch, num_workers=2, prefetch_factor=4)
    started, seen = time.monotonic(), [math.nan] * len(heads)
    for step, (rgb, *targets) in enumerate(loader):
        picture = (rgb.float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                taps, last = trunk(picture)
            losses = [loss_of(head(taps, last).float(), *targets) for head in heads]
        optimiser.zero_grad()
        torch.stack(losses).sum().backward()
        for head in heads:
            nn.utils.clip_grad_norm_(head.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        keep = min(0.995, (step + 1) / (step + 20))
        for mean, head in zip(means, heads, strict=True):
            _follow(mean, head, keep)
        now = [loss.item() for loss in losses]
        seen = [0.98 * s + 0.02 * n if step else n for s, n in zip(seen, now, strict=True)]
        if step % 50 == 49 or step == steps - 1:
            told = " ".join(f"{loss:.4f}" for loss in seen)
            print(f"step {step + 1}/{steps} {told} {time.monotonic() - started:.0f} s", flush=True)
            for i, mean in enumerate(means):
                torch.save(mean.state_dict(), out / f"head{i}.pt")


@torch.no_grad()
def _follow(mean: nn.Module, now: nn.Module, keep: float) -> None:
    """Move a running mean of weights on by one step."""
    for old, new in zip(mean.state_dict().values(), now.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.mul_(keep).add_(new, alpha=1 - keep)
        else:
            old.copy_(new)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--shares", type=float, nargs="+", help="how often each folder is drawn from"
    )
    parser.add_argument("--weights", type=Path, required=True, help="torchvision's mobilenet_v2")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--examples", type=int, default=60_000)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--deep", type=int, nargs="+", default=[1], help="a head for each: 0 or 1")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(asked.seed)
    trunk = Trunk()
    trunk.start_from(asked.weights)
    heads = [Head(deep=bool(deep)) for deep in asked.deep]
    shares = asked.shares or [1.0] * len(asked.pictures)
    pictures = Pictures(asked.pictures, asked.side, asked.examples, asked.seed, shares)
    train(trunk, heads, pictures, asked.batch, asked.rate, asked.out)


if __name__ == "__main__":
    main()
