"""The storage of a search: Optuna's, in a journal file by default, or in a database given by its URL."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.extras import need

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

JOURNAL = "journal.log"


def open_storage(url: str | None, folder: Path) -> BaseStorage:
    """The storage at `url`, or the journal file in `folder`.

    Raises ArgumentError, without the password in the URL, for a database that cannot be reached, a missing driver, or
    an invalid URL; MissingExtra without Optuna.
    """
    optuna = need("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if url is None:
        path = folder / JOURNAL
        with named_when_damaged(path):
            _check(path)
            storage = _journal(path)
            storage.get_all_studies()  # this reads the journal
            return storage
    if url.startswith("sqlite"):
        expected = "a database server, or none on one machine: SQLite locks no rows, and two could take one trial"
        raise ArgumentError("storage", url, expected)
    exc = need("sqlalchemy.exc")
    try:
        return _database(url)
    # a missing driver; a database that does not answer, refuses, or contains other tables; an invalid URL
    except (ImportError, exc.SQLAlchemyError, ValueError, RuntimeError) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).replace(url, shown(url)).split())
        value = Described(f"{shown(url)} ({reason})")
        expected = "a database that can be reached, as dialect://user:password@host:port/name, and its driver installed"
        raise ArgumentError("storage", value, expected) from error


@contextmanager
def named_when_lost(url: str | None) -> Iterator[None]:
    """A context that raises ArgumentError if a storage no longer answers."""
    optuna, exc = need("optuna"), need("sqlalchemy.exc")
    try:
        yield
    except (optuna.exceptions.StorageInternalError, exc.SQLAlchemyError) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        value = Described(f"{shown(url)}, which was lost ({reason})")
        raise ArgumentError("storage", value, "a database that stays available; continue with --resume") from error


@contextmanager
def named_when_damaged(path: Path) -> Iterator[None]:
    """A context that raises ArgumentError if a file of a search cannot be read."""
    try:
        yield
    except ArgumentError:
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        value = Described(f"{path}, which is damaged ({type(error).__name__}: {' '.join(str(error).split())})")
        raise ArgumentError("out", value, "the unchanged file (restore it from a copy), or a new folder") from error


def _check(path: Path) -> None:
    """Raises ValueError for a journal with an invalid line; the last line may be unfinished."""
    *lines, _ = path.read_bytes().split(b"\n") if path.exists() else [b""]
    for number, line in enumerate(lines, start=1):
        try:
            whole = isinstance(json.loads(line), dict)
        except ValueError:
            whole = False
        if not whole:
            raise ValueError(f"line {number} is not a journal entry")


def _database(url: str) -> BaseStorage:
    """Optuna's storage in a database. If two processes create its tables at the same time, one of them fails, and finds
    the tables a moment later.
    """
    optuna, exc = need("optuna"), need("sqlalchemy.exc")
    # a connection that was idle for long may be dead: it is tested before use
    options = {"pool_pre_ping": True}
    for _ in range(4):
        try:
            return optuna.storages.get_storage(optuna.storages.RDBStorage(url, engine_kwargs=options))
        except (exc.ProgrammingError, exc.IntegrityError):
            time.sleep(0.5)
    return optuna.storages.get_storage(optuna.storages.RDBStorage(url, engine_kwargs=options))


def shown(url: str | None) -> str:
    """A URL without its password.

    >>> shown("postgresql://me:se@cret@host/db"), shown("postgresql://h/db?user=me&password=secret"), shown(None)
    ('postgresql://me:***@host/db', 'postgresql://h/db?user=me&password=***', 'journal.log')
    """
    if url is None:
        return JOURNAL
    return re.sub(r"(password=)[^&]*", r"\1***", re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url))


def _journal(path: Path) -> BaseStorage:
    from filelock import FileLock
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    class Lock:
        """The operating system's lock on a file. It is free at once if its owner dies; Optuna's is free after 30 s."""

        def __init__(self) -> None:
            self.file = FileLock(path.with_suffix(".lock"))

        def acquire(self) -> bool:
            self.file.acquire()
            mend(path)
            return True

        def release(self) -> None:
            self.file.release()

    return JournalStorage(JournalFileBackend(str(path), lock_obj=Lock()))  # type: ignore[arg-type]  # Optuna names its base class nowhere


def mend(path: Path) -> None:
    """Remove an unfinished last line from a journal. Its writer is dead, because this process holds the lock, and
    nobody read it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "journal"
    ...     _ = path.write_bytes(b"whole\\nhal")
    ...     mend(path)
    ...     path.read_bytes()
    b'whole\\n'
    """
    with path.open("rb+") as file:
        if (size := file.seek(0, 2)) == 0:
            return
        file.seek(size - 1)
        if file.read(1) == b"\n":
            return
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
