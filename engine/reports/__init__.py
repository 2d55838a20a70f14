"""Showing decisions to people."""
