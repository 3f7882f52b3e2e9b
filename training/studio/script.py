"""The script of a take: what the hand-held camera visits and how it shakes; cm and s."""

import numpy as np

from training.studio.scene_geometry import look_at


def smooth(u):
    u = np.clip(u, 0, 1)
    return u * u * (3 - 2 * u)


class Noise1:
    """Band-limited noise of unit rms."""

    def __init__(self, rng, f0, f1, n=7):
        self.f, self.p, self.a = (
            rng.uniform(f0, f1, n),
            rng.uniform(0, 6.283, n),
            rng.uniform(0.5, 1.2, n),
        )
        self.a *= np.sqrt(2 / np.sum(self.a**2))

    def __call__(self, t):
        return float(np.sum(self.a * np.sin(6.283 * self.f * t + self.p)))


def safe_eye(eye):
    eye = np.array(eye, float)
    eye[2] = max(eye[2], 1.8)
    return eye


def close_pose(rng, a, f, mn, loose=1.25, up=0.28, side=None):
    n = np.array(a["n"], float)
    sd = rng.uniform(-0.4, 0.4) if side is None else side
    t = np.cross([0, 0, 1.0], n)
    d = n + sd * t / max(1e-6, np.linalg.norm(t)) + np.array([0, 0, up])
    d /= np.linalg.norm(d)
    dist = max(7.5, a["size"] * loose * f / mn)
    return safe_eye(a["p"] + d * dist), np.array(a["p"], float)


def script(rng, anchors, dim, w, h, f, seconds, has_open):
    """-> list of segments: label, dur, eye(u), tgt(u), keys (u, lo), state, ev, focus, shake."""
    W, H, D = dim
    mn = min(w, h)

    def by(k):
        return [a for a in anchors if a["kind"] == k]

    c = np.array([0, -1.0, H * 0.46])

    def hero_pose(az, el, loose=1.25):
        dist = max(W * loose * f / w, H * 1.5 * f / h) + D * 0.4
        az, el = np.radians(az), np.radians(el)
        return safe_eye(
            c + dist * np.array([np.sin(az) * np.cos(el), -np.cos(az) * np.cos(el), np.sin(el)])
        ), c

    segs = []

    def seg(label, dur, eye, tgt, keys, **kw):
        segs.append(
            dict(
                {
                    "label": label,
                    "dur": dur,
                    "eye": eye,
                    "tgt": tgt,
                    "keys": keys,
                    "state": 0,
                    "ev": 0.0,
                    "focus": "auto",
                    "shake": 1.0,
                    "join": False,
                    "quality": "good",
                    "note": "",
                },
                **kw,
            )
        )

    def still(p, drift=0.05):
        e, t = p
        r = e - t
        s = np.cross(r, [0, 0, 1.0])
        s = s / max(1e-6, np.linalg.norm(s)) * np.linalg.norm(r) * drift * rng.choice([-1, 1])
        return (lambda u: e + s * (u - 0.5) * 2), (lambda u: t)

    # hero orbit
    a0 = rng.uniform(-30, -18) * rng.choice([-1, 1])
    a1, e0, e1 = -a0 * rng.uniform(0.6, 1.0), rng.uniform(14, 22), rng.uniform(18, 28)
    seg(
        "hero",
        3.6,
        lambda u: hero_pose(a0 + (a1 - a0) * smooth(u), e0 + (e1 - e0) * u)[0],
        lambda u: c,
        [(0.08, 0), (0.5, 0), (0.92, 0)],
    )
    hw = by("hardware")
    main = max(hw, key=lambda a: a["w"])
    rest = [a for a in hw if a is not main and np.linalg.norm(a["p"] - main["p"]) > 2.5]
    rng.shuffle(rest)
    p0, p1 = hero_pose(a1, e1), close_pose(rng, main, f, mn, 1.35)

    def dolly(u):
        s = smooth(u)
        d0, d1 = p0[0] - p0[1], p1[0] - p1[1]
        l = np.exp(np.log(np.linalg.norm(d0)) * (1 - s) + np.log(np.linalg.norm(d1)) * s)
        d = d0 / np.linalg.norm(d0) * (1 - s) + d1 / np.linalg.norm(d1) * s
        return p0[1] * (1 - s) + p1[1] * s + d / np.linalg.norm(d) * l

    seg(
        "push_in",
        2.6,
        dolly,
        lambda u: p0[1] * (1 - smooth(u)) + p1[1] * smooth(u),
        [(0.5, 0)],
        join=True,
        note="moves from hero to hardware",
    )
    e, t = still(p1, 0.06)
    s0 = e(0.0) - p1[0]
    seg("hardware", 2.2, lambda u: p1[0] + s0 * (-u), t, [(0.3, 0)], join=True, note="main")
    p1[0] - s0

    def bad_tail(kind):
        """A bad moment that continues the previous pose (no new keyframes)."""
        e, t = segs[-1]["eye"], segs[-1]["tgt"]
        st = segs[-1]["state"]
        if kind == "defocus":
            seg(
                "bad",
                1.1,
                lambda u: e(1.0),
                lambda u: t(1.0),
                [],
                join=True,
                focus=rng.choice(["far", "near"]),
                quality="defocus",
                state=st,
            )
        elif kind in ("over", "under"):
            seg(
                "bad",
                1.1,
                lambda u: e(1.0),
                lambda u: t(1.0),
                [],
                join=True,
                ev=rng.uniform(2.2, 2.9) if kind == "over" else -rng.uniform(2.8, 3.6),
                quality=kind + "exposed",
                state=st,
            )
        elif kind == "shake":
            seg(
                "bad",
                1.2,
                lambda u: e(1.0),
                lambda u: t(1.0),
                [],
                join=True,
                shake=9.0,
                quality="shaky",
                state=st,
            )
        elif kind == "whip":
            E0, T0 = e(1.0), t(1.0)
            d = T0 - E0
            s = np.cross(d, [0, 0, 1.0])
            s = s / np.linalg.norm(s) * np.linalg.norm(d) * rng.choice([-1, 1])
            T1 = T0 + s * 1.0 + np.array([0, 0, 3.0])
            seg(
                "bad",
                0.8,
                lambda u: E0,
                lambda u: T0 + (T1 - T0) * smooth(u),
                [(0.3, 1), (0.62, 1), (1.0, 1)],
                join=True,
                quality="whip",
                state=st,
            )

    def add_hw(a):
        p = close_pose(rng, a, f, mn, 1.3)
        if a.get("path") is not None:
            P = np.asarray(a["path"])
            off = p[0] - p[1]
            ln = np.linalg.norm(np.diff(P, axis=0), axis=1).sum()
            hr = min(0.3, 0.33 * a["size"] / max(ln, 1e-3))

            def at(u):
                return np.array(
                    [
                        np.interp(
                            0.5 + hr * (2 * smooth(u) - 1), np.linspace(0, 1, len(P)), P[:, k]
                        )
                        for k in range(3)
                    ]
                )

            seg("hardware", 2.4, lambda u: at(u) + off, at, [(0.15, 0), (0.85, 0)], note="pan")
        else:
            e, t = still(p, 0.07)
            seg("hardware", 2.0, e, t, [(0.5, 0)])

    def add_st(a, dur=2.8):
        p = close_pose(rng, a, f, mn, 1.2)
        P = np.asarray(a["path"])
        i = int(np.argmin(np.linalg.norm(P - a["p"], axis=1)))
        s = np.r_[0, np.cumsum(np.linalg.norm(np.diff(P, axis=0), axis=1))]
        half = min(0.34 * a["size"], s[-1] * 0.45)
        off = p[0] - p[1]

        def at(u):
            return np.array(
                [
                    np.interp(np.clip(s[i] - half + 2 * half * smooth(u), 0, s[-1]), s, P[:, k])
                    for k in range(3)
                ]
            )

        seg(
            "stitching",
            dur,
            lambda u: safe_eye(at(u) + off),
            at,
            [(0.1, 0), (0.9, 0)]
            if 2 * half < 0.8 * a["size"]
            else [(0.08, 0), (0.5, 0), (0.92, 0)],
            note="pan along seam",
        )

    def add_one(label, a, loose, dur):
        e, t = still(close_pose(rng, a, f, mn, loose), 0.06)
        seg(label, dur, e, t, [(0.5, 0)], note=a.get("flaw", ""))

    sts = by("stitching")
    rng.shuffle(sts)
    blocks = [lambda: add_st(sts[0]), lambda: add_hw(rest[0])]
    if has_open and by("interior"):

        def interior():
            a = by("interior")[0]
            e, t = still(close_pose(rng, a, f, mn, 1.15, 0.0, 0.1), 0.08)
            seg("interior", 2.4, e, t, [(0.5, 0)], state=1)

        blocks.append(interior)
    if by("corner"):
        blocks.append(
            lambda: add_one("corner", by("corner")[rng.integers(len(by("corner")))], 1.3, 1.7)
        )
    if by("flaw"):
        blocks.append(lambda: add_one("flaw", by("flaw")[rng.integers(len(by("flaw")))], 1.5, 1.7))
    if by("distractor"):
        blocks.append(
            lambda: add_one(
                "distractor", by("distractor")[rng.integers(len(by("distractor")))], 1.25, 1.6
            )
        )
    if len(sts) > 1 and seconds > 25:
        blocks.append(lambda: add_st(sts[1], 2.4))
    if len(rest) > 1 and seconds > 21:
        blocks.append(lambda: add_hw(rest[1]))
    order = rng.permutation(len(blocks))
    bads = list(rng.permutation(["defocus", "over", "under", "whip", "shake"]))
    bad_tail(bads.pop()) if rng.random() < 0.7 else None
    for n, i in enumerate(order):
        blocks[i]()
        if (
            bads
            and (len(order) - n <= len(bads) + 1 or rng.random() < 0.5)
            and segs[-1]["label"] not in ("interior",)
        ):
            bad_tail(bads.pop())
    az = rng.uniform(-12, 12)
    e, t = still(hero_pose(az, rng.uniform(15, 25), 1.2), 0.10)
    seg("hero", 1.8, e, t, [(0.3, 0), (1.0, 0)], note="end")
    # timing: real segments share what the transitions leave
    trans = 0.55
    nt = sum(not s["join"] for s in segs[1:])
    k = (seconds - trans * nt) / sum(s["dur"] for s in segs)
    t = 0.0
    for i, s in enumerate(segs):
        if i and not s["join"]:
            t += trans
        s["t0"], s["t1"] = t, t + s["dur"] * k
        t = s["t1"]
    return segs


class CameraPath:
    """Continuous camera: eye, target, script state at any time."""

    def __init__(self, segs, rng, opens):
        self.s = segs
        self.n = [Noise1(rng, 0.25, 2.2) for _ in range(6)]
        self.hf = [Noise1(rng, 3.2, 7.5) for _ in range(6)]

    def locate(self, t):
        t = max(t, 0.0)
        for i, s in enumerate(self.s):
            if t < s["t0"]:
                return (
                    i - 1,
                    i,
                    (t - self.s[i - 1]["t1"]) / max(1e-6, s["t0"] - self.s[i - 1]["t1"]),
                )
            if t <= s["t1"] or i == len(self.s) - 1:
                return i, i, (t - s["t0"]) / max(1e-6, s["t1"] - s["t0"])

    def base(self, t):
        i, j, u = self.locate(t)
        if i == j:
            return (
                self.s[i]["eye"](np.clip(u, 0, 1)),
                self.s[i]["tgt"](np.clip(u, 0, 1)),
                i,
                False,
                self.s[i]["state"],
            )
        a, b, v = self.s[i], self.s[j], smooth(u)
        e0, t0, e1, t1 = a["eye"](1.0), a["tgt"](1.0), b["eye"](0.0), b["tgt"](0.0)
        l0, l1 = np.linalg.norm(e0 - t0), np.linalg.norm(e1 - t1)
        pull = (
            np.array([0, -1.0, 0.35])
            * (0.16 * np.linalg.norm(e1 - e0) + 0.05 * (l0 + l1))
            * np.sin(np.pi * v)
        )
        return (
            e0 * (1 - v) + e1 * v + pull,
            t0 * (1 - v) + t1 * v,
            (i if u < 0.5 else j),
            True,
            a["state"] if u < 0.5 else b["state"],
        )

    def amp(self, t):
        """Shake multiplier with soft edges."""
        m, k = 0.0, 0.0
        for d in np.linspace(-0.12, 0.12, 5):
            m += self.s[self.locate(t + d)[0]]["shake"] if t + d >= 0 else 1.0
            k += 1
        return m / k

    def jitter(self, t):
        a = self.amp(t)
        lo = np.array([n(t) for n in self.n])
        hi = np.array([n(t) for n in self.hf])
        return lo * (1 + 0.12 * (a - 1)) + hi * (0.06 + 0.34 * (a - 1)), a

    def pose(self, t, clean=False):
        e, tg, _i, _tr, _st = self.base(t)
        if clean:
            return look_at(e, tg)
        j, _ = self.jitter(t)
        d = np.linalg.norm(e - tg)
        e = e + j[:3] * (0.035 + 0.0030 * d)
        M = look_at(e, tg, np.radians(0.35) * j[5])
        y, p = np.radians(0.24) * j[3], np.radians(0.24) * j[4]
        cy, sy, cp, sp = np.cos(y), np.sin(y), np.cos(p), np.sin(p)
        M[:3, :3] = (
            M[:3, :3]
            @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
            @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        )
        return M
