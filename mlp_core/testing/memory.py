"""Examples on which laws of a subject were broken: where another law of it is broken too, it is tried on these first.

Most mistakes break many laws at once, and on the same networks: what was shrunk once need not be shrunk again.
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis.database import ExampleDatabase

OTHERS = b".secondary", b".pareto"
"""how keys end under which Hypothesis keeps examples that are not the smallest"""


class Memory(ExampleDatabase):
    """The smallest example of each broken law, as Hypothesis writes it down: the choices that led to it. They are read
    by whatever strategy comes next, so that they may stand for another example there, or for none."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytes] = []
        self._last = b""

    def save(self, key: bytes, value: bytes) -> None:
        """Hypothesis's, at every example smaller than those before; under other keys it keeps the larger ones."""
        if not key.endswith(OTHERS):
            self._last = value

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Hypothesis's, before it generates anything."""
        return () if key.endswith(OTHERS) else tuple(self.kept)

    def delete(self, key: bytes, value: bytes) -> None:
        """Hypothesis's, for what breaks a law no longer: it broke another, and stays."""

    def keep(self) -> None:
        """Keep the smallest example of the law that was just checked."""
        if self._last and self._last not in self.kept:
            self.kept.append(self._last)
        self._last = b""
