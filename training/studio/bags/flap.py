"""A flap bag on a chain."""

import numpy as np

from training.studio.bags.gusset import gusset
from training.studio.bags.indices import X, Y, Z
from training.studio.mesh import (
    Piece,
    chaikin,
    path_bend,
    plane_bend,
    resample,
    rounded_poly,
    rrect,
    soft_noise,
    sweep,
    unit,
)


def flap_bag(bag, opened=False):
    r, look = bag.rng, bag.look
    W, H, D = r.uniform(22, 25), r.uniform(14.5, 16.5), r.uniform(6.2, 7.5)
    bag.sn = soft_noise(r, 0.10, 7.0)
    quilted = look["quilted"]
    front = Piece(
        rrect(W, H, 2.8, 900, 0.5),
        plane_bend((0, -D / 2, H / 2), X, Z),
        thick=0.30,
        seams=[0.5],
        pad=0.18,
        bulge=lambda a, b: (
            0.55 * np.cos(np.clip(a / W * 2.6, -1.5, 1.5)) * np.cos(np.clip(b / H * 2.6, -1.5, 1.5))
            + bag.sn(a, b)
        ),
    )
    back = Piece(
        rrect(W, H, 2.8, 900, 0.5),
        plane_bend((0, D / 2, H / 2), -X, Z),
        thick=0.30,
        seams=[0.5],
        pad=0.15,
        bulge=lambda a, b: 0.3 + bag.sn(a, b),
    )
    if quilted:
        for ln in bag.quilt(front):
            bag.sew(*front.line_path(ln, -0.01))
    bag.piece(front, sew=[0.5], path=True)
    bag.piece(back, sew=[0.5])
    for pc in (front, back):  # piping
        o = pc.o
        bag.add(
            sweep(pc.bend(o[:, 0], o[:, 1], np.full(len(o), 0.02)), 0.24, True, 12),
            "leather2",
            "leather",
        )
    gusset(bag, W, H, D, 2.8, H - 0.4, pinch=1.0)
    bag.lining_box(W - 1.6, D - 0.7, H - 0.1, 0.8, 0.5)
    if not opened:
        prof = [
            (D / 2 + 0.42, H * 0.45),
            (D / 2 + 0.42, H - 0.6),
            (D / 2 + 0.35, H + 0.42),
            (D / 2 - 0.9, H + 0.5),
            (-D / 2 + 0.9, H + 0.5),
            (-D / 2 - 0.55, H + 0.42),
            (-D / 2 - 1.0, H - 1.2),
            (-D / 2 - 1.52, H * 0.66),
            (-D / 2 - 1.55, H * 0.34),
        ]
    else:
        prof = [
            (D / 2 + 0.42, H * 0.45),
            (D / 2 + 0.42, H - 0.6),
            (D / 2 + 0.5, H + 1.5),
            (D / 2 + 1.8, H + 5),
            (D / 2 + 4.6, H + 9),
            (D / 2 + 8.5, H + 12),
        ]
    q = resample(chaikin(prof, 4), step=0.12)
    P = np.c_[0 * q[:, 0], q]
    T = unit(np.gradient(P, axis=0))
    pb = path_bend(P, np.stack([T[:, 0], T[:, 2], -T[:, 1]], 1), flip=-1)
    L = pb.length
    Wf = W + 0.7
    rc = r.uniform(2.5, 6)
    seams = [0.5, 0.85] if look["double"] else [0.5]
    flap = Piece(
        rounded_poly(
            [(-Wf / 2, 0), (Wf / 2, 0), (Wf / 2 - 0.4, L), (-Wf / 2 + 0.4, L)],
            [0.6, 0.6, rc, rc],
            1100,
        ),
        pb,
        thick=0.32,
        seams=seams,
        pad=0.14,
        inner=70,
        bulge=lambda a, b: bag.sn(a, b + 40) + 0.25 * np.cos(np.clip(a / W * 2.8, -1.5, 1.5)),
    )
    if quilted:
        for ln in bag.quilt(flap, brange=(L * 0.30, L)):
            bag.sew(*flap.line_path(ln, -0.01))
    bag.piece(flap, sew=seams, path=True)
    # clasp on the flap
    bl = L - 2.6
    p, n = flap.point(0, bl)[0], flap.normal(0, bl)[0]
    up = unit(flap.point(0, bl - 0.5)[0] - flap.point(0, bl + 0.5)[0])
    if look["patch"]:
        pc = Piece(
            rrect(5.4, 4.2, 0.8, 300),
            plane_bend(p - n * 0.05, np.cross(up, n), up),
            thick=0.25,
            seams=[0.28],
            inner=6,
        )
        bag.piece(pc, "leather2", sew=[0.28])
        p = p + n * 0.2
    bag.turnlock(p, n, up)
    if not opened:
        bag.anchor("hardware", p + n * 0.5, n, 5.2, w=2.0)
        bag.anchor("hardware", p + n * 0.5, n, 8.0)
        bag.foil(
            look["brand"],
            flap.point(0, bl - 4.2)[0]
            + flap.normal(0, bl - 4.2)[0] * (0.03 if not quilted else 0.3),
            X,
            Z,
            0.95,
        )
    else:
        bag.anchor("interior", (0, 0, H * 0.62), unit((0, -0.55, 1)), W * 0.9)
        bag.anchor("interior", (W * 0.12, 0, H * 0.6), unit((0.1, -0.8, 1)), W * 0.6)
        pz = np.c_[
            np.linspace(-W * 0.3, W * 0.3, 60), np.full(60, D / 2 - 0.55), np.full(60, H * 0.8)
        ]
        bag.zipper(pz, np.tile(-Y, (60, 1)), 1.5, 0.1, pull=-Z)
    # side rings, tabs, chain
    for sx in (-1, 1):
        c = np.array([sx * (W / 2 + 0.35), 0, H - 2.2])
        pc = Piece(
            rrect(2.0, 4.2, 0.6, 260),
            plane_bend(np.add(c, (sx * -0.15, 0, -1.6)), (0, sx, 0), Z),
            thick=0.28,
            seams=[0.25],
            strip=True,
            inner=10,
        )
        bag.piece(pc, "leather2", sew=[0.25])
        bag.rivet(np.add(c, (sx * 0.16, 0, -2.4)), (sx, 0, 0), 0.38)
        bag.dring(np.add(c, (sx * 0.35, 0, 0.9)), Y, (sx * 0.25, 0, 1), 2.2, 1.8, 0.18)
        bag.anchor("hardware", np.add(c, (sx * 0.3, 0, 0.3)), (sx * 0.8, -0.75, 0.25), 5.0)
        bag.anchor("corner", (sx * (W / 2 - 0.8), -D / 2, 1.2), unit((sx * 0.7, -1, 0.25)), 6.5)
    e0, e1 = (-(W / 2 + 0.8), 0, H - 0.6), (W / 2 + 0.8, 0, H - 0.6)
    if look["chain"] == "drape" and not opened:
        path = chaikin(
            [
                e0,
                (e0[0] - 0.3, -D / 2 - 1.5, H - 1.5),
                (-W / 2 + 1.5, -D / 2 - 2.6, H * 0.42),
                (-W * 0.26, -D / 2 - 2.9, 2.2),
                (0, -D / 2 - 3.4, 0.9),
                (W * 0.26, -D / 2 - 2.9, 2.2),
                (W / 2 - 1.5, -D / 2 - 2.6, H * 0.42),
                (e1[0] + 0.3, -D / 2 - 1.5, H - 1.5),
                e1,
            ],
            4,
        )
    else:
        path = chaikin(
            [
                e0,
                (e0[0] - 1.0, -1, H + 0.6),
                (e0[0] - 2.5, -3, 2.0),
                (e0[0] - 2.2, -D / 2 - 3, 0.32),
                (-W * 0.3, -D / 2 - 7.5, 0.32),
                (-W * 0.05, -D / 2 - 4.2, 0.32),
                (W * 0.2, -D / 2 - 7.8, 0.32),
                (W * 0.5, -D / 2 - 6, 0.32),
                (e1[0] + 2.4, -D / 2 - 1, 0.32),
                (e1[0] + 2.0, -1, 2.0),
                (e1[0] + 0.8, -0.5, H + 0.2),
                e1,
            ],
            4,
        )
    C = bag.chain(path)
    i = len(C) // 2
    bag.anchor(
        "hardware", C[i], unit((0, -1, 0.9)), 7.0, path=C[int(len(C) * 0.35) : int(len(C) * 0.65)]
    )
    f = flap if not opened else front
    sp, sn = f.seam_path(0.5)
    low = np.argsort(sp[:, 2])[: len(sp) // 3]
    for k in r.choice(low, 2, replace=False):
        a = (k - 90) % len(sp)
        idx = (a + np.arange(180)) % len(sp)
        bag.anchor("stitching", sp[k], sn[k], 4.5, path=sp[idx])
    fp, fn = front.seam_path(0.5)
    k = np.argmin(np.abs(fp[:, 0] + W * 0.3) + fp[:, 2] * 3)
    bag.anchor("stitching", fp[k], fn[k], 5.0, path=fp[(k - 90 + np.arange(180)) % len(fp)])
    if "worn" in look["flaws"]:
        bag.leather_flaw("worn", (W / 2 - 1.1, -D / 2 - 0.3, 0.9), unit((0.7, -1, 0.2)), 1.9)
    if "stain" in look["flaws"]:
        bag.leather_flaw(
            "stain",
            flap.point(-W * 0.28, L - 5)[0] if not opened else (-W * 0.25, -D / 2 - 0.6, H * 0.4),
            (0, -1, 0),
            1.7,
        )
    if "loose" in look["flaws"]:
        k = low[len(low) // 4]
        bag.loose_thread(sp[k], sn[k], np.array([0, 0, -1.0]))
    bag.dim = (W, H + (0 if not opened else 10), D)
