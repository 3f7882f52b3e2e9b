"""Materials: leather, metal, thread, cloth, wood and the light of a room."""

import bpy
import numpy as np

from training.studio import grain as GR

LEATHERS = {  # linear rgb
    "black": (0.014, 0.013, 0.013),
    "tan": (0.36, 0.145, 0.045),
    "burgundy": (0.11, 0.011, 0.018),
    "cream": (0.66, 0.55, 0.40),
    "green": (0.018, 0.055, 0.032),
    "cognac": (0.27, 0.078, 0.020),
    "navy": (0.012, 0.020, 0.055),
    "taupe": (0.22, 0.165, 0.125),
    "red": (0.33, 0.018, 0.018),
    "white": (0.74, 0.71, 0.66),
}
METALS = {
    "gold": (0.92, 0.62, 0.24),
    "silver": (0.86, 0.86, 0.85),
    "gunmetal": (0.16, 0.16, 0.175),
    "brass": (0.70, 0.50, 0.22),
}


class G:
    """Node graph helper."""

    def __init__(self, nt):
        self.nt = nt
        nt.nodes.clear()

    def n(self, typ, _p=None, **inp):
        nd = self.nt.nodes.new(typ)
        for k, v in (_p or {}).items():
            setattr(nd, k, v)
        for k, v in inp.items():
            key = int(k[1:]) if k[0] == "_" else k.replace("_", " ")
            self.set(nd.inputs[key], v)
        return nd

    def set(self, sock, v):
        if isinstance(v, bpy.types.NodeSocket):
            self.nt.links.new(v, sock)
        elif isinstance(v, bpy.types.Node):
            self.nt.links.new(v.outputs[0], sock)
        elif isinstance(v, (tuple, list)) and len(v) == 3 and sock.type == "RGBA":
            sock.default_value = (*v, 1)
        else:
            sock.default_value = v

    def math(self, op, a, b=0.0, c=0.0):
        return self.n("ShaderNodeMath", {"operation": op}, _0=a, _1=b, _2=c).outputs[0]

    def ramp(self, x, lo, hi, a=0.0, b=1.0, smooth=True):
        return self.n(
            "ShaderNodeMapRange",
            {"interpolation_type": "SMOOTHSTEP" if smooth else "LINEAR"},
            Value=x,
            From_Min=lo,
            From_Max=hi,
            To_Min=a,
            To_Max=b,
        ).outputs[0]

    def mix(self, f, a, b, mode="MIX"):
        nd = self.nt.nodes.new("ShaderNodeMix")
        nd.data_type, nd.blend_type = "RGBA", mode
        self.set(nd.inputs[0], f)
        self.set(nd.inputs[6], a)
        self.set(nd.inputs[7], b)
        return nd.outputs[2]

    def uv(self):
        return self.n("ShaderNodeTexCoord").outputs["UV"]

    def pos(self):
        return self.n("ShaderNodeNewGeometry").outputs["Position"]

    def noise(self, vec, scale, detail=2.0, rough=0.5, dist=0.0, dims="3D"):
        return self.n(
            "ShaderNodeTexNoise",
            {"noise_dimensions": dims},
            Vector=vec,
            Scale=scale,
            Detail=detail,
            Roughness=rough,
            Distortion=dist,
        )

    def scale(self, vec, s, off=(0, 0, 0)):
        return self.n("ShaderNodeMapping", Vector=vec, Scale=s, Location=off).outputs[0]

    def bump(self, h, dist, strength=1.0, normal=None):
        b = self.n("ShaderNodeBump", Height=h, Distance=dist, Strength=strength)
        if normal is not None:
            self.set(b.inputs["Normal"], normal)
        return b.outputs[0]

    def out(self, **kw):
        b = self.n("ShaderNodeBsdfPrincipled")
        for k, v in kw.items():
            self.set(b.inputs[k.replace("_", " ")], v)
        o = self.n("ShaderNodeOutputMaterial")
        self.nt.links.new(b.outputs[0], o.inputs[0])
        return b


def mat(name):
    m = bpy.data.materials.new(name)
    m.use_nodes = True
    return m, G(m.node_tree)


def float_image(name, arr):
    if name in bpy.data.images:
        return bpy.data.images[name]
    h, w = arr.shape[:2]
    im = bpy.data.images.new(name, w, h, float_buffer=True, is_data=True)
    px = np.ones((h, w, 4), np.float32)
    px[..., :3] = arr
    im.pixels.foreach_set(px.ravel())
    im.pack()
    return im


def leather(rng, name, rgb, grain="pebble", gloss=0.5, flaws=(), edge=False):
    """Baked tileable grain, clouds and creases; flaws are (kind, xyz, radius)."""
    m, g = mat(name)
    uv = g.uv()
    T = GR.TILE[grain] * rng.uniform(0.85, 1.25)
    off = tuple(rng.uniform(0, 1, 3))
    t1 = g.n(
        "ShaderNodeTexImage",
        {"image": float_image("grain_" + grain, GR.grain(grain)), "interpolation": "Linear"},
        Vector=g.scale(uv, (1 / T, 1 / T, 1), off),
    )
    t2 = g.n(
        "ShaderNodeTexImage",
        {"image": float_image("grain_large", GR.large()), "interpolation": "Linear"},
        Vector=g.scale(uv, (1 / 36, 1 / 36, 1), off),
    )
    s1, s2 = (
        g.n("ShaderNodeSeparateColor", Color=t1.outputs[0]),
        g.n("ShaderNodeSeparateColor", Color=t2.outputs[0]),
    )
    hh, cav = s1.outputs[0], s1.outputs[1]
    big, cr = s2.outputs[0], s2.outputs[1]
    amp = {"pebble": 0.036, "smooth": 0.010, "saffiano": 0.024}[grain]
    ht = g.math("MULTIPLY_ADD", cr, 0.022, g.math("MULTIPLY", hh, amp))
    nrm = g.bump(ht, 1.0, 0.95)
    lum = max(0.02, sum(rgb) / 3)
    dark = tuple(c * (0.60 if lum > 0.05 else 0.75) for c in rgb)
    lite = tuple(min(1, c * 1.2 + 0.005) for c in rgb)
    col = g.mix(cav, dark, rgb)
    col = g.mix(g.ramp(big, 0.4, 0.8, 0.0, 0.42), col, lite)
    col = g.mix(g.ramp(big, 0.2, 0.45, 0.16, 0.0), col, dark)
    rough = g.math("MULTIPLY_ADD", s1.outputs[2], 0.16, 0.27 + 0.28 * (1 - gloss))
    p = g.pos()
    for kind, xyz, r in flaws:
        d = g.n(
            "ShaderNodeVectorMath", {"operation": "DISTANCE"}, _0=p, _1=tuple(float(q) for q in xyz)
        ).outputs["Value"]
        nz = g.noise(p, 1.6 if kind == "worn" else 0.8, 2.0, 0.65).outputs[0]
        k = g.ramp(
            g.math("ADD", g.math("DIVIDE", d, float(r)), g.math("MULTIPLY_ADD", nz, 1.6, -0.8)),
            0.45,
            1.0,
            1.0,
            0.0,
        )
        if kind == "worn":
            raw = tuple(0.45 * c + 0.55 * q for c, q in zip(lite, (0.42, 0.30, 0.20), strict=False))
            col = g.mix(g.math("MULTIPLY", k, 0.85), col, raw)
            rough = g.math("MAXIMUM", rough, g.math("MULTIPLY", k, 0.85))
        else:
            col = g.mix(
                g.math("MULTIPLY", k, 0.62),
                col,
                tuple(c * 0.28 + 0.004 for c in rgb) if lum > 0.06 else (0.10, 0.085, 0.07),
            )
    g.out(Base_Color=col, Roughness=rough, Normal=nrm, Specular_IOR_Level=0.42)
    return m


def edge_paint(name, rgb):
    m, g = mat(name)
    g.out(Base_Color=tuple(c * 0.55 for c in rgb), Roughness=0.32)
    return m


def metal(rng, name, rgb, rough=0.16, brushed=False):
    m, g = mat(name)
    p = g.pos()
    sm = g.noise(p, 1.1, 2.0, 0.6).outputs[0]
    r = g.ramp(sm, 0.35, 0.7, rough * 0.75, rough * 1.7, False)
    if brushed:
        h = g.noise(g.scale(p, (3, 60, 60)), 3.0, 2.0).outputs[0]
        nrm = g.bump(h, 0.004, 0.5)
        r = g.math("ADD", r, 0.08)
    else:
        h = g.noise(g.scale(p, (9, 3, 14)), 9.0, 1.0, 0.7).outputs[0]
        nrm = g.bump(h, 0.0015, 0.35)
    col = g.mix(g.ramp(sm, 0.4, 0.75), rgb, tuple(c * 0.86 for c in rgb))
    g.out(Base_Color=col, Metallic=1.0, Roughness=r, Normal=nrm)
    return m


def thread(name, rgb):
    """UV: u around the capsule, v along it (cm); twisted 3-ply yarn plus fuzz."""
    m, g = mat(name)
    uv = g.uv()
    sep = g.n("ShaderNodeSeparateXYZ", Vector=uv)
    ph = g.math(
        "ADD",
        g.math("MULTIPLY", sep.outputs[0], 3 * 6.2832),
        g.math("MULTIPLY", sep.outputs[1], 95.0),
    )
    tw = g.math("MULTIPLY_ADD", g.math("SINE", ph), 0.5, 0.5)
    fz = g.noise(g.pos(), 60.0, 2.0).outputs[0]
    col = g.mix(g.ramp(tw, 0.0, 0.6), tuple(c * 0.55 for c in rgb), rgb)
    col = g.mix(g.ramp(fz, 0.4, 0.8, 0.0, 0.35), col, tuple(min(1, c * 1.35 + 0.02) for c in rgb))
    nrm = g.bump(tw, 0.012, 0.9)
    nrm = g.bump(fz, 0.004, 0.4, nrm)
    g.out(
        Base_Color=col,
        Roughness=0.62,
        Normal=nrm,
        Sheen_Weight=0.35,
        Sheen_Roughness=0.4,
        Specular_IOR_Level=0.3,
    )
    return m


def plain(name, rgb, rough=0.6, metallic=0.0, spec=0.5, coat=0.0):
    m, g = mat(name)
    g.out(
        Base_Color=rgb,
        Roughness=rough,
        Metallic=metallic,
        Specular_IOR_Level=spec,
        Coat_Weight=coat,
    )
    return m


def cloth(rng, name, rgb, scale=12.0, pattern=None, rgb2=(0.7, 0.7, 0.7), period=1.6, uvmap=True):
    """Woven cloth; pattern: None, 'stripe', 'dot', 'check', 'dashed'."""
    m, g = mat(name)
    uv = g.uv() if uvmap else g.pos()
    sep = g.n("ShaderNodeSeparateXYZ", Vector=uv)
    X, Y = sep.outputs[0], sep.outputs[1]
    wx = g.math("SINE", g.math("MULTIPLY", X, scale * 6.2832))
    wy = g.math("SINE", g.math("MULTIPLY", Y, scale * 6.2832))
    w = g.math("MULTIPLY", wx, wy)
    nz = g.noise(g.scale(uv, (1, 5, 1)), 4.0, 3.0).outputs[0]
    col = g.mix(
        g.ramp(nz, 0.3, 0.7), tuple(c * 0.82 for c in rgb), tuple(min(1, c * 1.08) for c in rgb)
    )
    sx = g.math("SINE", g.math("MULTIPLY", X, 6.2832 / period))
    sy = g.math("SINE", g.math("MULTIPLY", Y, 6.2832 / period))
    if pattern == "stripe":
        col = g.mix(g.ramp(sx, 0.05, 0.15), col, rgb2)
    elif pattern == "check":
        col = g.mix(g.math("MULTIPLY", g.ramp(sx, 0.0, 0.1), 0.5), col, rgb2)
        col = g.mix(g.math("MULTIPLY", g.ramp(sy, 0.0, 0.1), 0.5), col, rgb2)
    elif pattern == "dot":
        col = g.mix(g.ramp(g.math("MULTIPLY", sx, sy), 0.62, 0.70), col, rgb2)
    elif pattern == "dashed":  # printed running-stitch lines
        line = g.ramp(sx, 0.955, 0.975)
        dash = g.ramp(g.math("SINE", g.math("MULTIPLY", Y, 6.2832 / 0.55)), -0.35, -0.25)
        col = g.mix(g.math("MULTIPLY", line, dash), col, rgb2)
    nrm = g.bump(w, 0.012, 0.55)
    g.out(Base_Color=col, Roughness=0.85, Normal=nrm, Sheen_Weight=0.25, Specular_IOR_Level=0.2)
    return m


def wood(rng, name, a=(0.32, 0.17, 0.075), b=(0.16, 0.075, 0.03), gloss=0.4):
    m, g = mat(name)
    p = g.pos()
    off = tuple(rng.uniform(-90, 90, 3))
    q = g.scale(p, (0.05, 0.6, 0.6), off)
    ring = g.n(
        "ShaderNodeTexWave",
        {"wave_type": "BANDS", "bands_direction": "Y"},
        Vector=q,
        Scale=0.30,
        Distortion=9.0,
        Detail=2.0,
        Detail_Scale=0.9,
    ).outputs["Fac"]
    fib = g.noise(g.scale(p, (0.35, 9, 9), off), 1.2, 2.0, 0.65).outputs[0]
    sep = g.n("ShaderNodeSeparateXYZ", Vector=p)
    plank = g.math("ABSOLUTE", g.math("SINE", g.math("MULTIPLY", sep.outputs[1], 3.14159 / 13.0)))
    gap = g.ramp(plank, 0.0, 0.018)
    col = g.mix(g.ramp(ring, 0.1, 0.9), a, b)
    col = g.mix(g.ramp(fib, 0.35, 0.75, 0.0, 0.6), col, tuple(c * 0.55 for c in b))
    col = g.mix(gap, tuple(c * 0.2 for c in b), col)
    nrm = g.bump(fib, 0.012, 0.35)
    g.out(
        Base_Color=col,
        Roughness=g.ramp(fib, 0.3, 0.7, 0.62 - 0.3 * gloss, 0.78 - 0.3 * gloss),
        Normal=nrm,
        Specular_IOR_Level=0.4,
    )
    return m


def marble(rng, name, dark=False):
    m, g = mat(name)
    p = g.scale(g.pos(), (0.06, 0.06, 0.06), tuple(rng.uniform(-9, 9, 3)))
    v1 = g.noise(p, 1.2, 4.0, 0.62, 1.4).outputs[0]
    vein = g.ramp(g.math("ABSOLUTE", g.math("SUBTRACT", v1, 0.5)), 0.0, 0.05, 1.0, 0.0)
    base, ve = (
        ((0.72, 0.71, 0.69), (0.30, 0.30, 0.31))
        if not dark
        else ((0.03, 0.03, 0.032), (0.45, 0.42, 0.38))
    )
    cloud = g.noise(p, 0.7, 3.0).outputs[0]
    col = g.mix(
        g.math("MULTIPLY", vein, 0.65), g.mix(g.ramp(cloud, 0.3, 0.8, 0.0, 0.3), base, ve), ve
    )
    g.out(Base_Color=col, Roughness=0.14, Specular_IOR_Level=0.5)
    return m


def image_mat(name, rgb_u8, rough=0.55, metallic=0.0):
    h, w = rgb_u8.shape[:2]
    im = bpy.data.images.new(name, w, h)
    px = np.ones((h, w, 4), np.float32)
    px[..., :3] = rgb_u8[::-1] / 255.0
    im.pixels.foreach_set(px.ravel())
    im.pack()
    m, g = mat(name)
    t = g.n("ShaderNodeTexImage", {"image": im, "extension": "CLIP"}, Vector=g.uv())
    g.out(Base_Color=t.outputs[0], Roughness=rough, Metallic=metallic)
    return m


def world(rng, kind):
    """A room as an equirectangular panorama: windows, soft boxes, lamps, walls, furniture."""
    H, W = 256, 512
    az = (
        np.arange(W) + 0.5
    ) / W * 360 - 180  # -180..180; blender: centre of image is +x? (rotated below)
    el = 90 - (np.arange(H) + 0.5) / H * 180
    A, E = np.meshgrid(az, el)
    img = np.zeros((H, W, 3), np.float32)
    warm = {
        "window": (0.86, 0.93, 1.06),
        "softbox": (1.0, 1.0, 1.0),
        "ring": (1.02, 0.99, 0.96),
        "lamp": (1.25, 0.95, 0.62),
        "daylight": (0.9, 0.97, 1.08),
    }[kind]
    wall = np.array([0.22, 0.20, 0.185]) * rng.uniform(0.7, 1.2)
    img[:] = wall * (1 + 0.25 * np.sin(np.radians(A * 2 + rng.uniform(0, 360))))[..., None]
    img[E > 38] = 0.36
    img[E < -6] = np.array([0.085, 0.065, 0.05])
    for _ in range(9):  # furniture, pictures, door
        a0, w = rng.uniform(-180, 180), rng.uniform(8, 34)
        e0, e1 = rng.uniform(-25, 5), rng.uniform(5, 36)
        img[(abs((A - a0 + 180) % 360 - 180) < w / 2) & (e0 < E) & (e1 > E)] = rng.uniform(
            0.02, 0.35
        ) * np.array(rng.uniform(0.75, 1.2, 3))

    def panel(a0, w, e0, e1, L, bars=0):
        da = (A - a0 + 180) % 360 - 180
        k = (abs(da) < w / 2) & (e0 < E) & (e1 > E)
        img[k] = np.array(warm) * L
        for b in range(1, bars + 1):
            img[k & (abs(da - (b / (bars + 1) - 0.5) * w) < 0.9)] = 0.12
        if bars:
            img[k & (abs(E - (e0 + e1) / 2) < 0.9)] = 0.12

    s = rng.choice([-1, 1])
    if kind in ("window", "daylight"):
        panel(s * rng.uniform(55, 80), 46, -2, 52, 7.5, 2)
        panel(s * rng.uniform(105, 125), 26, 0, 50, 5.0, 1)
        panel(-s * 95, 30, 8, 40, 0.9)
    elif kind == "softbox":
        panel(s * 55, 40, 15, 62, 8.5)
        panel(-s * 80, 30, 5, 55, 3.6)
        panel(180, 40, 45, 75, 2.5)
    elif kind == "ring":
        r = np.hypot(((A + 180) % 360 - 180) * np.cos(np.radians(E)), E - 30)
        img[(r > 13) & (r < 19)] = np.array(warm) * 22
        panel(s * 100, 40, 10, 45, 1.5)
    else:
        panel(s * 45, 14, 35, 58, 26)
        panel(-s * 70, 24, 0, 40, 1.6, 1)
    w = bpy.data.worlds.new("room")
    w.use_nodes = True
    g = G(w.node_tree)
    im = bpy.data.images.new("room", W, H, float_buffer=True)
    px = np.ones((H, W, 4), np.float32)
    px[..., :3] = img[::-1]
    im.pixels.foreach_set(px.ravel())
    im.pack()
    tc = g.n("ShaderNodeTexCoord")
    # The middle of the panorama must face the camera; the turn was found by measuring.
    mp = g.n(
        "ShaderNodeMapping",
        {"vector_type": "POINT"},
        Vector=tc.outputs["Generated"],
        Rotation=(0, 0, np.radians(90)),
    )
    t = g.n("ShaderNodeTexEnvironment", {"image": im, "interpolation": "Linear"}, Vector=mp)
    b = g.n("ShaderNodeBackground", Color=t.outputs[0], Strength=1.0)
    o = g.n("ShaderNodeOutputWorld")
    g.nt.links.new(b.outputs[0], o.inputs[0])
    bpy.context.scene.world = w
    return s
