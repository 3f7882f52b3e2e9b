"""Chooses what to show: shots, slots, crops, durations and overlay timing."""
