"""What is told while hand-ins are verified: how far they are, from the first second on, also where no terminal is."""

from __future__ import annotations

import time
from threading import Event, Lock, Thread
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

EVERY = 10.0
"""seconds between two lines where lines stay, as in the log of a CI"""

TICK = 0.25
"""seconds between two looks in a terminal"""


class Told:
    """A line that moves in a terminal; elsewhere a line at the beginning, and one whenever more is done."""

    def __init__(self, console: Console, several: int) -> None:
        self.console, self.several = console, several
        self.laws: dict[str, dict[int, tuple[int, int]]] = {}
        self.finished: set[str] = set()
        self._lock, self._over, self._begun = Lock(), Event(), time.monotonic()
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None
        self._thread = Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Told:
        if self._live is None:
            self._line(self.words())
        else:
            self._live.start()
            self._live.update(Text(self.words(), style="dim"))
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        if self._live is not None:
            self._live.stop()

    def heard(self, name: str, share: int, done: int, laws: int) -> None:
        """Of a share of a hand-in so many laws are done."""
        with self._lock:
            self.laws.setdefault(name, {})[share] = done, laws

    def done(self, name: str) -> None:
        """A hand-in is done."""
        with self._lock:
            self.finished.add(name)

    def words(self) -> str:
        """How far they are."""
        with self._lock:
            shares = [one for name, each in self.laws.items() if name not in self.finished for one in each.values()]
            finished = len(self.finished)
        done, laws = sum(d for d, _ in shares), sum(n for _, n in shares)
        seconds = int(time.monotonic() - self._begun)
        many = f"{finished} of {self.several} hand-ins done, " if self.several != 1 else ""
        under_way = f"{done} of {laws} laws of those under way" if many else f"{done} of {laws} laws done"
        return f"verifying: {many}{under_way if laws else 'loading'}, {seconds} s"

    def _tell(self) -> None:
        said = time.monotonic()
        while not self._over.wait(TICK):
            if self._live is not None:
                self._live.update(Text(self.words(), style="dim"))
            elif time.monotonic() - said >= EVERY:
                said = time.monotonic()
                self._line(self.words())

    def _line(self, words: str) -> None:
        self.console.print(Text(words, style="dim"), soft_wrap=True)
