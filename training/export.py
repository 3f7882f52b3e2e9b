"""Export the trained network: `python -m training.export NETWORK.pt MODEL.onnx`.

The model takes a BGR picture as OpenCV holds it, HxWx3 uint8 with H and W multiples of 16, and
gives, for every cell of 8x8 px, probabilities of hardware, stitching and leather (3xH/8xW/8), of
each kind of hardware where there is any (7xH/8xW/8), and the pitch of the stitches in px of that
picture (H/8xW/8).
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from training.classes import KINDS, MAPS
from training.network import Network


class Seeing(nn.Module):
    """The network from picture to probabilities."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """HxWx3 BGR uint8 in; maps, kinds and pitch out."""
        rgb = picture.flip(-1).permute(2, 0, 1).unsqueeze(0).float() / 255
        out = self.network(rgb)[0]
        maps, kinds = out[: len(MAPS)].sigmoid(), out[len(MAPS) : -1].softmax(dim=0)
        return maps, kinds, torch.exp(out[-1] * math.log(2))


def export(weights: Path, model: Path) -> None:
    """Write the ONNX file, with what its outputs mean as metadata."""
    network = Network()
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    seeing = Seeing(network).eval()
    torch.onnx.export(
        seeing,
        (torch.zeros(320, 576, 3, dtype=torch.uint8),),
        str(model),
        input_names=["picture"],
        output_names=["maps", "kinds", "pitch"],
        dynamic_axes={
            "picture": {0: "height", 1: "width"},
            "maps": {1: "rows", 2: "columns"},
            "kinds": {1: "rows", 2: "columns"},
            "pitch": {0: "rows", 1: "columns"},
        },
        opset_version=17,
        dynamo=False,
    )
    told = onnx.load(str(model))
    onnx.helper.set_model_props(told, {"maps": ",".join(MAPS), "kinds": ",".join(KINDS)})
    onnx.save(told, str(model))


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("model", type=Path)
    asked = parser.parse_args()
    export(asked.weights, asked.model)


if __name__ == "__main__":
    main()
