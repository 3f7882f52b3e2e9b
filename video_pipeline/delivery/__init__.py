"""Packs a render: cover, contact sheet, key frames, preview, manifest, atomic publishing."""
