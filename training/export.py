"""Export the trained network: `python -m training.export HEAD.pt WEIGHTS.pth MODEL.onnx`.

The model takes a BGR picture as OpenCV holds it, HxWx3 uint8 with H and W multiples of 32, and
gives, for every cell of 8x8 px, probabilities of hardware, stitching and leather (3xH/8xW/8), of
each kind of hardware where there is any (7xH/8xW/8), and the pitch of the stitches in px of that
picture (H/8xW/8); and, for the whole picture, the probability of each of `THINGS`.

Weights of 1x1 convolutions and of the trunk's classifier are kept in 8 bits with a scale for each
output, all others in 16; they are brought back to 32 bits when the model is opened, so that it
computes as it was trained.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.classes import KINDS, MAPS, THINGS
from training.network import Head, Trunk

_LEAST = 1024  # weights: smaller tensors are left alone


class Seeing(nn.Module):
    """The network from picture to probabilities."""

    def __init__(self, trunk: Trunk, head: Head) -> None:
        super().__init__()
        self.trunk, self.head = trunk, head
        groups = torch.zeros(1000, len(THINGS))
        for i, members in enumerate(THINGS.values()):
            groups[list(members), i] = 1
        self.register_buffer("groups", groups)

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """HxWx3 BGR uint8 in; maps, kinds, pitch and things out."""
        rgb = picture.flip(-1).permute(2, 0, 1).unsqueeze(0).float() / 255
        taps, last = self.trunk(rgb)
        out = self.head(taps, last)[0]
        maps, kinds = out[: len(MAPS)].sigmoid(), out[len(MAPS) : -1].softmax(dim=0)
        things = (self.trunk.things(last) @ self.groups)[0]
        return maps, kinds, torch.exp(out[-1] * math.log(2)), things


def export(head_file: Path, weights: Path, model: Path) -> None:
    """Write the ONNX file, with what its outputs mean as metadata."""
    trunk, head = Trunk(), Head()
    trunk.start_from(weights)
    head.load_state_dict(torch.load(head_file, map_location="cpu", weights_only=True))
    torch.onnx.export(
        Seeing(trunk, head).eval(),
        (torch.zeros(320, 576, 3, dtype=torch.uint8),),
        str(model),
        input_names=["picture"],
        output_names=["maps", "kinds", "pitch", "things"],
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
    _pack(told.graph)
    names = {"maps": MAPS, "kinds": KINDS, "things": tuple(THINGS)}
    helper.set_model_props(told, {name: ",".join(words) for name, words in names.items()})
    onnx.checker.check_model(told)
    onnx.save(told, str(model))


def _pack(graph: onnx.GraphProto) -> None:
    """Keep large weights in fewer bits, and bring them back by a Cast, and a Mul by their scale."""
    back: list[onnx.NodeProto] = []
    kept: list[onnx.TensorProto] = []
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype != np.float32 or value.size < _LEAST:
            kept.append(tensor)
            continue
        name, packed = tensor.name, f"{tensor.name}:packed"
        pointwise = value.ndim == 2 or (value.ndim == 4 and value.shape[2:] == (1, 1))
        if not pointwise:
            kept.append(numpy_helper.from_array(value.astype(np.float16), packed))
            back.append(helper.make_node("Cast", [packed], [name], to=TensorProto.FLOAT))
            continue
        away = tuple(range(1, value.ndim))
        scale = np.maximum(np.abs(value).max(axis=away, keepdims=True), 1e-12) / 127
        kept.append(numpy_helper.from_array(np.rint(value / scale).astype(np.int8), packed))
        kept.append(numpy_helper.from_array(scale.astype(np.float32), f"{name}:scale"))
        back.append(helper.make_node("Cast", [packed], [f"{name}:real"], to=TensorProto.FLOAT))
        back.append(helper.make_node("Mul", [f"{name}:real", f"{name}:scale"], [name]))
    del graph.initializer[:]
    graph.initializer.extend(kept)
    nodes = [*back, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("head", type=Path)
    parser.add_argument("weights", type=Path, help="torchvision's mobilenet_v2")
    parser.add_argument("model", type=Path)
    asked = parser.parse_args()
    export(asked.head, asked.weights, asked.model)


if __name__ == "__main__":
    main()
