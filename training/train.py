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
    """Augmented examples, each made anew from its number and the seed.

    Raises ValueError where a folder holds none, or has no share of its own.
    """

    def __init__(self, folders: list[Path], side: int, count: int, seed: int, shares: list[float]):
        self.lists = [
            sorted(p for p in folder.glob("*.jpg") if p.with_name(f"{p.stem}_i.png").is_file())
            for folder in folders
        ]
        for folder, found in zip(folders, self.lists, strict=True):
            if not found:
                raise ValueError(f"{folder}: no pictures with masks there (NAME.jpg, NAME_i.png)")
        if len(shares) != len(folders):
            raise ValueError(f"{len(folders)} folders and {len(shares)} shares: one each is needed")
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
    trunk: Trunk, head: Head, pictures: Pictures, batch: int, rate: float, steps: int, out: Path
) -> None:
    """Train a head on the trunk as it is, and write the running mean of the head's weights.

    The rate falls over `steps` steps. There are examples for fewer: a head that goes on learns how
    our pictures are drawn, and sees real ones worse (training/README.md).
    """
    trunk.to(memory_format=torch.channels_last).eval().requires_grad_(False)
    optimiser = torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=0.02)
    stop = len(pictures) // batch
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda i: min(1.0, (i + 1) / 100) * (0.02 + 0.98 * (1 + math.cos(math.pi * i / steps)) / 2),
    )
    mean = copy.deepcopy(head).eval()
    loader = DataLoader(pictures, batch_size=batch, num_workers=2, prefetch_factor=4)
    started, seen = time.monotonic(), 0.0
    for step, (rgb, *targets) in enumerate(loader):
        picture = (rgb.float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                taps, last = trunk(picture)
            found = head(taps, last)
        loss = loss_of(found.float(), *targets)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(head.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        _follow(mean, head, min(0.995, (step + 1) / (step + 20)))
        seen = 0.98 * seen + 0.02 * loss.item() if step else loss.item()
        if step % 50 == 49 or step + 1 == stop:
            spent = time.monotonic() - started
            print(f"step {step + 1}/{stop} loss {seen:.4f} {spent:.0f} s", flush=True)
            torch.save(mean.state_dict(), out / "head.pt")


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
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--batch", type=int, default=24, help="examples of a step")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--steps", type=int, required=True, help="over which the rate falls")
    parser.add_argument("--stop", type=int, required=True, help="steps after which training ends")
    parser.add_argument("--seed", type=int, default=3)
    asked = parser.parse_args()
    if not 1 <= asked.stop <= asked.steps or asked.batch < 1:
        parser.error("1 <= --stop <= --steps is needed, and a batch of one example or more")
    shares = asked.shares or [1.0] * len(asked.pictures)
    count = asked.stop * asked.batch
    try:
        pictures = Pictures(asked.pictures, asked.side, count, asked.seed, shares)
    except ValueError as error:
        parser.error(str(error))
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(asked.seed)
    trunk = Trunk()
    trunk.start_from(asked.weights)
    train(trunk, Head(), pictures, asked.batch, asked.rate, asked.steps, asked.out)


if __name__ == "__main__":
    main()
