"""Definitions found in files, and the same as JSON, so that a process can send it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import Any

from mlp_core.testing.foreign.told import HandIn, result_of, row


@dataclass
class Looked:
    """The definitions in files: those that can be verified, and those that cannot."""

    names: list[str]
    """as "file:name" """
    without: list[HandIn] = field(default_factory=list)
    """definitions that cannot be judged, and files without any"""
    notes: dict[str, list[str]] = field(default_factory=dict)
    """by name, the notes about a definition that depend on its file alone"""

    def to_json(self) -> str:
        return json.dumps({"names": self.names, "without": list(map(as_row, self.without)), "notes": self.notes})

    @classmethod
    def of_json(cls, text: bytes) -> Looked:
        values = json.loads(text)
        return cls(values["names"], list(map(of_row, values["without"])), values["notes"])


def as_row(hand_in: HandIn) -> dict[str, Any]:
    """A hand-in as JSON; `of_row` converts it back."""
    values = {f.name: getattr(hand_in, f.name) for f in fields(hand_in)}
    return {**values, "results": [row(result) for result in hand_in.results]}


def of_row(values: dict[str, Any]) -> HandIn:
    """The hand-in that `as_row` gave."""
    return HandIn(**{**values, "results": [result_of(result) for result in values["results"]]})
