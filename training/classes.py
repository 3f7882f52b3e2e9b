"""What a pixel of a training picture can be, and what the network answers.

Pictures of the studio and swatches come with an index mask that holds one of these numbers for
every pixel.
"""

from __future__ import annotations

OTHER = 1
CLASP, RING, RIVET, ZIP, PULLER, CHAIN, BUCKLE, FEET, PLATE, HOOK = range(10, 20)
THREAD = 20
LEATHER, LINING, ZIP_TAPE = 30, 31, 32
FOIL_PRINT = 44  # 40 to 49 are things that are mistaken for parts of a bag
SCRATCH, LOOSE_THREAD = 50, 51

STRIDE = 8  # px of the network's picture for each cell of its maps
MAPS = ("hardware", "stitching", "leather")
KINDS = ("clasp", "ring", "rivet", "zip", "chain", "buckle", "plate")
KIND_OF = {
    CLASP: "clasp",
    RING: "ring",
    RIVET: "rivet",
    ZIP: "zip",
    PULLER: "zip",
    CHAIN: "chain",
    BUCKLE: "buckle",
    FEET: "rivet",
    PLATE: "plate",
    HOOK: "ring",
    SCRATCH: "clasp",  # lies on it
}
IS_THREAD = (THREAD, LOOSE_THREAD)
IS_LEATHER = (LEATHER, LINING, ZIP_TAPE, FOIL_PRINT)

# What the trunk knows of the whole picture: groups of ImageNet's thousand things, by their numbers.
THINGS = {
    "fittings": (464, 488, 507, 600, 695, 772),  # buckle, chain, two locks, hook, safety pin
    "bags": (414, 636, 748),  # backpack, mailbag, purse: seen whole
    "leatherwork": (597, 893),  # holster, wallet
    "timepieces": (409, 531, 826, 892),  # clocks and watches
    "machines": (786,),  # sewing machine
    "straps": (785,),  # seat belt
}
