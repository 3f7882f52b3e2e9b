"""A bag in the making: pieces of leather sewn together, and the metal that is fixed to them."""

import numpy as np

from training.studio.bags.indices import K, X, Y
from training.studio.mesh import (
    Piece,
    chaikin,
    discs,
    ellipse,
    frames,
    grid_faces,
    inside,
    instance,
    lathe,
    oval_path,
    path_bend,
    plane_bend,
    resample,
    rounded_poly,
    rrect,
    soft_noise,
    stitches,
    sweep,
    unit,
)


class Bag:
    def __init__(self, rng, look):
        self.rng, self.look = rng, look
        self.parts, self.anchors, self.flaws, self.paths = [], [], [], []
        self.st = {
            "length": rng.uniform(0.27, 0.40),
            "gap": rng.uniform(0.06, 0.10),
            "r": rng.uniform(0.038, 0.052),
            "slant": rng.choice([0.0, 0.12]),
        }
        th, n = rng.uniform(0, 6.28, (5, 3)), rng.uniform(0.12, 0.33, (5, 3))
        self._w = (th, n, rng.normal(0, 1, (5, 3)))
        self.slouch = 0.16

    # Natural asymmetry: a low-frequency warp of all of it, too wide to be seen at a buckle's scale.
    def warp(self, P):
        th, k, d = self._w
        o = np.zeros_like(P)
        for i in range(5):
            o += d[i] * np.sin(P @ k[i] + th[i, 0])[:, None]
        z = np.clip(P[:, 2:3] / 6.0, 0, 1)
        return P + o * self.slouch * z * np.array([1, 1, 0.6])

    def add(self, m, mat, kind, warp=True):
        V, F, UV = m[:3]
        self.parts.append((self.warp(V) if warp else V, F, UV, mat, K[kind]))

    def anchor(self, kind, p, n, size, path=None, w=1.0):
        p = self.warp(np.atleast_2d(np.asarray(p, float)))[0]
        if path is not None:
            path = self.warp(np.asarray(path, float))
        self.anchors.append(
            {"kind": kind, "p": p, "n": unit(n), "size": size, "path": path, "w": w}
        )

    def piece(
        self,
        pc,
        mat="leather",
        kind="leather",
        back=True,
        sew=(),
        keep=None,
        thread="thread",
        path=False,
        **kw,
    ):
        self.add(pc.mesh(back), mat, kind)
        for s in sew:
            self.sew(*pc.seam_path(s, keep=keep), thread=thread, path=path)

    def sew(self, P, N, thread="thread", path=False):
        if len(P) < 8:
            return
        V, F, UV, hc, hn = stitches(P, N, self.rng, **self.st)
        self.add((V, F, UV), thread, "stitch")
        self.add(discs(hc, hn, self.st["r"] * 0.85), "hole", "leather")
        if path:
            self.paths.append((self.warp(P), N))

    # -- metal parts
    def rivet(self, p, n, r=0.45):
        prof = [
            (1e-3, r * 0.62),
            (r * 0.35, r * 0.58),
            (r * 0.7, r * 0.42),
            (r * 0.92, r * 0.2),
            (r, 0.05),
            (r * 1.0, 0),
            (r * 1.18, 0.0),
            (r * 1.2, -0.05),
        ]
        self.add(lathe(prof, 28, p, n), "metal", "rivet")

    def ringlet(self, path, r, kind="ring", closed=True, mat="metal"):
        self.add(sweep(path, r, closed, 14), mat, kind)

    def dring(self, c, ax, ay, w=2.4, h=1.9, r=0.2):
        o = rounded_poly(
            [
                (-w / 2, 0),
                (w / 2, 0),
                (w / 2, h * 0.6),
                (w * 0.28, h),
                (-w * 0.28, h),
                (-w / 2, h * 0.6),
            ],
            [0.25, 0.25, 0.9, 0.8, 0.8, 0.9],
            90,
        )
        ax, ay = unit(ax), unit(ay)
        self.ringlet(np.asarray(c) + o[:, :1] * ax + (o[:, 1:] - h * 0.3) * ay, r)

    def slab(self, outline, c, ax, ay, thick, er, kind, mat="metal"):
        pc = Piece(outline, plane_bend(c, ax, ay), thick=thick, er=er, inner=4, dmax=er * 1.3)
        self.add(pc.mesh(), mat, kind)

    def turnlock(self, p, n, up, ang=None):
        n, up = unit(n), unit(up)
        ax = unit(np.cross(up, n))
        up = np.cross(n, ax)
        p = np.asarray(p, float)
        sh = self.look["clasp"]
        o = rrect(3.9, 2.7, 0.55, 120) if sh == "rect" else ellipse(1.95, 1.5, 120)
        self.slab(o, p, ax, up, 0.20, 0.12, "clasp")
        self.slab(
            ellipse(1.02, 0.78, 80) if sh != "rect" else rrect(2.3, 1.1, 0.4, 80),
            p + n * 0.19,
            ax,
            up,
            0.10,
            0.07,
            "clasp",
            "metal2",
        )
        for sx in (-1, 1):
            for sy in (-1, 1):
                q = (
                    p
                    + ax * sx * (1.55 if sh == "rect" else 1.33)
                    + up * sy * (0.95 if sh == "rect" else 0.72)
                    + n * 0.2
                )
                self.add(
                    lathe([(1e-3, 0.07), (0.1, 0.06), (0.15, 0.03), (0.17, 0)], 16, q, n),
                    "metal2",
                    "clasp",
                )
        self.add(
            lathe(
                [(1e-3, 0.62), (0.42, 0.6), (0.5, 0.52), (0.5, 0.1), (0.56, 0)], 36, p + n * 0.25, n
            ),
            "metal",
            "clasp",
        )
        a = self.rng.uniform(-0.35, 0.35) if ang is None else ang
        bx = ax * np.cos(a) + up * np.sin(a)
        by = np.cross(n, bx)
        self.slab(rrect(2.1, 0.72, 0.3, 90), p + n * 0.72, bx, by, 0.5, 0.2, "clasp")
        if "scratch" in self.look["flaws"]:
            self.scratch(p + ax * 0.9 + up * 0.95 + n * 0.212, ax, up, n)

    def scratch(self, p, ax, up, n):
        r = self.rng
        allp = []
        for k in range(3):
            t = np.linspace(-0.5, 0.5, 24)
            L = r.uniform(0.7, 1.5)
            q = (
                p
                + np.outer(t * L, ax)
                + np.outer(0.12 * t**2 + 0.06 * k - t * 0.2 * r.uniform(0.4, 1.2), up)
            )
            self.add(sweep(q, 0.012 * (1 - (2 * t) ** 4) + 0.003, K=6), "scratchm", "scratch")
            allp.append(q)
        self.flaws.append(
            {"kind": "scratch", "p": self.warp(np.vstack(allp).mean(0)[None])[0], "r": 0.9}
        )
        self.anchor("flaw", np.vstack(allp).mean(0), n, 3.0)

    def chain(self, path, w=0.78, h=1.2, wire=0.14):
        P = resample(path, step=0.02)
        s = np.r_[0, np.cumsum(np.linalg.norm(np.diff(P, axis=0), axis=1))]
        pitch = h - 2.25 * wire
        n = int(s[-1] / pitch)
        c = (np.arange(n) + 0.5) * pitch
        C = np.stack([np.interp(c, s, P[:, k]) for k in range(3)], 1)
        T, N, B = frames(C)
        roll = np.where(np.arange(n) % 2 == 0, 0.6, 0.6 + np.pi / 2) + self.rng.normal(0, 0.10, n)
        U = N * np.cos(roll)[:, None] + B * np.sin(roll)[:, None]
        R = np.stack([U, T, np.cross(U, T)], 2)
        o = oval_path(w, h, 34)
        V, F, UV = sweep(np.c_[o, 0 * o[:, :1]], wire, True, 10)
        self.add(instance(V, F, UV, (R, C)), "metal", "chain")
        len(C) // 2
        return C

    def zipper(self, P, N, width=1.5, slider_at=0.12, tape="tape", pull=None, sew=True, pitch=0.21):
        """Zip along P with outward normals N: tape, two rows of teeth, stops, slider, puller."""
        pb = path_bend(P, N)
        L = pb.length
        pc = Piece(
            rounded_poly(
                [(-width / 2, 0), (width / 2, 0), (width / 2, L), (-width / 2, L)], 0.2, 700
            ),
            pb,
            thick=0.09,
            strip=True,
            inner=8,
        )
        self.add(pc.mesh(), tape, "tape")
        if sew:
            for a in (-width / 2 + 0.16, width / 2 - 0.16):
                self.sew(*pc.line_path([(a, 0.3), (a, L - 0.3)]), path=(a > 0))
        tooth = Piece(
            rrect(0.40, 0.125, 0.05, 16),
            plane_bend((0, 0, 0), X, Y),
            thick=0.17,
            er=0.06,
            inner=2,
            dmax=0.055,
        )
        V, F, UV = tooth.mesh()
        for side in (-1, 1):
            b = np.arange(0.3, L - 0.3, pitch) + (0 if side > 0 else pitch / 2)
            a = np.full(len(b), side * 0.11)
            C = pb(a, b, np.full(len(b), 0.085))
            Nn = unit(pb(a, b, np.full(len(b), 1.0)) - pb(a, b, np.zeros(len(b))))
            T = unit(pb(a, b + 0.05, a * 0) - pb(a, b - 0.05, a * 0))
            R = np.stack([np.cross(T, Nn), T, Nn], 2)
            self.add(instance(V, F, UV, (R, C)), "metal", "zip")
        b0 = L * slider_at
        c = pb([0.0], [b0], [0.2])[0]
        n = unit(pb([0.0], [b0], [1.0])[0] - pb([0.0], [b0], [0.0])[0])
        t = unit(pb([0.0], [b0 + 0.1], [0.0])[0] - pb([0.0], [b0 - 0.1], [0.0])[0])
        s = np.cross(t, n)
        body = rounded_poly(
            [(-0.30, -0.7), (0.30, -0.7), (0.62, 0.55), (0.3, 0.75), (-0.3, 0.75), (-0.62, 0.55)],
            0.2,
            70,
        )
        self.slab(body, c, s, t, 0.22, 0.1, "zip")
        lp = chaikin([(-0.38, 0), (-0.36, 0.42), (0.36, 0.42), (0.38, 0)], 3)
        self.ringlet(c + n * 0.18 + lp[:, :1] * t + lp[:, 1:] * n, 0.11, "zip", False)
        # puller: hangs from the loop along `pull` (or lies back along the zip)
        d = unit(t * -1 if pull is None else pull)
        d = unit(d - n * (d @ n) * 0.75)
        q0 = c + n * 0.44
        side = unit(np.cross(n, d))
        rg = oval_path(0.62, 1.0, 40)
        self.ringlet(q0 + d * 0.36 + rg[:, :1] * side + rg[:, 1:] * d, 0.085, "puller")
        st = self.look["puller"]
        o = rounded_poly(
            [(-0.30, 0), (0.30, 0), (0.42, 2.0), (0.2, 2.4), (-0.2, 2.4), (-0.42, 2.0)], 0.15, 80
        )
        fx = np.cross(d, n)
        if st == "metal":
            self.slab(o, q0 + d * 0.72 - n * 0.12, fx, d, 0.20, 0.09, "puller")
        else:
            pc = Piece(
                rrect(1.0, 3.6, 0.45, 200),
                plane_bend(q0 + d * 2.3 - n * 0.2, fx, d),
                thick=0.26,
                seams=[0.15],
                strip=True,
                inner=10,
            )
            self.piece(pc, "leather2", sew=[0.16])
            self.rivet(q0 + d * 0.95 + n * 0.06, n, 0.22)
        self.anchor("hardware", c + d * 0.7, n, 4.2)
        self.anchor(
            "hardware",
            pb([0.0], [L * 0.5], [0.2])[0],
            n,
            6.0,
            path=pb(np.zeros(30), np.linspace(L * 0.25, L * 0.8, 30), np.full(30, 0.2)),
            w=0.8,
        )
        return pc

    def buckle(self, c, ax, ay, n, w=3.4, h=3.2, wire=0.2):
        """Frame + centre bar + prong; strap runs along ay."""
        ax, ay, n = unit(ax), unit(ay), unit(n)
        o = rrect(w, h, 0.75, 110)
        self.ringlet(c + o[:, :1] * ax + o[:, 1:] * ay + n * 0.22, wire, "buckle")
        self.ringlet(
            c + np.linspace(-w / 2, w / 2, 8)[:, None] * ax + ay * (0.28 * h) + n * 0.1,
            wire * 0.6,
            "buckle",
            False,
        )
        t = np.linspace(0, 1, 20)[:, None]
        self.ringlet(
            c
            + ay * (0.28 * h * (1 - t) - (h / 2 + 0.16) * t)
            + n * (0.24 + 0.26 * np.sin(t * np.pi * 0.9)),
            0.14,
            "buckle",
            False,
        )

    def foil(self, text, c, ax, ay, size):
        self.parts.append(
            ("TEXT", text, self.warp(np.asarray(c, float)[None])[0], unit(ax), unit(ay), size)
        )

    def loose_thread(self, p, n, down):
        r = self.rng
        t = np.linspace(0, 1, 60)[:, None]
        s = np.cross(n, down)
        q = (
            p
            + down * (1.9 * t)
            + n * (0.05 + 0.5 * np.sin(t * 2.6))
            + s * (0.38 * np.sin(t * 7 + r.uniform(0, 6)) * t)
        )
        self.add(sweep(q, 0.026, K=7), "thread", "loose")
        self.flaws.append({"kind": "loose_thread", "p": self.warp(q.mean(0)[None])[0], "r": 1.3})
        self.anchor("flaw", q.mean(0), n, 4.0)

    def leather_flaw(self, kind, p, n, r):
        self.flaws.append({"kind": kind, "p": self.warp(np.asarray(p, float)[None])[0], "r": r})
        self.anchor("flaw", p, n, r * 3.6)

    def lining_box(self, W, D, H, z0=0.6, taper=0.0):
        g = np.linspace(0, 1, 26)
        A, B = np.meshgrid(g, g)
        rip = soft_noise(self.rng, 0.12, 5.0)
        for o, u, v in [
            ((-W / 2, -D / 2, z0), (W, 0, 0), (0, 0, H - z0)),
            ((W / 2, D / 2, z0), (-W, 0, 0), (0, 0, H - z0)),
            ((W / 2, -D / 2, z0), (0, D, 0), (0, 0, H - z0)),
            ((-W / 2, D / 2, z0), (0, -D, 0), (0, 0, H - z0)),
            ((-W / 2, D / 2, z0), (W, 0, 0), (0, -D, 0)),
        ]:
            o, u, v = map(np.array, (o, u, v))
            P = o + A[..., None] * u + B[..., None] * v
            n = unit(np.cross(u, v))
            P = P + n * rip(A * np.linalg.norm(u), B * np.linalg.norm(v))[..., None]
            P[..., 0] *= 1 - taper * (1 - P[..., 2] / H) / (W / 2)
            UV = np.stack([A * np.linalg.norm(u), B * np.linalg.norm(v)], -1).reshape(-1, 2)
            self.add((P.reshape(-1, 3), grid_faces(26, 26), UV), "lining", "lining")

    def quilt(self, pc, step=3.0, amax=None, brange=None):
        """Diamond quilting relief on a Piece; returns seam lines in (a,b)."""
        s2 = np.sqrt(0.5)

        def rel(a, b):
            u, v = (a + b) * s2, (a - b) * s2
            du, dv = (
                np.abs((u / step + 0.5) % 1 - 0.5) * step,
                np.abs((v / step + 0.5) % 1 - 0.5) * step,
            )
            return 0.34 * (1 - np.exp(-((np.minimum(du, dv) / 0.45) ** 1.2)))

        pc.lines = rel
        o = pc.o + pc.nrm * 1.0
        (_a0, _b0), (_a1, _b1) = o.min(0), o.max(0)
        lines = []
        for sg in (1, -1):
            for k in range(-60, 60):
                t = np.arange(-60, 60, 0.04)
                a = k * step * s2 + t * s2
                b = sg * (k * step * s2 - t * s2)
                ok = inside(o, a, b)
                if brange:
                    ok &= (b > brange[0]) & (b < brange[1])
                if ok.sum() > 50:
                    i = np.where(ok)[0]
                    lines.append(np.stack([a[i[0] : i[-1]], b[i[0] : i[-1]]], 1))
        return lines
