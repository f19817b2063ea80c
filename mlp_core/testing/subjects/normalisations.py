"""Normalisations as subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlp_core.testing.engine.source import import_of


@dataclass(frozen=True)
class NormalisationSubject:
    """normalise(training, validation, test) -> (the three normalised splits, record)."""

    normalise: Callable[..., Any]
    name: str

    def snippet(self, example: Any, closing: str) -> str:
        """A snippet that normalises the example's images."""
        closing = closing.replace("normalise(", f"{self.normalise.__name__}(")
        return "\n".join(["import torch", *import_of(self.normalise), "", *example.setup(), "", closing])
