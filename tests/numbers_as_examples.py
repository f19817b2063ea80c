"""Numbers as the examples of a law, and a subject that the law never looks at: for tests of the engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Number:
    value: int

    def describe(self) -> str:
        return str(self.value)

    def weight(self) -> int:
        return self.value


class Anything:
    name = "anything"

    def snippet(self, example: Number, closing: str) -> str:
        return ""
