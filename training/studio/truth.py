"""What a frame truly shows: shares, boxes, kinds, blur, exposure, and verdicts from them."""

import json
from pathlib import Path

import cv2
import numpy as np

NAMES = {
    1: "other",
    10: "clasp",
    11: "ring",
    12: "rivet",
    13: "zip",
    14: "puller",
    15: "chain",
    16: "buckle",
    17: "feet",
    18: "plate",
    20: "stitching",
    30: "leather",
    31: "lining",
    32: "zip_tape",
    40: "distractor_shiny",
    41: "distractor_print",
    42: "distractor_basket",
    43: "distractor_tag",
    44: "foil_print",
    50: "flaw_scratch",
    51: "flaw_loose_thread",
}
HW, ST, LE = [*list(range(10, 19)), 50], [20, 51], [30, 31, 32, 44]
GROUP = np.zeros(256, np.uint8)  # 0 other 1 hardware 2 stitching 3 leather
GROUP[HW], GROUP[ST], GROUP[LE] = 1, 2, 3


def boxes(mask, lab, n_max=8):
    h, w = mask.shape
    s = 2
    m = cv2.dilate(mask[::s, ::s], np.ones((2 * (min(h, w) // 90) + 1,) * 2, np.uint8))
    n, cc, _st, _ = cv2.connectedComponentsWithStats(m)
    out = []
    small = mask[::s, ::s]
    sl = lab[::s, ::s]
    for k in range(1, n):
        sel = (cc == k) & (small > 0)
        a = int(sel.sum()) * s * s
        if a < 0.00012 * h * w:
            continue
        ys, xs = np.where(sel)
        kinds, cnt = np.unique(sl[sel], return_counts=True)
        out.append(
            {
                "box": [
                    int(xs.min() * s),
                    int(ys.min() * s),
                    int((np.ptp(xs) + 1) * s),
                    int((np.ptp(ys) + 1) * s),
                ],
                "frac": round(a / (h * w), 5),
                "kind": NAMES.get(int(kinds[cnt.argmax()]), "?"),
            }
        )
    out.sort(key=lambda q: -q["frac"])
    return out[:n_max]


def frame_truth(lab, z, view, coc, fl, img, flaws, st_pitch):
    """lab: object index; coc: defocus disc diameter px; fl: motion vector over the exposure, px."""
    h, w = lab.shape
    g = GROUP[lab]
    q2 = (slice(None, None, 2),) * 2  # blur statistics on every second pixel
    cs, gs = coc[q2], g[q2]
    mot = np.hypot(fl[q2][..., 0], fl[q2][..., 1])
    tot = np.hypot(cs, mot)
    d = {}
    cnt = np.bincount(g.ravel(), minlength=4)
    for k, name in ((1, "hardware"), (2, "stitching"), (3, "leather"), (0, "other")):
        e = {"frac": round(int(cnt[k]) / g.size, 5)}
        if cnt[k] > 80 and k:
            m = gs == k
            e.update(
                blur_px=round(float(np.median(tot[m])), 2),
                defocus_px=round(float(np.median(cs[m])), 2),
                motion_blur_px=round(float(np.median(mot[m])), 2),
            ) if m.any() else None
        d[name] = e
    d["hardware"]["boxes"] = boxes((g == 1).astype(np.uint8), lab)
    d["stitching"]["boxes"] = boxes((g == 2).astype(np.uint8), lab)
    ms = g == 2
    if ms.sum() > 30:
        d["stitching"]["stitch_pitch_px"] = round(float(st_pitch * view.f / np.median(z[ms])), 1)
    c = np.bincount(lab.ravel())
    k = np.nonzero(c)[0]
    c = c[k]
    d["kinds"] = {
        NAMES.get(int(a), str(a)): round(int(b) / g.size, 5)
        for a, b in zip(k, c, strict=False)
        if b > 0.0001 * g.size
    }
    cen = (slice(h // 8, 3 * h // 8), slice(w // 8, 3 * w // 8))
    d["blur"] = {
        "frame_px": round(float(np.median(tot)), 2),
        "centre_px": round(float(np.median(tot[cen])), 2),
        "defocus_px": round(float(np.median(cs[cen])), 2),
        "motion_blur_px": round(float(np.median(mot)), 2),
    }
    i4 = img[::2, ::2]
    y = i4.mean(-1)
    d["luma"] = {
        "mean": round(float(y.mean()), 1),
        "clipped_high": round(float((i4.max(-1) >= 250).mean()), 4),
        "clipped_low": round(float((y <= 12).mean()), 4),
    }
    fv = []
    for q in flaws:
        u = view.project(q["p"])[0]
        if u[2] < 1 or not (0 <= u[0] < w and 0 <= u[1] < h):
            continue
        r = q["r"] * view.f / u[2]
        zz = z[int(u[1]), int(u[0])]
        if zz < u[2] - max(1.2, q["r"]) or r < 6:
            continue
        x0, y0, x1, y1 = max(0, u[0] - r), max(0, u[1] - r), min(w, u[0] + r), min(h, u[1] + r)
        fv.append({"kind": q["kind"], "box": [int(x0), int(y0), int(x1 - x0), int(y1 - y0)]})
    d["flaws"] = fv
    return d


def flags(d, k):
    """Verdicts from the measured fields.  k: px scale (1 at 540 px short side)."""
    hw, st = d["hardware"], d["stitching"]
    pitch = st.get("stitch_pitch_px", 0)
    bad = [] if d["quality"] == "good" else [d["quality"]]
    if min(d["blur"]["centre_px"], hw.get("blur_px", 99), st.get("blur_px", 99)) > 5 * k:
        bad.append("blurred")
    if d["exposure"]["state"] != "ok":
        bad.append(d["exposure"]["state"] + "exposed")
    if d["shake_px"] > 8 * k:
        bad.append("shaky")
    d["bad"] = sorted(set(bad))
    d["shows_hardware"] = bool(not bad and hw["frac"] >= 0.010 and hw.get("blur_px", 99) <= 4 * k)
    d["shows_stitching"] = bool(
        not bad
        and st["frac"] >= 0.0025
        and pitch >= 7 * k
        and st.get("blur_px", 99) <= max(2.5 * k, 0.2 * pitch)
    )
    return d


def segment_summary(sg, frames):
    for i, s in enumerate(sg):
        fr = [q for q in frames if q["segment"] == i and q["label"] != "transition"]
        if fr:
            s.update(
                hardware_frac=round(float(np.mean([q["hardware"]["frac"] for q in fr])), 4),
                stitching_frac=round(float(np.mean([q["stitching"]["frac"] for q in fr])), 4),
                shows_hardware=round(float(np.mean([q["shows_hardware"] for q in fr])), 2),
                shows_stitching=round(float(np.mean([q["shows_stitching"] for q in fr])), 2),
            )


def write_truth(out, meta, sg, frames):
    segment_summary(sg, frames)
    with open(out + "/frames.jsonl", "w") as fo:
        for q in frames:
            fo.write(json.dumps(q) + "\n")
    told = {"meta": meta, "segments": sg, "frames": frames}
    Path(out, "truth.json").write_text(json.dumps(told))
