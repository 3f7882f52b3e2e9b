"""The gusset: the strip between the front and the back of a bag."""

import numpy as np

from training.studio.mesh import Piece, chaikin, path_bend, resample, rounded_poly, unit


def u_path(W, H, r, top):
    """Open U outline seen from the front: right top -> bottom -> left top."""
    return chaikin(
        [
            (W / 2, top),
            (W / 2, r * 1.6),
            (W / 2, 0),
            (W / 2 - r * 1.6, 0),
            (-W / 2 + r * 1.6, 0),
            (-W / 2, 0),
            (-W / 2, r * 1.6),
            (-W / 2, top),
        ],
        4,
    )


def gusset(bag, W, H, D, r, top, pinch=0.0):
    q = u_path(W - 0.5, H, r, top)
    P = np.c_[q[:, 0], 0 * q[:, 0], q[:, 1] + 0.25]
    T = unit(np.gradient(resample(P, step=0.12), axis=0))
    up = np.stack([-T[:, 2], 0 * T[:, 0], T[:, 0]], 1) * -1
    c = np.array([0, 0, H * 0.5])
    Pr = resample(P, step=0.12)
    sgn = np.sign(np.sum(up * (Pr - c), 1).mean())
    pb = path_bend(P, up * sgn)
    L = pb.length
    pc = Piece(
        rounded_poly([(-D / 2, 0), (D / 2, 0), (D / 2, L), (-D / 2, L)], 0.4, 1100),
        pb,
        thick=0.22,
        seams=[],
        strip=True,
        inner=26,
        bulge=lambda a, b: (
            -pinch
            * np.exp(-((a / (D * 0.28)) ** 2))
            * np.clip(1 - np.minimum(b, L - b) / (H * 0.7), 0, 1)
            + bag.sn(a, b) * 0.5
        ),
    )
    bag.piece(pc, "leather2")
    return pc
