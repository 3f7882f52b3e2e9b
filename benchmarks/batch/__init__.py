"""Measuring a batch: a catalogue made from the sample, broken listings among them."""
