"""Measurements, reported as ratios to baselines of the same run."""
