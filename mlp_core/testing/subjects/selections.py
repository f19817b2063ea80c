"""Selections as subjects. Their examples are tables of trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlp_core.testing.engine.source import import_of


@dataclass(frozen=True)
class SelectionSubject:
    """select(trials) -> the selected trial."""

    select: Callable[..., Any]
    name: str

    def snippet(self, example: Any, closing: str) -> str:
        """A snippet that makes the selection of the example."""
        head = ["import copy", "from types import SimpleNamespace as Trial", *import_of(self.select)]
        closing = (closing or "select(trials)").replace("select(", f"{self.select.__name__}(")
        return "\n".join([*head, "", *example.setup(), "", closing])
