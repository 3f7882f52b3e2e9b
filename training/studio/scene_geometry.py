"""Where a camera stands."""

import numpy as np

from training.studio.mesh import unit


def look_at(eye, target, roll=0.0):
    z = unit(np.asarray(eye, float) - np.asarray(target, float))
    up = np.array([0, 0, 1.0]) if abs(z[2]) < 0.985 else np.array([0, 1.0, 0])
    x = unit(np.cross(up, z))
    y = np.cross(z, x)
    c, s = np.cos(roll), np.sin(roll)
    R = np.eye(4)
    R[:3, 0], R[:3, 1], R[:3, 2], R[:3, 3] = c * x + s * y, -s * x + c * y, z, eye
    return R
