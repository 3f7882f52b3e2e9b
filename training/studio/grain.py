"""Grain: leather surfaces as tiling height maps."""

import os
import tempfile

import numpy as np
from scipy.spatial import cKDTree

HERE = os.path.join(tempfile.gettempdir(), "video-pipeline-grain")
TILE = {"pebble": 6.0, "smooth": 3.6, "saffiano": 5.0}  # cm per tile
N = 1024


def spec_noise(rng, n, f0, beta=1.5, f1=None):
    """Periodic filtered noise, 0 mean, unit sd."""
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(n) * n, np.fft.fftfreq(n) * n))
    a = (f > 0) / np.maximum(1, (f / f0)) ** beta * (np.minimum(f / (f0 * 0.5), 1) ** 2)
    if f1:
        a *= f < f1
    x = np.fft.ifft2(np.fft.fft2(rng.normal(size=(n, n))) * a).real
    return (x - x.mean()) / x.std()


def ss(x, a, b):
    t = np.clip((x - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)


def voro(rng, cells, warp, n=N):
    g = (
        np.stack(np.meshgrid(np.arange(cells), np.arange(cells)), -1).reshape(-1, 2)
        + rng.uniform(0, 1, (cells * cells, 2))
    ) / cells
    p = np.vstack([np.add(g, (i, j)) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    p = p[(p > -0.15).all(1) & (p < 1.15).all(1)]
    X, Y = np.meshgrid((np.arange(n) + 0.5) / n, (np.arange(n) + 0.5) / n)
    w1, w2 = spec_noise(rng, n, cells * 0.35, 2.0), spec_noise(rng, n, cells * 0.35, 2.0)
    q = np.stack([X + warp / cells * w1, Y + warp / cells * w2], -1)
    d, _ = cKDTree(p).query((q % 1.0).reshape(-1, 2), k=2)
    return ((d[:, 1] - d[:, 0]) * cells).reshape(n, n), (d[:, 0] * cells).reshape(n, n)


def grain(kind):
    os.makedirs(HERE, exist_ok=True)
    fn = f"{HERE}/{kind}.npy"
    if os.path.exists(fn):
        return np.load(fn).astype(np.float32)
    rng = np.random.default_rng({"pebble": 1, "smooth": 2, "saffiano": 3}[kind])
    fine = spec_noise(rng, N, 60, 1.2)
    if kind == "pebble":
        e, c = voro(rng, 33, 0.16)
        h = ss(e, 0, 0.42) * (1 - 0.35 * np.clip(c, 0, 1) ** 2)
        e2, _ = voro(rng, 90, 0.2)
        h = h * (0.93 + 0.07 * ss(e2, 0, 0.3)) + 0.018 * fine
        cav = ss(e, 0, 0.30)
    elif kind == "smooth":
        e, c = voro(rng, 58, 0.25)
        h = 0.55 * ss(e, 0, 0.35) + 0.10 * spec_noise(rng, N, 16, 1.5) + 0.05 * fine
        cav = 0.5 + 0.5 * ss(e, 0, 0.3)
    else:
        X, Y = np.meshgrid(np.arange(N) / N, np.arange(N) / N)
        w = 0.0035 * spec_noise(rng, N, 12, 2.0)
        a = 0.5 + 0.5 * np.sin(2 * np.pi * 34 * (X + Y + w))
        b = 0.5 + 0.5 * np.sin(2 * np.pi * 34 * (X - Y + w))
        h = np.maximum(a**2.2, 0.55 * b**2) + 0.03 * fine
        cav = ss(h, 0.05, 0.5)
    out = np.stack([h, cav, 0.5 + 0.18 * spec_noise(rng, N, 9, 1.4)], -1)
    out = np.clip(out, 0, 1.2)
    np.save(fn, out.astype(np.float16))
    return out.astype(np.float32)


def large():
    """Large-scale tile (36 cm): R tone clouds, G creases (0 = crease), B blotch."""
    fn = f"{HERE}/large.npy"
    if os.path.exists(fn):
        return np.load(fn).astype(np.float32)
    os.makedirs(HERE, exist_ok=True)
    rng = np.random.default_rng(9)
    e, _ = voro(rng, 17, 0.45)
    m = ss(spec_noise(rng, N, 3, 1.8), 0.2, 1.2)
    cr = 1 - m * (1 - ss(e, 0, 0.10))
    out = np.stack(
        [
            np.clip(0.5 + 0.2 * spec_noise(rng, N, 5, 1.3), 0, 1),
            cr,
            np.clip(0.5 + 0.2 * spec_noise(rng, N, 20, 1.3), 0, 1),
        ],
        -1,
    )
    np.save(fn, out.astype(np.float16))
    return out.astype(np.float32)


if __name__ == "__main__":
    for k in TILE:
        grain(k)
    large()
