"""Bags, built of cut and bent leather, every stitch its own thread."""

from training.studio.bags.bag import Bag
from training.studio.bags.flap import flap_bag
from training.studio.bags.indices import HARDWARE, K
from training.studio.bags.pouch import pouch_bag
from training.studio.bags.props import props
from training.studio.bags.tote import tote_bag

STYLES = {"flap": flap_bag, "tote": tote_bag, "pouch": pouch_bag}

__all__ = ["HARDWARE", "STYLES", "Bag", "K", "props"]
