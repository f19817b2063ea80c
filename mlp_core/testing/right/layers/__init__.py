"""Correct layers, with hand-written forward and backward in numpy, each in its own way. No law may fail for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlp_core.testing import subjects
from mlp_core.testing.right.layers import dense, images, kinks, normalising, objects, sequences

EVERY: dict[str, tuple[Callable[..., Any], Callable[..., Any], Any]] = {
    name: layer for kind in (dense, normalising, images, kinks, sequences) for name, layer in kind.LAYERS.items()
}


def pairs() -> dict[str, Any]:
    """Each layer as a subject.

    >>> "affine" in pairs()
    True
    """
    return {name: subjects.pair(*layer, name=name) for name, layer in EVERY.items()}


def as_objects() -> dict[str, Any]:
    """Each layer as an object that keeps something between two passes, as a subject."""
    return objects.made()
