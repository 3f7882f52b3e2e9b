"""A tote with two handles, open at the top."""

import numpy as np

from training.studio.bags.gusset import gusset
from training.studio.bags.indices import X, Y, Z
from training.studio.mesh import (
    Piece,
    chaikin,
    discs,
    frames,
    lathe,
    path_bend,
    plane_bend,
    resample,
    rounded_poly,
    rrect,
    soft_noise,
    sweep,
    unit,
)


def tote_bag(bag, opened=False):
    r, look = bag.rng, bag.look
    W, H, D = r.uniform(29, 33), r.uniform(23, 27), r.uniform(10, 12)
    bag.slouch = 0.28
    bag.sn = soft_noise(r, 0.28, 11.0)
    tp = r.uniform(1.0, 2.0)

    def mk(y, ax):
        return Piece(
            rrect(W, H, 1.7, 1000, tp),
            plane_bend((0, y, H / 2 + 0.3), ax, Z),
            thick=0.28,
            seams=[0.5, 0.85] if look["double"] else [0.5],
            pad=0.10,
            bulge=lambda a, b: 0.5 * np.cos(np.clip(a / W * 2.6, -1.5, 1.5)) + bag.sn(a, b),
        )

    front, back = mk(-D / 2, X), mk(D / 2, -X)
    bag.piece(front, sew=front.seams, path=True)
    bag.piece(back, sew=[0.5])
    for pc in (front, back):
        o = pc.o[pc.o[:, 1] < H / 2 - 1.0]
        k = np.argmax(np.linalg.norm(np.diff(o, axis=0, append=o[:1]), axis=1))
        o = np.roll(o, -(k + 1), 0)
        bag.add(
            sweep(pc.bend(o[:, 0], o[:, 1], np.full(len(o), 0.0)), 0.20, False, 10),
            "leather2",
            "leather",
        )
    gusset(bag, W - tp, H, D, 1.7, H - 0.6, pinch=2.0)
    bag.lining_box(W - tp - 1.2, D - 0.7, H - 0.5, 0.8, 0)
    # handles with tabs, rings, rivets
    hx = W * 0.22
    for side in (-1, 1):
        y = side * (D / 2 + 0.65)
        pc0 = front if side < 0 else back
        for sx in (-1, 1):
            pt = (
                pc0.point(sx * hx, H / 2 - 4.0)[0]
                if side < 0
                else pc0.point(-sx * hx, H / 2 - 4.0)[0]
            )
            n = np.array([0, side, 0.0])
            axx = np.array([-side * 1.0, 0, 0])
            pc = Piece(
                rounded_poly(
                    [(-1.5, -3.2), (0, -3.9), (1.5, -3.2), (1.2, 3.0), (-1.2, 3.0)],
                    [0.5, 1, 0.5, 0.4, 0.4],
                    340,
                ),
                plane_bend(pt - n * 0.02, axx, Z),
                thick=0.32,
                seams=[0.28],
                inner=12,
            )
            bag.piece(pc, "leather2", sew=[0.28], path=(side < 0))
            bag.rivet(pt + n * 0.31 - Z * 2.0, n, 0.5)
            bag.rivet(pt + n * 0.31 + Z * 1.3, n, 0.36)
            rg = rrect(3.2, 1.9, 0.5, 90)
            cc = pt + n * 0.42 + Z * 3.4
            bag.ringlet(cc + rg[:, :1] * axx + rg[:, 1:] * unit(Z + n * 0.15), 0.2, "ring")
            if side < 0:
                bag.anchor("hardware", pt + Z * 1.2, n, 7.5, w=1.5)
                bag.anchor("hardware", cc - Z * 0.4, unit(n + 0.35 * sx * X), 5.0)
                sp, _ = pc.seam_path(0.28)
                bag.anchor("stitching", pt - Z * 2, n, 4.5, path=sp[: len(sp) // 2])
        tilt = -2.2 if side < 0 else 2.8
        drop = r.uniform(10, 13) if side < 0 else r.uniform(4, 9)
        z0 = pt[2] + 3.9
        path = chaikin(
            [
                (-hx, y, z0),
                (-hx, y, z0 + drop * 0.5),
                (-hx + 0.8, y + tilt * 0.4, z0 + drop),
                (hx - 0.8, y + tilt * 0.4, z0 + drop),
                (hx, y, z0 + drop * 0.5),
                (hx, y, z0),
            ],
            4,
        )
        path = resample(path, step=0.2)
        bag.add(sweep(path, 0.55, False, 18), "leather2", "leather")
        T, Nf, _B = frames(path, up=np.array([0, side, 0.0]))
        bag.sew((path + Nf * 0.555)[6:-6], Nf[6:-6])
        for e, _dz in ((path[0], 1), (path[-1], 1)):
            bag.add(
                sweep([e + Z * 1.0, e - Z * 0.2, e - Z * 0.65], [0.62, 0.62, 0.35], False, 18),
                "leather2",
                "leather",
            )
            bag.add(sweep([e + Z * 0.55, e + Z * 0.2], [0.66, 0.66], False, 20), "metal", "ring")
    # closure strap with buckle over the opening
    if look["buckle"]:
        prof = (
            [
                (D / 2 + 0.9, H * 0.7),
                (D / 2 + 0.8, H - 0.8),
                (D / 2 + 0.1, H + 0.55),
                (D / 4, H + 0.2),
                (-D / 4, H + 0.2),
                (-D / 2 - 0.3, H + 0.6),
                (-D / 2 - 1.1, H - 1.0),
                (-D / 2 - 1.35, H * 0.52),
            ]
            if not opened
            else [
                (D / 2 + 0.9, H * 0.6),
                (D / 2 + 0.8, H - 0.8),
                (D / 2 + 0.8, H + 0.6),
                (D / 2 + 2.2, H + 1.2),
                (D / 2 + 3.2, H - 1),
                (D / 2 + 3.0, H - 9),
            ]
        )
        q = resample(chaikin(prof, 4), step=0.12)
        P = np.c_[0 * q[:, 0], q]
        T = unit(np.gradient(P, axis=0))
        pb = path_bend(P, np.stack([T[:, 0], T[:, 2], -T[:, 1]], 1), flip=-1)
        L = pb.length
        st = Piece(
            rounded_poly(
                [(-1.25, 0), (1.25, 0), (1.25, L - 1), (0, L), (-1.25, L - 1)],
                [0.4, 0.4, 0.6, 0.5, 0.6],
                700,
            ),
            pb,
            thick=0.3,
            seams=[0.24],
            strip=True,
            inner=16,
        )
        bag.piece(st, "leather2", sew=[0.26], path=True)
        for k in range(5):
            bl = L - 2.2 - k * 1.5
            p, n = st.point(0, bl)[0], st.normal(0, bl)[0]
            bag.add(discs(p[None], n[None], 0.17, 0.012, 20), "hole", "leather")
        bl = L - 5.0
        p, n = st.point(0, bl)[0], st.normal(0, bl)[0]
        if not opened:
            up = unit(st.point(0, bl - 0.5)[0] - st.point(0, bl + 0.5)[0])
            bag.buckle(p - n * 0.05, X, up, n)
            rrect(3.0, 0.9, 0.1, 60)
            c = p - up * 2.9
            loop = rrect(2.95, 0.82, 0.2, 60)
            bag.add(
                sweep(
                    c + loop[:, :1] * X + (loop[:, 1:] + 0.05) * n, 0.4, True, 10, up=up, ry=0.09
                ),
                "leather2",
                "leather",
            )
            bag.anchor("hardware", p + n * 0.3, n, 6.0, w=2.0)
            sp, _ = st.seam_path(0.26)
            k = np.argmin(np.linalg.norm(sp - p, axis=1))
            bag.anchor("stitching", sp[k], n, 4.5, path=sp[(k + np.arange(-80, 80)) % len(sp)])
    pz = np.c_[np.linspace(-W * 0.3, W * 0.3, 80), np.full(80, D / 2 - 0.5), np.full(80, H * 0.80)]
    bag.zipper(pz, np.tile(-Y, (80, 1)), 1.6, 0.08, pull=-Z)
    bag.anchor("interior", (0, 0.5, H * 0.55), unit((0, -0.5, 1)), W * 0.75)
    bag.anchor("interior", (-2, D * 0.3, H * 0.75), unit((0.1, -0.75, 1)), W * 0.55)
    bag.foil(look["brand"], front.point(0, -H * 0.22)[0] + (0, -0.04, 0), X, Z, 1.3)
    for sx in (-1, 1):
        bag.anchor(
            "corner", (sx * (W / 2 - tp - 0.8), -D / 2, 1.2), unit((sx * 0.7, -1, 0.25)), 8.0
        )
        for sy in (-1, 1):
            bag.add(
                lathe(
                    [(1e-3, 0.0), (0.5, 0.05), (0.6, 0.2), (0.55, 0.45), (0.3, 0.6)],
                    24,
                    (sx * (W / 2 - tp - 3), sy * (D / 2 - 1.5), 0.01),
                    Z,
                ),
                "metal",
                "feet",
                False,
            )
    fp, fn = front.seam_path(0.5)
    for tx, tz in ((-W * 0.44, H * 0.5), (W * 0.3, 0.8), (W * 0.43, H * 0.3)):
        k = np.argmin((fp[:, 0] - tx) ** 2 + (fp[:, 2] - tz) ** 2)
        bag.anchor("stitching", fp[k], fn[k], 5.0, path=fp[(k - 110 + np.arange(220)) % len(fp)])
    if "worn" in look["flaws"]:
        bag.leather_flaw(
            "worn", (-(W / 2 - tp - 0.7), -D / 2 - 0.3, 0.9), unit((-0.7, -1, 0.2)), 2.2
        )
    if "stain" in look["flaws"]:
        bag.leather_flaw("stain", (W * 0.2, -D / 2 - 1.0, H * 0.3), (0, -1, 0), 2.2)
    if "loose" in look["flaws"]:
        k = np.argmin((fp[:, 0] - W * 0.25) ** 2 + (fp[:, 2] - 0.8) ** 2)
        bag.loose_thread(fp[k], fn[k], unit(np.array([0.4, 0, -0.6])))
    if "scratch" in look["flaws"]:
        a = next(q for q in bag.anchors if q["kind"] == "hardware")
        bag.scratch(a["p"] + a["n"] * 0.62 - Z * 0.0, X, Z, np.array([0, -1.0, 0]))
    bag.dim = (W, H + 8, D)
