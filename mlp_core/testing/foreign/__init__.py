"""Subjects in files that are not ours: scripts and notebooks, each in a process of its own, within limits."""
