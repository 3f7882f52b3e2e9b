"""Meshes as (vertices, faces, texture coordinates): sweeps, lathes, bent pieces, stitches."""

import numpy as np


def unit(v):
    v = np.asarray(v, float)
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def resample(p, n=None, step=None, closed=False):
    p = np.asarray(p, float)
    if closed:
        p = np.vstack([p, p[:1]])
    s = np.r_[0, np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))]
    if n is None:
        n = max(2, round(s[-1] / step) + (0 if closed else 1))
    t = np.linspace(0, s[-1], n + 1)[:-1] if closed else np.linspace(0, s[-1], n)
    return np.stack([np.interp(t, s, p[:, k]) for k in range(p.shape[1])], 1)


def rounded_poly(pts, radii, n=480):
    """Closed ccw outline (n,2) with rounded corners."""
    pts = np.asarray(pts, float)
    m = len(pts)
    radii = np.broadcast_to(radii, (m,))
    out = []
    for i in range(m):
        p, a, b = pts[i], pts[i - 1], pts[(i + 1) % m]
        u, v = unit(a - p), unit(b - p)
        t = min(radii[i], 0.49 * np.linalg.norm(a - p), 0.49 * np.linalg.norm(b - p))
        s = np.linspace(0, 1, 14)[:, None]
        A, C = p + u * t, p + v * t
        w = 0.75  # rational quadratic: near-circular corner
        den = (1 - s) ** 2 + 2 * w * s * (1 - s) + s**2
        out.append(((1 - s) ** 2 * A + 2 * w * s * (1 - s) * p + s**2 * C) / den)
    o = resample(np.vstack(out), n, closed=True)
    x, y = o.T
    if np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) < 0:
        o = o[::-1].copy()
    return o


def rrect(w, h, r, n=480, taper=0.0):
    """Centred rounded rectangle; taper: half-width difference bottom-top (cm)."""
    return rounded_poly(
        [(-w / 2 + taper, -h / 2), (w / 2 - taper, -h / 2), (w / 2, h / 2), (-w / 2, h / 2)], r, n
    )


def ellipse(rx, ry, n=64):
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack([rx * np.cos(t), ry * np.sin(t)], 1)


def inward(o):
    t = unit(np.roll(o, -1, 0) - np.roll(o, 1, 0))
    return np.stack([-t[:, 1], t[:, 0]], 1)


def ring_faces(R, N, flip=False, base=0):
    i = np.arange(R - 1)[:, None] * N
    j = np.arange(N)[None]
    jn = (j + 1) % N
    f = np.stack([i + j, i + jn, i + N + jn, i + N + j], -1).reshape(-1, 4)
    return (f[:, ::-1] if flip else f) + base


def grid_faces(R, C, flip=False):
    i = np.arange(R - 1)[:, None] * C
    j = np.arange(C - 1)[None]
    f = np.stack([i + j, i + j + 1, i + C + j + 1, i + C + j], -1).reshape(-1, 4)
    return f[:, ::-1] if flip else f


def soft_noise(rng, amp, wl, n=7):
    """Smooth random 2-D function, sum of sinusoids (sagging leather)."""
    th = rng.uniform(0, 2 * np.pi, n)
    k = 2 * np.pi / (wl * rng.uniform(0.6, 1.7, n))
    ph = rng.uniform(0, 2 * np.pi, n)
    am = amp / np.sqrt(n) * rng.uniform(0.5, 1.5, n)

    def f(a, b):
        r = 0
        for i in range(n):
            r = r + am[i] * np.sin(k[i] * (np.cos(th[i]) * a + np.sin(th[i]) * b) + ph[i])
        return r

    return f


class Piece:
    """A cut of leather: a flat outline (a, b), its thickness, and its relief h(a, b, d).

    d is the distance from the edge; bend(a, b, h) bends it into space; seams run in grooves at
    constant insets.
    """

    def __init__(
        self,
        outline,
        bend,
        thick=0.25,
        er=None,
        seams=(),
        pad=0.0,
        padw=1.2,
        bulge=None,
        strip=False,
        groove=0.06,
        dmax=None,
        inner=46,
        lines=None,
    ):
        self.o, self.bend, self.thick = outline, bend, thick
        self.er = er or thick * 0.55
        self.seams, self.pad, self.padw = list(seams), pad, padw
        self.bulge, self.strip, self.groove = bulge, strip, groove
        self.nrm = inward(outline)
        half = 0.5 * min(np.ptp(outline[:, 0]), np.ptp(outline[:, 1]))
        self.dmax = dmax or min(
            0.8 * half, (max(self.seams) + 0.27) if self.seams else max(0.06, 1.6 * self.er)
        )
        self.inner = inner
        self.lines = lines  # extra relief, function of (a,b)

    def h(self, a, b, d):
        er = self.er
        x = np.clip(d / er, 0, 1)
        h = self.thick - er * (1 - np.sqrt(np.clip(1 - (1 - x) ** 2, 0, 1)))
        for s in self.seams:
            h = h - self.groove * np.exp(-(((d - s) / 0.11) ** 2))
        if self.pad:
            s0 = max(self.seams) if self.seams else er
            h = h + self.pad * (1 - np.exp(-np.clip(d - s0, 0, None) / self.padw))
        if self.bulge is not None:
            h = h + self.bulge(a, b) * np.clip((d - er) / 2.0, 0, 1)
        if self.lines is not None:
            h = h + self.lines(a, b) * np.clip((d - 0.9) / 0.5, 0, 1)
        return h

    def mesh(self, back=True):
        N = len(self.o)
        er = self.er
        edge = er * (1 - np.cos(np.linspace(0, np.pi / 2, 5)))
        ds = np.r_[edge, np.arange(er + 0.05, self.dmax, 0.055 if self.seams else 0.15)]
        rings = [(self.o + self.nrm * d, d) for d in ds]
        last, dl = rings[-1]
        c = last.mean(0)
        for k in np.linspace(0, 1, self.inner + 1)[1:]:
            s = 1 - k * 0.995
            q = last.copy()
            q[:, 0] = c[0] + (q[:, 0] - c[0]) * s
            if not self.strip:
                q[:, 1] = c[1] + (q[:, 1] - c[1]) * s
            rings.append((q, dl + k * 4))
        V, UV = [], []
        if back:  # underside, from the middle to the rim
            for s in [0.02, 0.5, 1.0]:
                q = self.o + self.nrm * (er * 0.5)
                cc = q.mean(0)
                q = q.copy()
                q[:, 0] = cc[0] + (q[:, 0] - cc[0]) * s
                if not self.strip:
                    q[:, 1] = cc[1] + (q[:, 1] - cc[1]) * s
                V.append(self.bend(q[:, 0], q[:, 1], np.zeros(N)))
                UV.append(q)
            V.append(self.bend(self.o[:, 0], self.o[:, 1], np.full(N, er * 0.4)))
            UV.append(self.o)
        for q, d in rings:
            V.append(self.bend(q[:, 0], q[:, 1], self.h(q[:, 0], q[:, 1], np.full(N, d))))
            UV.append(q)
        return np.vstack(V), ring_faces(len(V), N), np.vstack(UV)

    def point(self, a, b, d=None, lift=0.0):
        a, b = np.atleast_1d(a).astype(float), np.atleast_1d(b).astype(float)
        if d is None:
            d = np.full(a.shape, self.dmax + 2.0)
        return self.bend(a, b, self.h(a, b, d) + lift)

    def normal(self, a, b):
        a, b = np.atleast_1d(a).astype(float), np.atleast_1d(b).astype(float)
        return unit(self.bend(a, b, np.full(a.shape, 1.0)) - self.bend(a, b, np.full(a.shape, 0.0)))

    def seam_path(self, inset, closed=True, keep=None):
        """Points and normals along the seam; keep(a, b) selects a part, its first run."""
        q = self.o + self.nrm * inset
        q = resample(q, step=0.05, closed=True)
        if keep is not None:
            k = keep(q[:, 0], q[:, 1])
            if not k.all():
                s = np.where(~k)[0][0]
                q, k = np.roll(q, -s, 0), np.roll(k, -s)
                q = q[k]
        d = np.full(len(q), inset)
        return self.bend(q[:, 0], q[:, 1], self.h(q[:, 0], q[:, 1], d)), self.normal(
            q[:, 0], q[:, 1]
        )

    def line_path(self, pts, lift=0.0):
        q = resample(np.asarray(pts, float), step=0.05)
        d = np.full(len(q), self.dmax + 2.0)
        return self.bend(q[:, 0], q[:, 1], self.h(q[:, 0], q[:, 1], d) + lift), self.normal(
            q[:, 0], q[:, 1]
        )


def stitches(P, N, rng, length=0.30, gap=0.07, r=0.042, slant=0.10, jitter=0.012, M=7, K=8):
    """Individual thread capsules along a path P with surface normals N. -> V,F,UV, hole centres"""
    s = np.r_[0, np.cumsum(np.linalg.norm(np.diff(P, axis=0), axis=1))]
    n = max(1, int(s[-1] // (length + gap)))
    c = (np.arange(n) + 0.5) * s[-1] / n

    def at(x, A):
        return np.stack([np.interp(x, s, A[:, k]) for k in range(3)], 1)

    C, Nn = at(c, P), unit(at(c, N))
    T = unit(at(c + 0.5 * length, P) - at(c - 0.5 * length, P))
    B = unit(np.cross(Nn, T))
    ang = slant + rng.normal(0, 0.035, n)
    T2 = unit(T + B * np.tan(ang)[:, None])
    B2 = unit(np.cross(Nn, T2))
    L = length * (1 + rng.normal(0, 0.03, n))
    C = C + B * rng.normal(0, jitter, n)[:, None]
    t = np.linspace(-1, 1, M)
    hgt = r * (0.55 - 1.5 * np.abs(t) ** 3)  # ends dive into the leather
    rad = r * (1 - 0.25 * np.abs(t) ** 4)
    ph = np.linspace(0, 2 * np.pi, K, endpoint=False)
    ctr = (
        C[:, None]
        + T2[:, None] * (t[None, :, None] * 0.5 * L[:, None, None])
        + Nn[:, None] * hgt[None, :, None]
    )
    off = (
        B2[:, None, None] * np.cos(ph)[None, None, :, None] * 1.12
        + Nn[:, None, None] * np.sin(ph)[None, None, :, None] * 0.9
    )
    V = ctr[:, :, None] + off * rad[None, :, None, None]
    F1 = ring_faces(M, K)
    F = (np.arange(n)[:, None, None] * (M * K) + F1[None]).reshape(-1, 4)
    u = np.broadcast_to(ph[None, None, :] / (2 * np.pi), (n, M, K))
    v = (
        np.broadcast_to((t * length * 0.5)[None, :, None], (n, M, K))
        + rng.uniform(0, 9, n)[:, None, None]
    )
    UV = np.stack([u, v], -1).reshape(-1, 2)
    holes = np.concatenate(
        [C - T2 * (L[:, None] * 0.5 + gap * 0.25), C + T2 * (L[:, None] * 0.5 + gap * 0.25)]
    )
    return V.reshape(-1, 3), F, UV, holes, np.concatenate([Nn, Nn])


def discs(C, N, r, lift=0.004, K=8):
    a = unit(np.cross(N, np.array([0.31, 0.77, 0.56])))
    b = np.cross(N, a)
    ph = np.linspace(0, 2 * np.pi, K, endpoint=False)
    V = (
        C[:, None]
        + N[:, None] * lift
        + r * (a[:, None] * np.cos(ph)[None, :, None] + b[:, None] * np.sin(ph)[None, :, None])
    )
    n = len(C)
    F = (
        np.arange(n)[:, None, None] * K + np.array([[0, 1, 2, 3], [0, 3, 4, 7], [4, 5, 6, 7]])[None]
    ).reshape(-1, 4)
    return V.reshape(-1, 3), F, np.zeros((n * K, 2))


def frames(P, up=None, closed=False):
    P = np.asarray(P, float)
    T = unit(np.roll(P, -1, 0) - np.roll(P, 1, 0)) if closed else unit(np.gradient(P, axis=0))
    if up is not None:
        up = np.broadcast_to(np.asarray(up, float), P.shape)
        B = unit(np.cross(T, up))
        return T, unit(np.cross(B, T)), B
    N = np.zeros_like(P)
    a = np.array([0, 0, 1.0]) if abs(T[0, 2]) < 0.9 else np.array([1.0, 0, 0])
    N[0] = unit(a - T[0] * (a @ T[0]))
    for i in range(1, len(P)):
        v = N[i - 1] - T[i] * (N[i - 1] @ T[i])
        N[i] = unit(v)
    return T, N, np.cross(T, N)


def sweep(P, r, closed=False, K=12, up=None, ry=None, caps=True):
    P = np.asarray(P, float)
    _T, N, B = frames(P, up, closed)
    n = len(P)
    r = np.broadcast_to(r, (n,)).astype(float)
    ry = r if ry is None else np.broadcast_to(ry, (n,)).astype(float)
    if caps and not closed:
        P = np.vstack([P[:1], P, P[-1:]])
        N, B = np.vstack([N[:1], N, N[-1:]]), np.vstack([B[:1], B, B[-1:]])
        r, ry = np.r_[1e-3, r, 1e-3], np.r_[1e-3, ry, 1e-3]
        n += 2
    ph = np.linspace(0, 2 * np.pi, K, endpoint=False)
    V = (
        P[:, None]
        + N[:, None] * (ry[:, None] * np.sin(ph))[..., None]
        + B[:, None] * (r[:, None] * np.cos(ph))[..., None]
    )
    if closed:
        j = np.arange(K)
        i = np.arange(n)[:, None]
        F = np.stack(
            [
                i * K + j,
                i * K + (j + 1) % K,
                ((i + 1) % n) * K + (j + 1) % K,
                ((i + 1) % n) * K + j,
            ],
            -1,
        ).reshape(-1, 4)
    else:
        F = ring_faces(n, K)
    s = np.r_[0, np.cumsum(np.linalg.norm(np.diff(P, axis=0), axis=1))]
    UV = np.stack(
        np.broadcast_arrays(ph[None] / (2 * np.pi) * (2 * np.pi * r.mean()), s[:, None]), -1
    ).reshape(-1, 2)
    return V.reshape(-1, 3), F, UV


def lathe(prof, K=40, origin=(0, 0, 0), axis=(0, 0, 1), scale=(1, 1)):
    prof = np.asarray(prof, float)
    ax = unit(axis)
    a = unit(np.cross(ax, [0.3, 1, 0.2])) if abs(ax[1]) < 0.9 else unit(np.cross(ax, [1, 0, 0.2]))
    b = np.cross(ax, a)
    ph = np.linspace(0, 2 * np.pi, K, endpoint=False)
    V = (
        np.asarray(origin, float)
        + prof[:, None, 1:2] * ax
        + prof[:, None, 0:1]
        * (a * np.cos(ph)[None, :, None] * scale[0] + b * np.sin(ph)[None, :, None] * scale[1])
    )
    UV = np.stack(
        np.broadcast_arrays(
            ph[None] * np.maximum(prof[:, :1], 0.1),
            np.cumsum(np.r_[0, np.linalg.norm(np.diff(prof, axis=0), axis=1)])[:, None],
        ),
        -1,
    )
    return V.reshape(-1, 3), ring_faces(len(prof), K), UV.reshape(-1, 2)


def plane_bend(origin, ax, ay):
    """Flat frame: (a,b,h) -> origin + a*ax + b*ay + h*(ax x ay)."""
    o, ax, ay = np.asarray(origin, float), unit(ax), unit(ay)
    n = np.cross(ax, ay)
    return lambda a, b, h: (
        o + np.asarray(a)[:, None] * ax + np.asarray(b)[:, None] * ay + np.asarray(h)[:, None] * n
    )


def path_bend(P, up, flip=1):
    """b = arc length along P, a across, h along the normal (up is approximate normal)."""
    P = resample(P, step=0.12)
    T = unit(np.gradient(P, axis=0))
    up = np.asarray(up, float)
    if up.ndim == 1:
        up = np.broadcast_to(up, P.shape)
    elif len(up) != len(P):
        up = resample_along(up, len(P))
    N = unit(up - T * np.sum(up * T, 1, keepdims=True))
    B = np.cross(T, N) * flip
    s = np.r_[0, np.cumsum(np.linalg.norm(np.diff(P, axis=0), axis=1))]
    tab = np.hstack([P, N, B])

    def f(a, b, h):
        q = np.stack([np.interp(b, s, tab[:, k]) for k in range(9)], 1)
        ex = np.clip(b - s[-1], 0, None) + np.clip(b - s[0], None, 0)
        Te = np.where((b > s[-1])[:, None], T[-1], T[0])
        return (
            q[:, :3]
            + np.asarray(ex)[:, None] * Te
            + q[:, 3:6] * np.asarray(h)[:, None]
            + q[:, 6:] * np.asarray(a)[:, None]
        )

    f.length = s[-1]
    return f


def resample_along(A, n):
    x = np.linspace(0, 1, len(A))
    t = np.linspace(0, 1, n)
    return np.stack([np.interp(t, x, A[:, k]) for k in range(A.shape[1])], 1)


def oval_path(w, h, n=40):
    return rounded_poly(
        [(-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2)], min(w, h) * 0.5, n
    )


def instance(V, F, UV, M4s):
    """Merge copies of a template under (n,3,3) rotations and (n,3) shifts."""
    R, t = M4s
    n, m = len(t), len(V)
    VV = np.einsum("nij,mj->nmi", R, V) + t[:, None]
    FF = (np.arange(n)[:, None, None] * m + F[None]).reshape(-1, F.shape[1])
    return VV.reshape(-1, 3), FF, np.tile(UV, (n, 1))


def catenary(a, b, sag, n=160):
    t = np.linspace(0, 1, n)[:, None]
    p = np.asarray(a) * (1 - t) + np.asarray(b) * t
    p[:, 2] -= sag * 4 * (t * (1 - t))[:, 0]
    return p


def inside(poly, x, y):
    """Vectorised even-odd point in polygon."""
    r = np.zeros(x.shape, bool)
    px, py = poly[::4, 0], poly[::4, 1]
    j = len(px) - 1
    for i in range(len(px)):
        c = ((py[i] > y) != (py[j] > y)) & (
            x < (px[j] - px[i]) * (y - py[i]) / (py[j] - py[i] + 1e-12) + px[i]
        )
        r ^= c
        j = i
    return r


def chaikin(p, n=4, closed=False):
    """A polygon with its corners cut n times (Chaikin 1974)."""
    p = np.asarray(p, float)
    for _ in range(n):
        if closed:
            q = np.roll(p, -1, 0)
            p = np.stack([0.75 * p + 0.25 * q, 0.25 * p + 0.75 * q], 1).reshape(-1, p.shape[1])
        else:
            a, b = p[:-1], p[1:]
            m = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], 1).reshape(-1, p.shape[1])
            p = np.vstack([p[:1], m, p[-1:]])
    return p
