"""Measures of the product that are too slow, or need footage too private, for the suite."""
