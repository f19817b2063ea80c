"""Selections as subjects, and the tables of trials they are asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlp_core.testing.engine.source import import_of


@dataclass(frozen=True)
class SelectionSubject:
    """select(trials) -> the trial that is taken."""

    select: Callable[..., Any]
    name: str

    def snippet(self, example: Any, closing: str) -> str:
        """Lines to paste that select as the example does."""
        head = ["import copy", "from types import SimpleNamespace as Trial", *import_of(self.select)]
        closing = (closing or "select(trials)").replace("select(", f"{self.select.__name__}(")
        return "\n".join([*head, "", *example.setup(), "", closing])
