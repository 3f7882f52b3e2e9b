"""One seeded scene (bag, props, table, light), and linear renders with depth and index."""

import os

import bpy
import numpy as np
import OpenEXR
from mathutils import Matrix
from PIL import Image, ImageDraw, ImageFont

from training.studio import bags
from training.studio import materials as M
from training.studio.mesh import grid_faces, soft_noise, unit

THREADS = int(os.environ.get("SYNTH_THREADS", "2"))


def pick_look(rng, style, **force):
    L = {
        "colour": rng.choice(list(M.LEATHERS)),
        "metal": rng.choice(list(M.METALS), p=[0.4, 0.25, 0.15, 0.2]),
        "grain": rng.choice(["pebble", "pebble", "smooth", "saffiano"]),
        "clasp": rng.choice(["rect", "oval"]),
        "quilted": bool(rng.random() < 0.35),
        "double": bool(rng.random() < 0.4),
        "patch": bool(rng.random() < 0.4),
        "chain": rng.choice(["drape", "table"]),
        "puller": rng.choice(["metal", "leather"]),
        "buckle": bool(rng.random() < 0.7),
        "pocket": bool(rng.random() < 0.65),
        "thread": rng.choice(["contrast", "tone"]),
        "two_tone": bool(rng.random() < 0.3),
        "light": rng.choice(["window", "softbox", "ring", "lamp", "daylight"]),
        "table": rng.choice(["wood", "walnut", "marble", "darkmarble", "linen", "sheet", "white"]),
        "brand": rng.choice(["MAISON VELLE", "ORSETTA", "Liu & Park", "CASA NORI"]),
        "flaws": [f for f in ("scratch", "worn", "stain", "loose") if rng.random() < 0.4],
        "props": [
            p for p in ("mug", "spoon", "cloth", "basket", "card", "tag") if rng.random() < 0.42
        ],
        "pattern": rng.choice(["stripe", "dot", "check", "dashed"]),
        "mug": rng.choice(["steel", "ceramic"]),
    }
    if not L["props"]:
        L["props"] = ["tag"]
    L.update({k: v for k, v in force.items() if v is not None})
    return L


def card_image(rng):
    im = Image.new("RGB", (540, 780), (238, 232, 220))
    d = ImageDraw.Draw(im)
    for y in list(range(60, 760, 90)):
        for x in range(30, 510, 26):
            d.rectangle([x, y, x + 15, y + 3], fill=(60, 50, 45))
    for x in (40, 500):
        for y in range(40, 750, 26):
            d.rectangle([x - 2, y, x + 1, y + 15], fill=(150, 40, 40))
    for k in range(14):
        y = 80 + 90 * (k // 2) + 18 + (k % 2) * 26
        d.rectangle([60, y, 60 + int(rng.integers(150, 420)), y + 7], fill=(120, 112, 104))
    return np.asarray(im)


def tag_image():
    im = Image.new("RGB", (380, 640), (206, 178, 112))
    d = ImageDraw.Draw(im)
    d.rectangle([16, 16, 363, 623], outline=(120, 95, 50), width=5)
    d.ellipse([165, 40, 215, 90], fill=(40, 34, 28))
    f = ImageFont.load_default(64)
    d.text((70, 250), "$ 189", fill=(50, 38, 20), font=f)
    f = ImageFont.load_default(34)
    d.text((70, 360), "LEATHER", fill=(70, 55, 30), font=f)
    for k in range(40):
        if (k * 7919) % 3:
            d.rectangle([60 + k * 6, 470, 62 + k * 6 + (k % 3), 560], fill=(50, 38, 20))
    return np.asarray(im)


class Studio:
    def __init__(self, seed, style, opened=False, table_only=False, **force):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.sc = bpy.context.scene
        lrng = np.random.default_rng(seed)
        self.look = L = pick_look(lrng, style, **force)
        rng = np.random.default_rng(seed + 1)
        self.bag = b = bags.Bag(rng, L)
        bags.STYLES[style](b, opened)
        self.state = int(opened)
        b.anchors += bags.props(b, L["props"])
        self._materials(np.random.default_rng(seed + 2))
        self._meshes()
        self._room(np.random.default_rng(seed + 3))
        self._render_setup()

    def _materials(self, rng):
        L, b = self.look, self.bag
        rgb = np.array(M.LEATHERS[L["colour"]]) * rng.uniform(0.85, 1.15)
        rgb2 = (
            np.array(M.LEATHERS[rng.choice([c for c in M.LEATHERS if c != L["colour"]])])
            if L["two_tone"]
            else rgb
        )
        lf = [(f["kind"], f["p"], f["r"]) for f in b.flaws if f["kind"] in ("worn", "stain")]
        gloss = rng.uniform(0.3, 0.9)
        lum = rgb.mean()
        if L["thread"] == "contrast":
            th = (
                (0.72, 0.64, 0.48)
                if lum < 0.2
                else tuple(
                    rng.choice([(0.75, 0.72, 0.66), (0.09, 0.045, 0.02)])
                    if lum < 0.5
                    else (0.20, 0.09, 0.035)
                )
            )
        else:
            th = tuple(np.clip(rgb * 1.35 + 0.012, 0, 0.9))
        mc = M.METALS[L["metal"]]
        lin = np.array(
            [(0.45, 0.36, 0.26), (0.03, 0.03, 0.035), (0.25, 0.05, 0.06), (0.5, 0.47, 0.42)][
                rng.integers(4)
            ]
        )
        self.m = {
            "leather": M.leather(rng, "leather", tuple(rgb), L["grain"], gloss, lf),
            "leather2": M.leather(
                rng, "leather2", tuple(rgb2), "smooth" if L["two_tone"] else L["grain"], gloss, lf
            ),
            "metal": M.metal(rng, "metal", mc, rng.uniform(0.10, 0.20)),
            "metal2": M.metal(rng, "metal2", tuple(c * 0.9 for c in mc), 0.26, True),
            "thread": M.thread("thread", th),
            "hole": M.plain("hole", tuple(rgb * 0.12), 0.9),
            "scratchm": M.plain(
                "scratchm", (0.10, 0.09, 0.085) if sum(mc) > 1 else (0.7, 0.7, 0.7), 0.7, 0.3
            ),
            "lining": M.cloth(rng, "lining", tuple(lin), 9.0),
            "tape": M.cloth(
                rng,
                "tape",
                tuple(rgb * 0.5 + 0.004) if rng.random() < 0.7 else (0.02, 0.02, 0.02),
                14.0,
            ),
            "mug": M.plain("mug", (0.62, 0.62, 0.63), 0.16, 1.0)
            if L["mug"] == "steel"
            else M.plain("mug", tuple(rng.uniform(0.05, 0.8, 3)), 0.12, 0.0, 0.5, 0.6),
            "steel": M.plain("steel", (0.72, 0.72, 0.72), 0.13, 1.0),
            "pcloth": M.cloth(
                rng,
                "pcloth",
                tuple(rng.uniform(0.25, 0.8, 3)),
                10.0,
                L["pattern"],
                tuple(rng.uniform(0.03, 0.25, 3)),
                rng.uniform(1.0, 2.2),
            ),
            "wicker": M.wood(rng, "wicker", (0.50, 0.31, 0.13), (0.30, 0.16, 0.06), 0.3),
            "card": M.image_mat("card", card_image(rng), 0.5),
            "tag": M.image_mat("tag", tag_image(), 0.28, 0.85),
            "string": M.plain("string", (0.6, 0.55, 0.45), 0.9),
            "foil": M.plain("foil", mc, 0.3, 0.9),
        }

    def _mesh(self, name, V, F, UV, mat, kind):
        me = bpy.data.meshes.new(name)
        V = np.ascontiguousarray(V, np.float32)
        F = np.ascontiguousarray(F, np.int32)
        me.vertices.add(len(V))
        me.vertices.foreach_set("co", V.ravel())
        me.loops.add(F.size)
        me.loops.foreach_set("vertex_index", F.ravel())
        me.polygons.add(len(F))
        me.polygons.foreach_set("loop_start", np.arange(0, F.size, F.shape[1], dtype=np.int32))
        uvl = me.uv_layers.new(name="UV")
        uvl.data.foreach_set("uv", np.ascontiguousarray(UV[F.ravel()], np.float32).ravel())
        me.polygons.foreach_set("use_smooth", np.ones(len(F), bool))
        me.update(calc_edges=True)
        me.validate()
        me.materials.append(mat)
        ob = bpy.data.objects.new(name, me)
        ob.pass_index = kind
        self.sc.collection.objects.link(ob)
        if kind in bags.HARDWARE:
            me.set_sharp_from_angle(angle=0.75)
        return ob

    def _meshes(self):
        groups = {}
        for p in self.bag.parts:
            if isinstance(p[0], str):
                self._text(*p[1:])
                continue
            groups.setdefault((p[3], p[4]), []).append(p)
        for (mn, kind), ps in groups.items():
            n, Vs, Fs, Us = 0, [], [], []
            for V, F, UV, _, _ in ps:
                Vs.append(V), Fs.append(F + n), Us.append(UV)
                n += len(V)
            self._mesh(
                f"{mn}_{kind}", np.vstack(Vs), np.vstack(Fs), np.vstack(Us), self.m[mn], kind
            )

    def _text(self, s, c, ax, ay, size):
        cu = bpy.data.curves.new("foil", "FONT")
        cu.body, cu.size, cu.align_x, cu.extrude, cu.space_character = (
            s,
            size,
            "CENTER",
            0.004,
            1.25,
        )
        ob = bpy.data.objects.new("foil", cu)
        n = np.cross(ax, ay)
        m = np.eye(4)
        m[:3, 0], m[:3, 1], m[:3, 2], m[:3, 3] = ax, ay, n, c + n * 0.22
        self.sc.collection.objects.link(ob)
        ob.matrix_world = Matrix(m.tolist())
        bpy.context.view_layer.update()
        me = bpy.data.meshes.new_from_object(
            ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
        )
        bpy.data.objects.remove(ob)
        V = np.zeros(len(me.vertices) * 3, np.float32)
        me.vertices.foreach_get("co", V)
        V = V.reshape(-1, 3) @ m[:3, :3].T + m[:3, 3]
        # drop the letters onto the leather below (ray cast against the leather meshes)
        [o for o in bpy.data.objects if o.pass_index == 30]
        bpy.context.view_layer.update()
        self._pending = [*getattr(self, "_pending", []), (me, V, n)]

    def _drop_text(self):
        dg = bpy.context.evaluated_depsgraph_get()
        for me, V, n in getattr(self, "_pending", []):
            hid = []
            out = V.copy()
            for i, v in enumerate(V):
                hit, loc, *_ = self.sc.ray_cast(
                    dg, (v + n * 1.5).tolist(), (-n).tolist(), distance=4.0
                )
                if hit:
                    out[i] = np.array(loc) + n * 0.012
            me.vertices.foreach_set("co", out.astype(np.float32).ravel())
            me.materials.clear()
            me.materials.append(self.m["foil"])
            ob = bpy.data.objects.new("foiltext", me)
            ob.pass_index = bags.K["d_foil"]
            hid.append(ob)
            self.sc.collection.objects.link(ob)

    def _room(self, rng):
        L = self.look
        bpy.context.view_layer.update()
        self._drop_text()
        t = L["table"]
        g = np.linspace(-1, 1, 160)
        a, b = np.meshgrid(g * 90, g * 70)
        z = np.zeros_like(a) - 0.01
        if t in ("linen", "sheet"):
            f, f2 = soft_noise(rng, 0.5, 16.0), soft_noise(rng, 0.9, 40.0)
            z = -np.abs(f(a, b)) * 0.55 - np.abs(f2(a, b)) * 0.4 - 0.02
        m = {
            "wood": lambda: M.wood(rng, "table", (0.42, 0.25, 0.12), (0.26, 0.135, 0.055)),
            "walnut": lambda: M.wood(rng, "table", (0.15, 0.075, 0.035), (0.07, 0.032, 0.014), 0.6),
            "marble": lambda: M.marble(rng, "table"),
            "darkmarble": lambda: M.marble(rng, "table", True),
            "linen": lambda: M.cloth(rng, "table", (0.47, 0.42, 0.34), 7.0),
            "sheet": lambda: M.cloth(
                rng,
                "table",
                (0.66, 0.66, 0.68),
                14.0,
                rng.choice([None, "stripe"]),
                (0.5, 0.53, 0.6),
                3.2,
            ),
            "white": lambda: M.plain("table", (0.74, 0.73, 0.72), 0.45),
        }[t]()
        self._mesh(
            "table",
            np.stack([a, b + 10, z], -1).reshape(-1, 3),
            grid_faces(160, 160),
            np.stack([a, b], -1).reshape(-1, 2),
            m,
            1,
        )
        # wall behind, with a skirting shelf and a picture frame so that the background is not empty
        wy = 75.0
        wall = M.plain(
            "wall", tuple(rng.uniform(0.25, 0.6) * np.array(rng.uniform(0.85, 1.1, 3))), 0.9
        )
        q = np.array([[-250, wy, -60], [250, wy, -60], [250, wy, 200], [-250, wy, 200]], float)
        self._mesh("wall", q, np.array([[0, 1, 2, 3]]), q[:, [0, 2]], wall, 1)
        for i in range(4):
            x, w, h, z0 = (
                rng.uniform(-80, 80),
                rng.uniform(14, 40),
                rng.uniform(18, 60),
                rng.uniform(-5, 30),
            )
            y = wy - rng.uniform(2, 18)
            q = np.array([[x, y, z0], [x + w, y, z0], [x + w, y, z0 + h], [x, y, z0 + h]], float)
            self._mesh(
                f"bg{i}",
                q,
                np.array([[0, 1, 2, 3]]),
                q[:, [0, 2]],
                M.plain(f"bg{i}", tuple(rng.uniform(0.04, 0.4) * rng.uniform(0.8, 1.15, 3)), 0.7),
                1,
            )
        s = M.world(rng, L["light"])

        def area(name, loc, size, power, col, shape="RECTANGLE", sy=None):
            d = bpy.data.lights.new(name, "AREA")
            d.shape, d.size, d.size_y, d.energy, d.color = shape, size, sy or size, power, col
            o = bpy.data.objects.new(name, d)
            loc = np.array(loc, float)
            n = unit(np.array([0, -2, 7.0]) - loc)
            up = np.array([0, 0, 1.0])
            unit(np.cross(-n, up) * -1)
            R = np.eye(4)
            zax = -n
            xax = unit(np.cross(up, zax))
            R[:3, 0], R[:3, 1], R[:3, 2], R[:3, 3] = xax, np.cross(zax, xax), zax, loc
            o.matrix_world = Matrix(R.tolist())
            self.sc.collection.objects.link(o)

        k = L["light"]
        if k in ("window", "daylight"):
            area("key", (s * 95, -45, 62), 75, 190000, (0.92, 0.96, 1.0), sy=95)
        elif k == "softbox":
            area("key", (s * 60, -62, 70), 60, 120000, (1, 1, 1))
            area("fill", (-s * 80, -40, 45), 50, 35000, (1, 0.98, 0.95))
        elif k == "ring":
            area("key", (s * 18, -85, 62), 42, 120000, (1, 0.97, 0.94), "DISK")
        else:
            area("key", (s * 42, -30, 75), 22, 70000, (1, 0.72, 0.42), "DISK")
            area("fill", (-s * 90, -50, 50), 60, 28000, (0.75, 0.85, 1))
        self.side = s

    def _render_setup(self):
        sc = self.sc
        sc.render.engine = "CYCLES"
        c = sc.cycles
        c.device = "CPU"
        c.use_denoising = True
        c.denoiser = "OPENIMAGEDENOISE"
        c.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        c.denoising_prefilter = "FAST"
        (
            c.max_bounces,
            c.diffuse_bounces,
            c.glossy_bounces,
            c.transmission_bounces,
            c.volume_bounces,
        ) = 3, 1, 2, 0, 0
        c.caustics_reflective = c.caustics_refractive = False
        c.sample_clamp_indirect = 6.0
        c.sample_clamp_direct = 30.0
        c.use_adaptive_sampling = False
        c.use_light_tree = False
        c.use_auto_tile = False
        c.pixel_filter_type = "BLACKMAN_HARRIS"
        c.filter_width = 1.3
        sc.render.use_persistent_data = True
        sc.render.threads_mode, sc.render.threads = "FIXED", THREADS
        vl = bpy.context.view_layer
        vl.use_pass_z = vl.use_pass_object_index = True
        sc.render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
        sc.render.image_settings.color_depth = "32"
        sc.render.image_settings.exr_codec = "NONE"
        sc.view_settings.view_transform = "Raw"
        cam = bpy.data.cameras.new("cam")
        cam.clip_start, cam.clip_end = 0.5, 2000
        cam.sensor_fit, cam.sensor_width = "HORIZONTAL", 36.0
        self.cam = bpy.data.objects.new("cam", cam)
        sc.collection.objects.link(self.cam)
        sc.camera = self.cam

    def render(self, pose, w, h, fpx, samples, tmp):
        """Linear RGB, depth and index, for a 4x4 camera-to-world pose that looks along -z."""

        sc = self.sc
        sc.render.resolution_x, sc.render.resolution_y, sc.render.resolution_percentage = w, h, 100
        self.cam.data.lens = fpx * 36.0 / w
        self.cam.matrix_world = Matrix(np.asarray(pose).tolist())
        sc.cycles.samples = samples
        sc.render.filepath = tmp
        bpy.ops.render.render(write_still=True)
        fn = tmp if os.path.exists(tmp) else tmp + ".exr"
        with OpenEXR.File(fn, separate_channels=True) as f:
            ch = f.channels()

            def g(suf):
                return ch[next(k for k in ch if k.endswith(suf))].pixels

            rgb = np.stack([g("Combined.R"), g("Combined.G"), g("Combined.B")], -1).astype(
                np.float32
            )
            z = g("Depth.Z").astype(np.float32)
            idx = np.rint(g("IndexOB.X")).astype(np.uint8)
        os.remove(fn)
        z = np.minimum(z, 400.0)
        return rgb, z, idx
