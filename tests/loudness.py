"""Loudness and true peak after ITU-R BS.1770-4, in numpy alone: a second opinion beside ffmpeg's.

The filters are applied to the whole spectrum at once, with zeros behind the sound, so nothing of
them is missing and no recursion is needed. Held against pyloudnorm 0.2.0 when it was written:
within 0.1 LU on every sound of `test_sound`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
# The two stages of the K-weighting at 48 kHz, tables 1 and 2: b0, b1, b2, a1, a2.
_STAGES = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585),
    (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621),
)


def integrated_lufs(wave: NDArray[np.float32]) -> float:
    """Gated loudness of `(samples, 2)` sound at 48 kHz; -inf for silence."""
    size = 1 << (len(wave) + RATE).bit_length()
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    gain = np.ones_like(z)
    for b0, b1, b2, a1, a2 in _STAGES:
        gain = gain * (b0 + b1 * z + b2 * z**2) / (1 + a1 * z + a2 * z**2)
    heard = np.fft.irfft(np.fft.rfft(wave, size, axis=0) * gain[:, None], axis=0)[: len(wave)]
    block, hop = round(0.4 * RATE), round(0.1 * RATE)
    energy = np.array(
        [(heard[at : at + block] ** 2).mean(axis=0).sum()
         for at in range(0, len(heard) - block + 1, hop)]
    )  # fmt: skip
    with np.errstate(divide="ignore"):
        level = -0.691 + 10 * np.log10(energy)
    loud = energy[level > -70]
    if not len(loud):
        return -np.inf
    gate = -0.691 + 10 * np.log10(loud.mean()) - 10
    return float(-0.691 + 10 * np.log10(energy[(level > -70) & (level > gate)].mean()))


def true_peak_dbtp(wave: NDArray[np.float32]) -> float:
    """The highest point between samples too, from eight times as many."""
    spectrum = np.fft.rfft(wave, axis=0)
    finer = np.fft.irfft(spectrum, 8 * len(wave), axis=0) * 8
    return float(20 * np.log10(np.abs(finer).max()))
