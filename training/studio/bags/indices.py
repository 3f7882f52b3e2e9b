"""The object index of everything in a scene, from which the masks are made; units are cm."""

import numpy as np

K = {
    "other": 1,
    "clasp": 10,
    "ring": 11,
    "rivet": 12,
    "zip": 13,
    "puller": 14,
    "chain": 15,
    "buckle": 16,
    "feet": 17,
    "plate": 18,
    "stitch": 20,
    "leather": 30,
    "lining": 31,
    "tape": 32,
    "d_metal": 40,
    "d_print": 41,
    "d_basket": 42,
    "d_tag": 43,
    "d_foil": 44,
    "scratch": 50,
    "loose": 51,
}
HARDWARE = [10, 11, 12, 13, 14, 15, 16, 17, 18]
STITCH = [20, 51]
LEATHER = [30, 31, 32]
X, Y, Z = np.eye(3)
