"""The lens and the sensor: reprojection, defocus, motion blur, tone."""

import cv2
import numpy as np
from numba import njit

APERTURE = 0.30  # cm, a phone's main camera (f = 5.6 mm, f/1.9)

CV = np.diag([1.0, -1, -1])


class View:
    """Pinhole: 4x4 camera-to-world (looks along -z), size, focal length in px."""

    def __init__(self, pose, w, h, f):
        self.pose, self.w, self.h, self.f = np.asarray(pose, float), w, h, float(f)
        self.R = CV @ self.pose[:3, :3].T  # world -> cv camera
        self.c = self.pose[:3, 3]

    def project(self, P):
        q = (np.atleast_2d(P) - self.c) @ self.R.T
        return np.stack(
            [
                self.f * q[:, 0] / q[:, 2] + self.w / 2,
                self.f * q[:, 1] / q[:, 2] + self.h / 2,
                q[:, 2],
            ],
            1,
        )


def rel(a, b):
    """Transform from camera a to camera b (cv axes)."""
    R = b.R @ a.R.T
    return np.ascontiguousarray(R), np.ascontiguousarray(b.R @ (a.c - b.c))


@njit(cache=True, fastmath=True)
def splat(z, fs, R, t, ft, W, H, out):
    hs, ws = z.shape
    for j in range(hs):
        for i in range(ws):
            d = z[j, i]
            x = (i + 0.5 - ws * 0.5) / fs * d
            y = (j + 0.5 - hs * 0.5) / fs * d
            Z = R[2, 0] * x + R[2, 1] * y + R[2, 2] * d + t[2]
            if Z < 0.8:
                continue
            u = ft * (R[0, 0] * x + R[0, 1] * y + R[0, 2] * d + t[0]) / Z + W * 0.5
            v = ft * (R[1, 0] * x + R[1, 1] * y + R[1, 2] * d + t[1]) / Z + H * 0.5
            if u < -8 or v < -8 or u > W + 8 or v > H + 8:
                continue
            m = ft / Z * d / fs
            r = 0.5 + 0.35 * m
            if r > 7:
                r = 7.0
            i0, i1 = max(0, int(np.ceil(u - r - 0.5))), min(W - 1, int(np.floor(u + r - 0.5)))
            j0, j1 = max(0, int(np.ceil(v - r - 0.5))), min(H - 1, int(np.floor(v + r - 0.5)))
            for jj in range(j0, j1 + 1):
                for ii in range(i0, i1 + 1):
                    if out[jj, ii] > Z:
                        out[jj, ii] = Z


@njit(cache=True)
def fill(z, big):
    H, W = z.shape
    n = 0
    src = z.copy()
    for j in range(H):
        for i in range(W):
            if src[j, i] >= big:
                m, c = 0.0, 0
                for jj in range(max(0, j - 1), min(H, j + 2)):
                    for ii in range(max(0, i - 1), min(W, i + 2)):
                        q = src[jj, ii]
                        if q < big:
                            c += 1
                            if q > m:
                                m = q
                if c >= 3:
                    z[j, i] = m
                else:
                    n += 1
    return n


@njit(cache=True, fastmath=True)
def gather(zt, ft, R, t, rgb, zs, idx, edge, fs, wt, acc, accw, lab, labw, soft):
    """Adds weight*colour of one source into acc for target pixels that the source really sees."""
    H, W = zt.shape
    hs, ws = zs.shape
    for j in range(H):
        for i in range(W):
            d = zt[j, i]
            x = (i + 0.5 - W * 0.5) / ft * d
            y = (j + 0.5 - H * 0.5) / ft * d
            Z = R[2, 0] * x + R[2, 1] * y + R[2, 2] * d + t[2]
            if Z < 0.5:
                continue
            u = fs * (R[0, 0] * x + R[0, 1] * y + R[0, 2] * d + t[0]) / Z + ws * 0.5 - 0.5
            v = fs * (R[1, 0] * x + R[1, 1] * y + R[1, 2] * d + t[1]) / Z + hs * 0.5 - 0.5
            if u < 1 or v < 1 or u > ws - 3 or v > hs - 3:
                continue
            iu, iv = int(u), int(v)
            best, bi, bj = 1e9, iu, iv
            for b in range(2):
                for a in range(2):
                    e = abs(zs[iv + b, iu + a] - Z)
                    if e < best:
                        best, bi, bj = e, iu + a, iv + b
            tol = 0.012 * Z + 0.12
            ok = 1.0 if best < tol else (soft if best < 3 * tol else 0.0)
            if ok <= 0:
                continue
            w = wt * ok
            if edge[bj, bi]:
                w *= 0.12
            fu, fv = u - iu, v - iv
            # Catmull-Rom weights
            a0 = ((-0.5 * fu + 1.0) * fu - 0.5) * fu
            a1 = (1.5 * fu - 2.5) * fu * fu + 1.0
            a2 = ((-1.5 * fu + 2.0) * fu + 0.5) * fu
            a3 = (0.5 * fu - 0.5) * fu * fu
            b0 = ((-0.5 * fv + 1.0) * fv - 0.5) * fv
            b1 = (1.5 * fv - 2.5) * fv * fv + 1.0
            b2 = ((-1.5 * fv + 2.0) * fv + 0.5) * fv
            b3 = (0.5 * fv - 0.5) * fv * fv
            for k in range(3):
                s = (
                    b0
                    * (
                        a0 * rgb[iv - 1, iu - 1, k]
                        + a1 * rgb[iv - 1, iu, k]
                        + a2 * rgb[iv - 1, iu + 1, k]
                        + a3 * rgb[iv - 1, iu + 2, k]
                    )
                    + b1
                    * (
                        a0 * rgb[iv, iu - 1, k]
                        + a1 * rgb[iv, iu, k]
                        + a2 * rgb[iv, iu + 1, k]
                        + a3 * rgb[iv, iu + 2, k]
                    )
                    + b2
                    * (
                        a0 * rgb[iv + 1, iu - 1, k]
                        + a1 * rgb[iv + 1, iu, k]
                        + a2 * rgb[iv + 1, iu + 1, k]
                        + a3 * rgb[iv + 1, iu + 2, k]
                    )
                    + b3
                    * (
                        a0 * rgb[iv + 2, iu - 1, k]
                        + a1 * rgb[iv + 2, iu, k]
                        + a2 * rgb[iv + 2, iu + 1, k]
                        + a3 * rgb[iv + 2, iu + 2, k]
                    )
                )
                if s < 0:
                    s = 0.0
                acc[j, i, k] += w * s
            accw[j, i] += w
            if w > labw[j, i]:
                labw[j, i] = w
                lab[j, i] = idx[bj, bi]


@njit(cache=True, fastmath=True)
def flow(z, f, R0, t0, R1, t1, out):
    """Pixel displacement between shutter open (0) and close (1), at depth z."""
    H, W = z.shape
    for j in range(H):
        for i in range(W):
            d = z[j, i]
            x = (i + 0.5 - W * 0.5) / f * d
            y = (j + 0.5 - H * 0.5) / f * d
            Z0 = max(0.5, R0[2, 0] * x + R0[2, 1] * y + R0[2, 2] * d + t0[2])
            Z1 = max(0.5, R1[2, 0] * x + R1[2, 1] * y + R1[2, 2] * d + t1[2])
            out[j, i, 0] = f * (
                (R1[0, 0] * x + R1[0, 1] * y + R1[0, 2] * d + t1[0]) / Z1
                - (R0[0, 0] * x + R0[0, 1] * y + R0[0, 2] * d + t0[0]) / Z0
            )
            out[j, i, 1] = f * (
                (R1[1, 0] * x + R1[1, 1] * y + R1[1, 2] * d + t1[1]) / Z1
                - (R0[1, 0] * x + R0[1, 1] * y + R0[1, 2] * d + t0[1]) / Z0
            )


@njit(cache=True, fastmath=True)
def line_blur(src, fl, out):
    H, W, _ = src.shape
    for j in range(H):
        for i in range(W):
            fx, fy = fl[j, i, 0], fl[j, i, 1]
            L = (fx * fx + fy * fy) ** 0.5
            n = int(min(21.0, L * 0.75)) + 1
            a = b = c = 0.0
            for k in range(n):
                s = (k + 0.5) / n - 0.5
                u = min(max(i + fx * s, 0.0), W - 1.001)
                v = min(max(j + fy * s, 0.0), H - 1.001)
                iu, iv = int(u), int(v)
                p, q = u - iu, v - iv
                w00, w10, w01, w11 = (1 - p) * (1 - q), p * (1 - q), (1 - p) * q, p * q
                a += (
                    w00 * src[iv, iu, 0]
                    + w10 * src[iv, iu + 1, 0]
                    + w01 * src[iv + 1, iu, 0]
                    + w11 * src[iv + 1, iu + 1, 0]
                )
                b += (
                    w00 * src[iv, iu, 1]
                    + w10 * src[iv, iu + 1, 1]
                    + w01 * src[iv + 1, iu, 1]
                    + w11 * src[iv + 1, iu + 1, 1]
                )
                c += (
                    w00 * src[iv, iu, 2]
                    + w10 * src[iv, iu + 1, 2]
                    + w01 * src[iv + 1, iu, 2]
                    + w11 * src[iv + 1, iu + 1, 2]
                )
            out[j, i, 0], out[j, i, 1], out[j, i, 2] = a / n, b / n, c / n


class Key:
    """One rendered keyframe."""

    def __init__(self, view, rgb, z, idx, t=0.0, state=0, lo=False):
        self.v, self.t, self.state, self.lo = view, t, state, lo
        self.rgb, self.z, self.idx = (
            np.ascontiguousarray(rgb, dtype=np.float32),
            np.ascontiguousarray(z),
            np.ascontiguousarray(idx),
        )
        mx, mn = cv2.dilate(z, np.ones((3, 3))), cv2.erode(z, np.ones((3, 3)))
        self.edge = ((mx - mn) > 0.03 * mn + 0.3).astype(np.uint8)


def reproject(view, keys, weights):
    """-> linear rgb, z, label for a view.  keys sorted by preference."""
    W, H = view.w, view.h
    big = 1e6
    z = np.full((H, W), big, np.float32)
    for k in keys[:2]:
        R, t = rel(k.v, view)
        splat(k.z, k.v.f, R, t, view.f, W, H, z)
    if len(keys) > 2 and (z >= big).mean() > 0.002:
        z2 = np.full((H, W), big, np.float32)
        for k in keys[2:]:
            R, t = rel(k.v, view)
            splat(k.z, k.v.f, R, t, view.f, W, H, z2)
        z = np.where(z >= big, z2, z)
    for _ in range(3):
        if fill(z, big) == 0:
            break
    hole = z >= big
    if hole.any():
        zz = z.copy()
        zz[hole] = 0
        s = 16
        sm = cv2.resize(zz, (W // s, H // s), interpolation=cv2.INTER_AREA)
        cn = cv2.resize((~hole).astype(np.float32), (W // s, H // s), interpolation=cv2.INTER_AREA)
        for _ in range(8):
            sm, cn = cv2.GaussianBlur(sm, (0, 0), 2), cv2.GaussianBlur(cn, (0, 0), 2)
        z = np.where(hole, cv2.resize(sm / np.maximum(cn, 1e-4), (W, H)), z).astype(np.float32)
        z = np.maximum(z, 2.0)
    acc, accw = np.zeros((H, W, 3), np.float32), np.zeros((H, W), np.float32)
    lab, labw = np.ones((H, W), np.uint8), np.zeros((H, W), np.float32)
    for n, (k, w) in enumerate(zip(keys, weights, strict=False)):
        if n >= 2 and (accw < 1e-4).mean() < 0.0005:
            break
        w = max(w, 1e-5)
        R, t = rel(view, k.v)
        gather(z, view.f, R, t, k.rgb, k.z, k.idx, k.edge, k.v.f, w, acc, accw, lab, labw, 1e-5)
    miss = accw <= 0
    rgb = acc / np.maximum(accw, 1e-9)[..., None]
    if miss.any():  # pinholes from their neighbours, larger gaps from the background around them
        m = (~miss).astype(np.float32)
        n5 = cv2.boxFilter(m, -1, (5, 5), normalize=False)
        small = miss & (n5 > 9)
        if small.any():
            c5 = (
                cv2.boxFilter(rgb * m[..., None], -1, (5, 5), normalize=False)
                / np.maximum(n5, 1)[..., None]
            )
            rgb[small] = c5[small]
            m[small] = 1
        if (m < 0.5).any():
            s = 6
            sz = (max(8, W // s), max(8, H // s))
            zf = cv2.resize(
                np.where(m > 0, z, 0).astype(np.float32), sz, interpolation=cv2.INTER_NEAREST
            )
            far = (zf / np.maximum(cv2.dilate(zf, np.ones((9, 9))), 1e-3)) ** 10 * (
                zf > 0
            )  # favour the farther surface
            lo = cv2.resize(rgb, sz, interpolation=cv2.INTER_NEAREST) * far[..., None]
            out_c, out_w = np.zeros_like(lo), np.zeros_like(far)
            for sg in (1.2, 3.0, 8.0, 24.0):
                g, gw = cv2.GaussianBlur(lo, (0, 0), sg), cv2.GaussianBlur(far, (0, 0), sg)
                k = out_w < 0.04
                out_c[k], out_w[k] = g[k], gw[k]
            fillc = cv2.resize(out_c / np.maximum(out_w, 1e-6)[..., None], (W, H))
            gone = m < 0.5
            rgb[gone] = fillc[gone]
            lab[gone] = 1
    rgb = rgb.astype(np.float32)
    return rgb, z, lab, float(miss.mean())


def disc(r):
    n = int(np.ceil(r))
    y, x = np.mgrid[-n : n + 1, -n : n + 1]
    k = np.clip(r + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return k / k.sum()


def defocus(rgb, coc):
    """coc: blur-disc diameter in px per pixel."""
    r = cv2.GaussianBlur(coc * 0.5, (0, 0), 1.6)
    top = float(np.percentile(r, 99.5))
    if top < 0.35:
        return rgb
    lv = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0]
    im = [rgb]
    for q in lv[1:]:
        if im and lv[len(im) - 1] >= top:
            break
        if q <= 2:
            im.append(cv2.filter2D(rgb, -1, disc(q), borderType=cv2.BORDER_REFLECT))
        else:
            s = 2 if q <= 4 else 4
            sm = cv2.resize(rgb, None, fx=1 / s, fy=1 / s, interpolation=cv2.INTER_AREA)
            sm = cv2.filter2D(sm, -1, disc(q / s), borderType=cv2.BORDER_REFLECT)
            im.append(cv2.resize(sm, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR))
    out = im[0].copy()
    for i in range(1, len(im)):
        w = np.clip((r - lv[i - 1]) / (lv[i] - lv[i - 1]), 0, 1)[..., None]
        out += (im[i] - out) * w
    return out


class Sensor:
    def __init__(self, rng, w, h, iso=1.0):
        self.rng, self.w, self.h = rng, w, h
        self.planes = []
        for _ in range(5):
            l = rng.normal(0, 1, (h + 64, w + 64, 1)).astype(np.float32)
            c = rng.normal(0, 0.8, (h + 64, w + 64, 3)).astype(np.float32)
            n = 0.75 * l + 0.65 * cv2.GaussianBlur(c, (0, 0), 0.9) * 1.6
            self.planes.append(cv2.GaussianBlur(n, (0, 0), 0.55) * 1.35)
        self.a, self.b = 0.0007 * iso, 0.004 * iso**0.5


_g = np.linspace(0, 8, 4096)


def _curve():
    x = _g * 1.25
    y = x * (1 + x / 7.0) / (1 + x)  # shoulder
    y = np.clip(y * 1.06, 0, 1)
    s = np.where(y < 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-9) ** (1 / 2.4) - 0.055)
    return np.clip(s + 0.04 * np.sin(2 * np.pi * (s - 0.5)), 0, 1)  # mild S-contrast


LUT = (_curve() * 255).astype(np.float32)


@njit(cache=True, fastmath=True)
def _tone(x, n, gr, gg, gb, a, b2, sat, lut, out):
    """gain + white balance + shot/read noise + saturation + tone curve, one pass."""
    H, W, _ = x.shape
    for j in range(H):
        for i in range(W):
            r, g, b = (
                max(x[j, i, 0], 0.0) * gr,
                max(x[j, i, 1], 0.0) * gg,
                max(x[j, i, 2], 0.0) * gb,
            )
            r += n[j, i, 0] * (a * min(r, 1.2) + b2) ** 0.5
            g += n[j, i, 1] * (a * min(g, 1.2) + b2) ** 0.5
            b += n[j, i, 2] * (a * min(b, 1.2) + b2) ** 0.5
            y = (r + g + b) / 3.0
            for k in range(3):
                v = r if k == 0 else (g if k == 1 else b)
                v = (y + (v - y) * sat) * (4095.0 / 8.0)
                v = min(max(v, 0.0), 4094.9)
                q = int(v)
                out[j, i, k] = lut[q] + (lut[q + 1] - lut[q]) * (v - q)


def tone(x, sat=1.12, sharp=0.35, sensor=None, gain=1.0, wb=(1.0, 1.0, 1.0)):
    x = np.ascontiguousarray(x, dtype=np.float32)
    h, w = x.shape[:2]
    if sensor is None:
        n, a, b2 = np.zeros((h, w, 3), np.float32), 0.0, 0.0
    else:
        p = sensor.planes[sensor.rng.integers(5)]
        i, j = sensor.rng.integers(0, 64, 2)
        n, a, b2 = p[j : j + h, i : i + w], sensor.a, sensor.b**2
    out = np.empty((h, w, 3), np.float32)
    _tone(x, n, float(gain * wb[0]), float(gain * wb[1]), float(gain * wb[2]), a, b2, sat, LUT, out)
    if sharp:
        out = cv2.addWeighted(out, 1 + sharp, cv2.GaussianBlur(out, (0, 0), 1.0), -sharp, 0)
    return cv2.convertScaleAbs(np.maximum(out, 0))
