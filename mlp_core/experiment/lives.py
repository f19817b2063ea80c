"""Whether a worker is still alive: by a file it keeps locked here, or by its heartbeat where it runs elsewhere."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from filelock import FileLock, Timeout

BEAT, SILENCE = 3.0, 30.0
"""seconds between two beats of a worker's heart, and without one until it counts as dead"""


WORKERS = "workers"
"""the folder of the files that living workers hold locked"""


class Lives:
    """This process as a worker, of the name `name`, and what it knows of the others. folder: of the search."""

    def __init__(self, folder: Path) -> None:
        self.name = uuid.uuid4().hex
        self.folder = folder / WORKERS
        self.folder.mkdir(exist_ok=True)
        self.lock = FileLock(self._file(self.name))
        self.lock.acquire()  # until this process ends, however it ends
        self.heard: dict[int, tuple[object, float]] = {}

    def close(self) -> None:
        """Leave: the name's file goes."""
        self.lock.release()
        self._file(self.name).unlink(missing_ok=True)

    def gone(self, attempt: int, worker: str | None, beat: object) -> bool:
        """Whether the worker of an attempt is dead, of which `beat` is the last sign."""
        if worker == self.name:
            return False
        file = None if worker is None else self._file(worker)
        if file is not None and file.exists():  # one of this folder's
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
    """Inside, beat(1), beat(2), ... is called every few seconds, by a thread; it ends where a call fails."""
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
