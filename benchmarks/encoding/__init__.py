"""Encoding: bytes, CPU and VMAF of encoder settings on pieces as the pipeline makes them."""
