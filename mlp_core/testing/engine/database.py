"""Failing examples kept in any of Hypothesis's databases, by subject and law: tried first wherever they are next."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase, MultiplexedDatabase

from mlp_core.testing.law import Law
from mlp_core.testing.memory import OTHERS, Memory

FILES_KEEP_NONE = "none where files are verified: they run in processes that are not trusted with one"


class Kept(ExampleDatabase):
    """The part of a database that belongs to one law of one subject.

    Hypothesis's own key is made of the function it calls, which is the same for all laws. Only the smallest example of
    a failure is kept: what a law was broken by on the way to it is of no use to others.
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
    """Those that there are, as one; None where there is none."""
    found = [one for one in several if one is not None]
    return MultiplexedDatabase(*found) if found else None


def in_folder(folder: Path | None) -> ExampleDatabase | None:
    """The database that is a folder, made where it is not there; None where none is named."""
    return None if folder is None else DirectoryBasedExampleDatabase(folder)


@contextmanager
def no_files() -> Iterator[None]:
    """Hypothesis keeps notes of its own on disk: not in the caller's folder."""
    with tempfile.TemporaryDirectory() as scratch:
        set_hypothesis_home_dir(scratch)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)
