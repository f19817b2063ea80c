"""Groups of laws, which the verdict on a gradient reports separately."""

from __future__ import annotations

ONE, BATCH, SIZE, CONDUCT = "one sample", "batches", "size", "conduct"
"""single samples, batches, large networks, side effects"""
