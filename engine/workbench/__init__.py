"""Tools for those who write policies and keep the repository."""
