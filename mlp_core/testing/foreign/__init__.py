"""Subjects in other people's files: scripts and notebooks, each verified in its own process, within limits."""
