"""Whether a worker is alive: on this machine by a file that it keeps locked, elsewhere by its heartbeat."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from filelock import FileLock, Timeout

BEAT, SILENCE = 3.0, 30.0
"""seconds between two heartbeats of a worker, and seconds without one after which it counts as dead"""


WORKERS = "workers"
"""the folder of the files that living workers keep locked"""


class Lives:
    """This process as a worker called `name`, and its knowledge about the other workers. folder: of the search."""

    def __init__(self, folder: Path) -> None:
        self.name = uuid.uuid4().hex
        self.folder = folder / WORKERS
        self.folder.mkdir(exist_ok=True)
        self.lock = FileLock(self._file(self.name))
        self.lock.acquire()  # until this process ends in any way
        self.heard: dict[int, tuple[object, float]] = {}

    def close(self) -> None:
        """Leave: the worker's file is removed."""
        self.lock.release()
        self._file(self.name).unlink(missing_ok=True)

    def gone(self, attempt: int, worker: str | None, beat: object) -> bool:
        """Whether the worker of an attempt, whose last heartbeat is `beat`, is dead."""
        if worker == self.name:
            return False
        file = None if worker is None else self._file(worker)
        if file is not None and file.exists():  # a worker of this folder
            try:
                with FileLock(file, timeout=0):
                    return True
            except Timeout:
                return False
        last, since = self.heard.setdefault(attempt, ((worker, beat), time.monotonic()))
        if last != (worker, beat):
            self.heard[attempt] = ((worker, beat), time.monotonic())
            return False
        return time.monotonic() - since > SILENCE

    def _file(self, worker: str) -> Path:
        return self.folder / f"{worker}.lock"


@contextmanager
def heartbeat(beat: Callable[[int], object]) -> Iterator[None]:
    """A context in which a thread calls beat(1), beat(2), ... every few seconds. It stops if a call fails."""
    ended = Event()

    def beating() -> None:
        count = 0
        while not ended.wait(BEAT):
            count += 1
            beat(count)

    thread = Thread(target=beating, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
