"""Fuzzing: thousands of damaged and hostile inputs, each run as a person would run it."""
