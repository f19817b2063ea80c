"""Keeps failing examples: between runs in a database, between the laws of one subject in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase, MultiplexedDatabase

from mlp_core.testing.engine.law import Law

OTHERS = b".secondary", b".pareto"
"""the endings of the keys under which Hypothesis keeps examples that are not the smallest"""


class Memory(ExampleDatabase):
    """The smallest example of each failed law, as Hypothesis encodes it: the choices that led to it. The next strategy
    may read the same choices as another example, or as none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytes] = []
        self._last = b""

    def save(self, key: bytes, value: bytes) -> None:
        """Called by Hypothesis for every smaller example. It keeps larger examples under other keys."""
        if not key.endswith(OTHERS):
            self._last = value

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Called by Hypothesis before it generates examples."""
        return () if key.endswith(OTHERS) else tuple(self.kept)

    def delete(self, key: bytes, value: bytes) -> None:
        """Called by Hypothesis for an example that no longer breaks a law. It stays, because it broke another law."""

    def keep(self, other: Memory) -> None:
        """Keep the smallest example of the law that was just checked, even if it was saved in another memory."""
        last = self._last or other._last
        if last and last not in self.kept:
            self.kept.append(last)
        self._last = b""


class Found(Memory):
    """The example on which a law failed when it was drawn.

    It is large. Hypothesis shrinks what it finds under its second key. It does not shrink what it finds under the first
    key, because that was small when it was kept.
    """

    def fetch(self, key: bytes) -> Iterable[bytes]:
        return tuple(self.kept) if key.endswith(OTHERS[0]) else ()


class Kept(ExampleDatabase):
    """The part of a database that belongs to one law of one subject.

    Hypothesis derives its own key from the function it calls, which is the same for all laws. Only the smallest example
    of a failure is kept. The larger ones on the way to it are of no further use.
    """

    def __init__(self, database: ExampleDatabase, law: Law) -> None:
        super().__init__()
        self.database, self.key = database, f"mlp_core: {law.subject.name}: {law.name}".encode()

    def save(self, key: bytes, value: bytes) -> None:
        if not key.endswith(OTHERS):
            self.database.save(self.key, value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        return () if key.endswith(OTHERS) else self.database.fetch(self.key)

    def delete(self, key: bytes, value: bytes) -> None:
        if not key.endswith(OTHERS):
            self.database.delete(self.key, value)


def sources(*several: Kept | Memory | None) -> ExampleDatabase | None:
    """All databases that are not None, as one; None if there are none."""
    found = [one for one in several if one is not None]
    return MultiplexedDatabase(*found) if found else None


def in_folder(folder: Path | None) -> ExampleDatabase | None:
    """The database in a folder, which is created if it is missing; None if no folder is named."""
    return None if folder is None else DirectoryBasedExampleDatabase(folder)


@contextmanager
def no_files() -> Iterator[None]:
    """Hypothesis writes notes to a folder: this prevents it from using the caller's."""
    with tempfile.TemporaryDirectory() as scratch:
        set_hypothesis_home_dir(scratch)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)
