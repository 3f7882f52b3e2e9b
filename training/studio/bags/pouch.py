"""A pouch with a zip and a wrist strap."""

import numpy as np

from training.studio.bags.gusset import gusset
from training.studio.bags.indices import X, Y, Z
from training.studio.mesh import (
    Piece,
    chaikin,
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


def pouch_bag(bag, opened=False):
    r, look = bag.rng, bag.look
    W, H, D = r.uniform(19, 22), r.uniform(12.5, 14.5), r.uniform(5.5, 7)
    bag.sn = soft_noise(r, 0.12, 7.0)

    def bul(a, b):
        return 0.5 * np.cos(np.clip(a / W * 2.6, -1.5, 1.5)) * np.cos(
            np.clip(b / H * 2.6, -1.5, 1.5)
        ) + bag.sn(a, b)

    front = Piece(
        rrect(W, H, 3.0, 900),
        plane_bend((0, -D / 2, H / 2 + 0.1), X, Z),
        thick=0.3,
        seams=[0.42],
        pad=0.2,
        bulge=bul,
    )
    back = Piece(
        rrect(W, H, 3.0, 900),
        plane_bend((0, D / 2, H / 2 + 0.1), -X, Z),
        thick=0.3,
        seams=[0.42],
        pad=0.2,
        bulge=bul,
    )
    bag.piece(front, sew=[0.42], path=True)
    bag.piece(back, sew=[0.42])
    for pc in (front, back):
        o = pc.o
        bag.add(
            sweep(pc.bend(o[:, 0], o[:, 1], np.full(len(o), 0.02)), 0.22, True, 12),
            "leather2",
            "leather",
        )
    gusset(bag, W, H, D, 3.0, H * 0.62, pinch=0.3)
    # top gusset (over the top, down to 60 %) carries the zip
    q = chaikin(
        [
            (W / 2 - 0.25, H * 0.58),
            (W / 2 - 0.25, H - 3.2),
            (W / 2 - 0.25, H - 0.1),
            (W / 2 - 4.0, H - 0.1),
            (-W / 2 + 4.0, H - 0.1),
            (-W / 2 + 0.25, H - 0.1),
            (-W / 2 + 0.25, H - 3.2),
            (-W / 2 + 0.25, H * 0.58),
        ],
        4,
    )
    P = resample(np.c_[q[:, 0], 0 * q[:, 0], q[:, 1] + 0.1], step=0.12)
    T = unit(np.gradient(P, axis=0))
    up = np.stack([T[:, 2], 0 * T[:, 0], -T[:, 0]], 1)
    pb = path_bend(P, up)
    L = pb.length
    pc = Piece(
        rounded_poly([(-D / 2, 0), (D / 2, 0), (D / 2, L), (-D / 2, L)], 0.4, 900),
        pb,
        thick=0.24,
        strip=True,
        inner=22,
    )
    bag.piece(pc, "leather2")
    b = np.linspace(L * 0.10, L * 0.90, 200)
    zp = pb(np.zeros(200), b, np.full(200, 0.25))
    zn = unit(pb(np.zeros(200), b, np.ones(200)) - pb(np.zeros(200), b, np.zeros(200)))
    bag.zipper(
        zp,
        zn,
        1.9,
        r.choice([0.2, 0.3, 0.7]),
        pull=None if look["puller"] == "metal" else unit((0, -1, -0.3)),
    )
    if look["pocket"]:
        pw, ph = W * 0.72, H * 0.58
        pk = Piece(
            rrect(pw, ph, 1.6, 600),
            plane_bend((0, -D / 2 - 0.55, H * 0.40), X, Z),
            thick=0.55,
            er=0.28,
            seams=[0.40],
            pad=0.14,
            bulge=lambda a, b: bag.sn(a + 9, b) + 0.12,
        )
        bag.piece(pk, "leather2", sew=[0.40], path=True)
        bag.add(
            sweep(pk.bend(pk.o[:, 0], pk.o[:, 1], np.full(len(pk.o), -0.15)), 0.3, True, 10),
            "leather2",
            "leather",
        )
        sp, sn_ = pk.seam_path(0.40)
        for k in r.choice(len(sp), 2, replace=False):
            bag.anchor("stitching", sp[k], sn_[k], 4.2, path=sp[(k + np.arange(-80, 80)) % len(sp)])
        # closure strap with buckle / magnetic stud on the pocket
        top = pk.point(0, ph / 2 - 1.0)[0]
        prof = np.array(
            [
                (0, top[1] + 0.4, H * 0.40 + ph / 2 + 1.3),
                (0, top[1] - 0.35, H * 0.40 + ph / 2 + 0.4),
                (0, top[1] - 0.28, H * 0.40 + ph / 2 - 3.8),
            ]
        )
        q = resample(chaikin(prof, 4), step=0.1)
        T = unit(np.gradient(q, axis=0))
        pbs = path_bend(q, np.stack([T[:, 0], T[:, 2], -T[:, 1]], 1), flip=-1)
        Ls = pbs.length
        st = Piece(
            rounded_poly(
                [(-1.2, 0), (1.2, 0), (1.2, Ls - 1), (0, Ls), (-1.2, Ls - 1)],
                [0.3, 0.3, 0.8, 0.7, 0.8],
                300,
            ),
            pbs,
            thick=0.28,
            seams=[0.24],
            strip=True,
            inner=12,
        )
        bag.piece(st, "leather", sew=[0.24])
        p, n = st.point(0, Ls - 1.7)[0], st.normal(0, Ls - 1.7)[0]
        if look["buckle"]:
            bag.buckle(p, X, Z, n, 3.2, 2.6, 0.18)
        else:
            bag.add(
                lathe(
                    [
                        (1e-3, 0.42),
                        (0.5, 0.40),
                        (0.78, 0.28),
                        (0.85, 0.12),
                        (0.85, 0),
                        (0.98, -0.02),
                    ],
                    44,
                    p,
                    n,
                ),
                "metal",
                "clasp",
            )
            bag.add(lathe([(1e-3, 0.47), (0.28, 0.45), (0.34, 0.40)], 30, p, n), "metal2", "clasp")
        bag.anchor("hardware", p + n * 0.2, n, 4.6, w=1.6)
        bag.foil(look["brand"], pk.point(0, -ph * 0.22)[0] - (0, 0.05, 0), X, Z, 0.8)
    else:
        zq = np.c_[np.linspace(-W * 0.34, W * 0.34, 90), np.zeros(90), np.full(90, H * 0.68)]
        zq[:, 1] = front.bend(
            zq[:, 0], zq[:, 2] - H / 2, front.h(zq[:, 0], zq[:, 2] - H / 2, np.full(90, 3.0))
        )[:, 1]
        bag.zipper(zq, np.tile(-Y, (90, 1)), 1.9, 0.12, pull=-Z)
        bag.foil(look["brand"], front.point(0, -H * 0.12)[0] - (0, 0.05, 0), X, Z, 0.9)
    # sides: tab + D-ring, strap on the table
    for sx in (-1, 1):
        c = np.array([sx * (W / 2 + 0.25), 0, H * 0.52])
        pc = Piece(
            rrect(1.9, 4.0, 0.5, 240),
            plane_bend(c - Z * 1.0, (0, sx, 0), Z),
            thick=0.28,
            seams=[0.24],
            strip=True,
            inner=10,
        )
        bag.piece(pc, "leather2", sew=[0.24])
        bag.rivet(np.add(c, (sx * 0.28, 0, -2.0)), (sx, 0, 0), 0.36)
        bag.dring(np.add(c, (sx * 0.5, 0, 1.2)), Y, (sx * 0.4, 0, 1), 2.3, 1.9, 0.18)
        bag.anchor("hardware", np.add(c, (sx * 0.3, 0, 0.4)), (sx * 0.8, -0.8, 0.25), 5.0)
        bag.anchor("corner", (sx * (W / 2 - 1), -D / 2, 1.2), unit((sx * 0.7, -1, 0.25)), 6.5)

    def e(sx):
        return (sx * (W / 2 + 1.2), 0, H * 0.52 + 2)

    path = chaikin(
        [
            e(-1),
            (-W / 2 - 2.2, -1, H * 0.5),
            (-W / 2 - 3, -3, 1.5),
            (-W / 2 - 2, -D / 2 - 4, 0.2),
            (-W * 0.2, -D / 2 - 7, 0.2),
            (W * 0.12, -D / 2 - 5, 0.2),
            (W * 0.42, -D / 2 - 7.5, 0.2),
            (W / 2 + 3, -D / 2 - 2.5, 0.3),
            (W / 2 + 2.6, -1, 2.2),
            (W / 2 + 2.0, -0.3, H * 0.5),
            e(1),
        ],
        4,
    )
    path = resample(path, step=0.15)
    fl = np.clip((path[:, 2] - 0.2) / 3, 0, 1)[:, None]
    path - np.array([0, -D / 2, 3.0])
    upv = unit(
        np.array([0, 0, 1.0]) * (1 - fl)
        + unit(np.c_[np.sign(path[:, 0]), 0 * path[:, 0], 0 * path[:, 0]]) * fl
    )
    pbs = path_bend(path, upv)
    Ls = pbs.length
    st = Piece(
        rounded_poly([(-0.8, 0), (0.8, 0), (0.8, Ls), (-0.8, Ls)], 0.3, 1100),
        pbs,
        thick=0.24,
        seams=[0.22],
        strip=True,
        inner=10,
    )
    bag.piece(st, "leather2", sew=[0.22])
    bb = Ls * 0.5
    p, n = st.point(0, bb)[0], st.normal(0, bb)[0]
    t = unit(st.point(0, bb + 0.4)[0] - st.point(0, bb - 0.4)[0])
    bag.buckle(p - n * 0.05, np.cross(t, n), t, n, 2.5, 2.4, 0.15)
    bag.anchor("hardware", p + n * 0.3, unit(n + np.array([0, -0.8, 0])), 4.6)
    fp, fn = front.seam_path(0.42)
    for tx, tz in ((-W * 0.45, H * 0.5), (W * 0.25, 0.6)):
        k = np.argmin((fp[:, 0] - tx) ** 2 + (fp[:, 2] - tz) ** 2)
        bag.anchor("stitching", fp[k], fn[k], 4.8, path=fp[(k - 90 + np.arange(180)) % len(fp)])
    if "worn" in look["flaws"]:
        bag.leather_flaw("worn", (W / 2 - 1.2, -D / 2 - 0.3, 0.9), unit((0.7, -1, 0.2)), 1.9)
    if "stain" in look["flaws"]:
        bag.leather_flaw("stain", (-W * 0.3, -D / 2 - 0.9, H * 0.62), (0, -1, 0), 1.6)
    if "loose" in look["flaws"]:
        k = np.argmin((fp[:, 0] + W * 0.3) ** 2 + (fp[:, 2] - 0.6) ** 2)
        bag.loose_thread(fp[k], fn[k], unit(np.array([-0.4, 0, -0.3])))
    if "scratch" in look["flaws"] and look["pocket"] and not look["buckle"]:
        a = next(q for q in bag.anchors if q["kind"] == "hardware" and q["w"] > 1.5)
        bag.scratch(a["p"] + a["n"] * 0.27, X, Z, a["n"])
    bag.dim = (W, H, D)
