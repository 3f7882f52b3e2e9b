"""What stands on the table beside the bag, and is mistaken for parts of it."""

import numpy as np

from training.studio.bags.indices import Z
from training.studio.mesh import (
    Piece,
    chaikin,
    grid_faces,
    lathe,
    plane_bend,
    rounded_poly,
    soft_noise,
    sweep,
    unit,
)


def props(bag, which):
    r = bag.rng
    W, _H, D = bag.dim

    def A(m, mat, kind):
        return bag.add(m, mat, kind, warp=False)

    out = []
    for name in which:
        if name == "mug":
            c = np.array([W / 2 + r.uniform(9, 13), r.uniform(-6, 5), 0])
            A(
                lathe(
                    [
                        (1e-3, 0.3),
                        (3.3, 0.3),
                        (3.7, 0.1),
                        (4.0, 0.5),
                        (4.1, 4),
                        (4.1, 9.2),
                        (4.0, 9.4),
                        (3.85, 9.2),
                        (3.8, 1.0),
                        (1e-3, 0.9),
                    ],
                    64,
                    c,
                ),
                "mug",
                "d_metal",
            )
            h = chaikin([(4.0, 2.0), (6.6, 2.0), (7.2, 5), (6.6, 7.8), (4.0, 7.6)], 4)
            d = unit((r.uniform(-1, 1), -1, 0))
            A(sweep(c + h[:, :1] * d + h[:, 1:] * Z, 0.45, False, 14), "mug", "d_metal")
            out.append(
                {"kind": "distractor", "p": c + Z * 5, "n": unit((-0.3, -1, 0.4)), "size": 14.0}
            )
        elif name == "spoon":
            c = np.array([-W / 2 - r.uniform(6, 9), -D / 2 - r.uniform(5, 9), 0.5])
            d = unit((r.uniform(-0.5, 0.5), 1, 0))
            np.cross(Z, d)
            t = np.linspace(0, 1, 70)
            wd = np.where(
                t < 0.32, 2.0 * np.sin(np.pi * np.clip(t / 0.32, 0, 1)) ** 0.6 * 1.0 + 0.0, 0
            ) + np.clip((t - 0.29) * 9, 0, 1) * (0.38 + 0.5 * np.clip((t - 0.6) / 0.4, 0, 1) ** 2)
            zz = np.where(t < 0.32, -0.45 * np.sin(np.pi * t / 0.32), 0) + 0.7 * np.sin(
                np.clip((t - 0.3) / 0.7, 0, 1) * np.pi
            )
            P = c + np.outer(t * 17, d) + np.outer(zz, Z)
            A(sweep(P, np.maximum(wd, 0.05), False, 20, up=Z, ry=0.10), "steel", "d_metal")
            out.append(
                {"kind": "distractor", "p": c + d * 4, "n": unit((0.2, -0.8, 1.0)), "size": 10.0}
            )
        elif name == "cloth":
            w, l = r.uniform(22, 30), r.uniform(22, 30)
            c = np.array(
                [r.choice([-1, 1]) * (W / 2 + r.uniform(2, 6)), -D / 2 - r.uniform(6, 10), 0]
            )
            g = np.linspace(-0.5, 0.5, 90)
            a, b = np.meshgrid(g * w, g * l)
            f = soft_noise(r, 0.35, 9.0)
            th = r.uniform(-0.6, 0.6)
            zz = 0.5 + np.abs(f(a, b)) * 0.9
            P = np.stack(
                [
                    c[0] + a * np.cos(th) - b * np.sin(th),
                    c[1] + a * np.sin(th) + b * np.cos(th),
                    np.where(np.hypot(a, b) < 99, zz * 0.5, 0) * 0 + 0.03 + 0.45 * np.abs(f(a, b)),
                ],
                -1,
            )
            A(
                (P.reshape(-1, 3), grid_faces(90, 90), np.stack([a, b], -1).reshape(-1, 2)),
                "pcloth",
                "d_print",
            )
            out.append({"kind": "distractor", "p": c, "n": unit((0, -0.8, 1.0)), "size": 14.0})
        elif name == "basket":
            c = np.array([-W / 2 - r.uniform(12, 15), r.uniform(2, 9), 0])
            R, hh = 8.0, 10.0
            n = 34
            ph = np.linspace(0, 2 * np.pi, 34 * 8 + 1)[:-1]
            for i in range(15):
                rr = R * (1 + 0.018 * i) + 0.28 * np.sin(ph * n / 2 + (i % 2) * np.pi)
                P = np.stack(
                    [
                        c[0] + rr * np.cos(ph),
                        c[1] + rr * np.sin(ph),
                        np.full(ph.shape, 0.4 + i * hh / 15),
                    ],
                    1,
                )
                A(sweep(P, 0.30, True, 8, ry=0.36), "wicker", "d_basket")
            for k in range(n):
                a = 2 * np.pi * (k + 0.25) / n
                P = np.array(
                    [
                        [
                            c[0] + R * (1 + 0.02 * i) * np.cos(a),
                            c[1] + R * (1 + 0.02 * i) * np.sin(a),
                            i * hh / 14,
                        ]
                        for i in range(16)
                    ]
                )
                A(sweep(P, 0.22, False, 7), "wicker", "d_basket")
            out.append(
                {
                    "kind": "distractor",
                    "p": np.add(c, (3, -6, 5)),
                    "n": unit((0.4, -1, 0.3)),
                    "size": 11.0,
                }
            )
        elif name == "card":
            w, l = 9.0, 13.0
            c = np.array([r.choice([-1, 1]) * (W * 0.32), -D / 2 - r.uniform(9, 12), 0.06])
            th = r.uniform(-0.5, 0.5)
            g = np.linspace(-0.5, 0.5, 12)
            a, b = np.meshgrid(g, g)
            P = np.stack(
                [
                    c[0] + a * w * np.cos(th) - b * l * np.sin(th),
                    c[1] + a * w * np.sin(th) + b * l * np.cos(th),
                    c[2] + 0.35 * (a * 2) ** 2 * (a > 0),
                ],
                -1,
            )
            A(
                (
                    P.reshape(-1, 3),
                    grid_faces(12, 12),
                    np.stack([a + 0.5, b + 0.5], -1).reshape(-1, 2),
                ),
                "card",
                "d_print",
            )
            out.append({"kind": "distractor", "p": c, "n": unit((0, -0.7, 1.0)), "size": 9.0})
        elif name == "tag":
            c = np.array([r.uniform(-0.35, 0.35) * W, -D / 2 - r.uniform(4.5, 7), 0.12])
            th = r.uniform(-0.7, 0.7)
            ax, ay = np.array([np.cos(th), np.sin(th), 0]), np.array([-np.sin(th), np.cos(th), 0])
            o = rounded_poly(
                [(-1.9, -3.2), (1.9, -3.2), (1.9, 2.2), (1.0, 3.2), (-1.0, 3.2), (-1.9, 2.2)],
                0.25,
                100,
            )
            pc = Piece(o, plane_bend(c, ax, ay), thick=0.05, er=0.02, inner=6)
            V, F, UV = pc.mesh()
            A((V, F, (UV - UV.min(0)) / np.ptp(UV, axis=0)), "tag", "d_tag")
            A(
                sweep(
                    chaikin(
                        [
                            c + ay * 2.5 + Z * 0.1,
                            c + ay * 5 + Z * 0.8 + ax,
                            c + ay * 6 + Z * 0.2 - ax * 2,
                            c + ay * 3 - ax * 5,
                        ],
                        4,
                    ),
                    0.06,
                    False,
                    7,
                ),
                "string",
                "other",
            )
            out.append({"kind": "distractor", "p": c, "n": unit((0, -0.7, 1.0)), "size": 7.0})
    for q in out:
        q.update(path=None, w=1.0)
    return out
