"""A take: sparse path-traced keyframes along a script, reprojected to 30 frames a second.

`python -m training.studio.take --seed 7 --style flap --out DIR [--seconds 24] [--size 540x960]`
writes take.mp4, truth.json, masks.npz (index mask of every frame at half size) and keys/*.png.
"""

import argparse
import json
import os
import pickle
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np

from training.studio.lens import (
    APERTURE,
    Key,
    Sensor,
    View,
    defocus,
    flow,
    line_blur,
    rel,
    reproject,
    tone,
)
from training.studio.scene import Studio
from training.studio.script import CameraPath, script, smooth
from training.studio.truth import NAMES, flags, frame_truth, write_truth

FPS = 30


def run(a):
    t_start = time.time()
    w, h = map(int, a.size.split("x"))
    f = (1.07 * w) if h >= w else 0.80 * w
    force = {}
    for kv in a.set or []:
        k, v = kv.split("=", 1)
        force[k] = (
            v.split("+") if k in ("flaws", "props") else {"true": True, "false": False}.get(v, v)
        )
        if k in ("flaws", "props") and v == "":
            force[k] = []
    os.makedirs(a.out + "/keys", exist_ok=True)
    rng = np.random.default_rng(a.seed * 7 + 5)
    S = Studio(a.seed, a.style, False, **force)
    anchors, dim, flaws, st = S.bag.anchors, S.bag.dim, S.bag.flaws, S.bag.st
    has_open = a.style in ("tote", "flap")
    if has_open:  # interior anchors come from the opened build
        So = Studio(a.seed, a.style, True, **force)
        anchors = [q for q in anchors if q["kind"] != "interior"] + [
            q for q in So.bag.anchors if q["kind"] == "interior"
        ]
        S = None
    segs = script(rng, anchors, dim, w, h, f, a.seconds, has_open)
    path = CameraPath(segs, rng, has_open)
    # keyframe list
    want = []
    for i, s in enumerate(segs):
        for u, lo in s["keys"]:
            over = 1.24 if any(q["shake"] > 2 for q in segs[i : i + 2]) else 1.12
            want.append(
                (
                    s["t0"] + u * (s["t1"] - s["t0"]),
                    lo,
                    s["state"],
                    1.5 if lo else over,
                    0.36
                    if lo
                    else 0.8
                    if s["label"] in ("hero", "interior", "distractor", "corner", "push_in")
                    else 1.0,
                )
            )
        if i + 1 < len(segs) and segs[i + 1]["t0"] > s["t1"] + 0.1:
            want.append(((s["t1"] + segs[i + 1]["t0"]) / 2 - 0.02, 1, s["state"], 1.6, 0.36))
            if segs[i + 1]["state"] != s["state"]:
                want.append(
                    ((s["t1"] + segs[i + 1]["t0"]) / 2 + 0.02, 1, segs[i + 1]["state"], 1.6, 0.36)
                )
    keys, spk = [], []
    if a.recompose:
        keys = [
            Key(View(*q[:4]), q[4].astype(np.float32), q[5], q[6], *q[7:])
            for q in pickle.loads(Path(a.out, "keys.pkl").read_bytes())["keys"]
        ]
        want = [
            q for q in want if q[0] > max(k.t for k in keys) + 0.35
        ]  # at most a missing end keyframe
    for state in sorted({q[2] for q in want} | {0}, reverse=True):
        S = So if (state and has_open) else Studio(a.seed, a.style, False, **force)
        for t, lo, sta, over, ks in sorted(want):
            if sta != state:
                continue
            k = ks * a.keyscale
            kw, kh, kf = int(w * over * k) // 2 * 2, int(h * over * k) // 2 * 2, f * k
            c0, w0 = time.process_time(), time.time()
            rgb, z, idx = S.render(
                path.pose(t, True),
                kw,
                kh,
                kf,
                2 if lo else a.spp,
                os.path.join(tempfile.gettempdir(), f"synth_{os.getpid()}.exr"),
            )
            spk.append(
                (round(time.time() - w0, 1), round(time.process_time() - c0, 1), kw * kh, lo)
            )
            keys.append(Key(View(path.pose(t, True), kw, kh, kf), rgb, z, idx, t, state, bool(lo)))
            print(
                f"KEY t={t:.2f} lo={lo} state={state} {kw}x{kh} wall={spk[-1][0]} cpu={spk[-1][1]}",
                flush=True,
            )
            if not lo:
                g = 0.19 / np.exp(np.mean(np.log(rgb.mean(-1) + 1e-3)))
                cv2.imwrite(f"{a.out}/keys/{t:05.2f}.png", tone(rgb * g)[..., ::-1])
    t_render = time.time() - t_start
    if a.dump or want:
        kept = pickle.dumps(
            {
                "keys": [
                    (
                        k.v.pose,
                        k.v.w,
                        k.v.h,
                        k.v.f,
                        k.rgb.astype(np.float16),
                        k.z,
                        k.idx,
                        k.t,
                        k.state,
                        k.lo,
                    )
                    for k in keys
                ]
            },
        )
        Path(a.out, "keys.pkl").write_bytes(kept)
    keys.sort(key=lambda k: k.t)
    look = So.look if has_open else S.look
    if a.recompose and os.path.exists(a.out + "/truth.json"):
        old = json.loads(Path(a.out, "truth.json").read_text())["meta"]["perf"]
        t_render, spk = old.get("render_seconds", 0), old.get("keyframes", []) + spk
    compose(
        a,
        keys,
        path,
        segs,
        flaws,
        st,
        look,
        w,
        h,
        f,
        rng,
        {"render_seconds": round(t_render), "keyframes": spk},
        dim,
    )
    print("DONE", a.out, round(time.time() - t_start), "s", flush=True)


def compose(a, keys, path, segs, flaws, st, look, w, h, f, rng, perf, dim):
    t1 = time.time()
    iso = {"window": 1.3, "daylight": 0.7, "softbox": 0.8, "ring": 1.0, "lamp": 3.0}[look["light"]]
    shutter = {
        "window": 1 / 60,
        "daylight": 1 / 100,
        "softbox": 1 / 60,
        "ring": 1 / 60,
        "lamp": 1 / 30,
    }[look["light"]]
    wb = np.array([1, 1, 1.0]) + rng.normal(0, 0.025, 3)
    if look["light"] == "lamp":
        wb = wb * (1.06, 1.0, 0.90)
    sensor = Sensor(rng, w, h, iso)
    nf = round(a.seconds * FPS)
    crf = str(a.crf)
    mp4 = a.out + "/take.mp4"
    enc = subprocess.Popen(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-y",
            "-loglevel",
            "error",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-s",
            f"{w}x{h}",
            "-r",
            str(FPS),
            "-i",
            "-",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-threads",
            "1",
            "-crf",
            crf,
            "-pix_fmt",
            "yuv420p",
            "-movflags",
            "+faststart",
            mp4,
        ],
        stdin=subprocess.PIPE,
    )
    gain, izf = None, None
    frames, masks = [], []
    ev = 0.0
    fl = np.zeros((h, w, 2), np.float32)
    buf = np.zeros((h, w, 3), np.float32)
    for n in range(nf):
        t = n / FPS
        pose = path.pose(t)
        v = View(pose, w, h, f)
        _, _, si, trans, state = path.base(t)
        s = segs[si]
        ks = [k for k in keys if k.state == state] or keys
        i = int(np.searchsorted([k.t for k in ks], t))
        A, B = ks[max(0, i - 1)], ks[min(len(ks) - 1, i)]
        if A is B:
            src, wt = [A], [1.0]
        else:
            x = smooth((t - A.t) / max(1e-6, B.t - A.t))
            wa, wb_ = (1 - x) + 0.02, x + 0.02
            if A.lo and not B.lo:
                wb_ *= 8
            if B.lo and not A.lo:
                wa *= 8
            src, wt = [A, B], [wa / (wa + wb_), wb_ / (wa + wb_)]
        extra = sorted(
            [k for k in ks if k not in src],
            key=lambda k: np.linalg.norm(k.v.c - v.c) + 25 * (1 - k.v.R[2] @ v.R[2]) * 4,
        )[:2]
        src, wt = src + extra, wt + [1e-4] * len(extra)
        lin, z, lab, miss = reproject(v, src, wt)
        # focus
        cz = float(np.median(z[h * 3 // 8 : h * 5 // 8 : 3, w * 3 // 8 : w * 5 // 8 : 3]))
        tgt = 1 / cz
        if s["focus"] == "far":
            tgt = 1 / cz * 0.22
        elif s["focus"] == "near":
            tgt = 1 / cz * 1.9
        izf = tgt if izf is None else izf + (tgt - izf) * (1 - np.exp(-1 / FPS / 0.16))
        coc = np.minimum(APERTURE * f * np.abs(1 / z - izf), 34 * w / 540).astype(np.float32)
        lin = defocus(lin, coc)
        # motion blur over the open shutter
        v0, v1 = (
            View(path.pose(t - shutter / 2), w, h, f),
            View(path.pose(t + shutter / 2), w, h, f),
        )
        R0, T0 = rel(v, v0)
        R1, T1 = rel(v, v1)
        flow(z, f, R0, T0, R1, T1, fl)
        if float(np.percentile(np.abs(fl[::8, ::8]), 95)) > 0.9:
            line_blur(np.ascontiguousarray(lin, dtype=np.float32), fl, buf)
            lin = buf
        # auto exposure with lag + scripted error
        sm = cv2.resize(lin, (w // 12, h // 12), interpolation=cv2.INTER_AREA).mean(-1)
        yy, xx = np.mgrid[0 : sm.shape[0], 0 : sm.shape[1]]
        wgt = np.exp(-((yy / sm.shape[0] - 0.5) ** 2 + (xx / sm.shape[1] - 0.5) ** 2) / 0.12)
        m = (
            np.exp(np.sum(wgt * np.log(sm + 0.004)) / wgt.sum()) ** 0.75
            * (float(np.percentile(sm, 97)) * 0.35) ** 0.25
        )
        tg = 0.19 / max(m, 0.004)
        gain = tg if gain is None else gain * (tg / gain) ** (1 - np.exp(-1 / FPS / 0.35))
        ev += (s["ev"] - ev) * (1 - np.exp(-1 / FPS / 0.12))
        img = tone(lin, sensor=sensor, gain=gain * 2.0**ev, wb=wb)
        enc.stdin.write(img.tobytes())
        d = frame_truth(lab, z, v, coc, fl, img, flaws, st["length"] + st["gap"])
        vn = View(path.pose(t + 1 / FPS), w, h, f)
        P = v.c + v.R.T @ np.array([0, 0, cz])
        mv = vn.project(P)[0][:2] - np.array([w / 2, h / 2])
        dist = 1.0 / max(izf, 1e-3) if s["focus"] == "auto" else cz
        tq = np.linspace(-0.2, 0.2, 9)
        J = np.array([path.jitter(max(0.0, t + q))[0] for q in tq])
        px = f * (np.radians(0.24) * J[:, 3:5] + (0.035 + 0.003 * dist) / dist * J[:, :2])
        A1 = np.stack([np.ones(9), tq], 1)
        shake = float(
            np.sqrt(np.mean(np.sum((px - A1 @ np.linalg.lstsq(A1, px, rcond=None)[0]) ** 2, 1)))
        )
        d["motion_px_per_frame"] = round(float(np.hypot(*mv)), 2)
        d["shake_px"] = round(shake, 2)
        lu = d["luma"]
        est = (
            "over"
            if (ev > 1.1 or lu["clipped_high"] > 0.35)
            else "under"
            if (ev < -1.3 or lu["mean"] < 38)
            else "ok"
        )
        d["exposure"] = {"state": est, "ev_error": round(float(ev), 2)}
        k = w / 540 if h >= w else h / 540
        lbl = "transition" if trans else s["label"]
        qual = "transition" if trans else s["quality"]
        d["fill_miss"] = round(miss, 4)
        frames.append(
            flags(dict(frame=n, t=round(t, 4), segment=si, label=lbl, quality=qual, **d), k)
        )
        masks.append(lab[::2, ::2].copy())
        if n % 120 == 0:
            print(f"frame {n}/{nf} {(time.time() - t1) / (n + 1):.2f} s/frame", flush=True)
    enc.stdin.close()
    enc.wait()
    perf.update(
        compose_seconds=round(time.time() - t1),
        compose_s_per_frame=round((time.time() - t1) / nf, 3),
    )
    meta = {
        "seed": a.seed,
        "style": a.style,
        "size": [w, h],
        "fps": FPS,
        "seconds": a.seconds,
        "frames": nf,
        "look": {
            k: (v if isinstance(v, (list, bool, int, float)) else str(v)) for k, v in look.items()
        },
        "shutter": shutter,
        "iso_rel": iso,
        "focal_px": f,
        "stitch_pitch_cm": round(float(st["length"] + st["gap"]), 3),
        "spp": a.spp,
        "keyscale": a.keyscale,
        "perf": perf,
        "bag_cm": [round(float(q), 1) for q in dim],
        "index_names": NAMES,
        "flaws": [
            {"kind": q["kind"], "p": [round(float(x), 2) for x in q["p"]], "r": q["r"]}
            for q in flaws
        ],
    }
    sg = [
        {
            "index": i,
            "label": s["label"],
            "quality": s["quality"],
            "note": s["note"],
            "t0": round(s["t0"], 3),
            "t1": round(s["t1"], 3),
        }
        for i, s in enumerate(segs)
    ]
    write_truth(a.out, meta, sg, frames)
    np.savez_compressed(a.out + "/masks.npz", index=np.stack(masks))


def main():
    """Read the command line and make one take."""
    ap = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--style", default="flap", choices=["flap", "tote", "pouch"])
    ap.add_argument("--out", required=True)
    ap.add_argument("--seconds", type=float, default=24)
    ap.add_argument("--size", default="540x960")
    ap.add_argument("--spp", type=int, default=2)
    ap.add_argument(
        "--keyscale",
        type=float,
        default=1.0,
        help="resolution of the rendered keyframes relative to the video",
    )
    ap.add_argument("--crf", type=int, default=22)
    ap.add_argument("--dump", action="store_true", help="keep the keyframes (keys.pkl)")
    ap.add_argument(
        "--recompose", action="store_true", help="reuse keys.pkl of an earlier run with --dump"
    )
    ap.add_argument(
        "--set",
        nargs="*",
        help="look overrides, e.g. colour=tan metal=gold light=window flaws=worn+scratch",
    )
    run(ap.parse_args())


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
