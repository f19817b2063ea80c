"""The progress of a command: one changing line in a terminal, or a line from time to time elsewhere, as in a CI log."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Any

EVERY = 10.0
"""seconds between two lines if lines remain visible"""

TICK = 0.25
"""seconds between two updates in a terminal"""


class Ticker:
    """A context in which `words()` and the elapsed seconds are shown on a rich console, from the beginning on.

    >>> import io
    >>> from rich.console import Console
    >>> console = Console(file=io.StringIO())
    >>> with Ticker(console, lambda: "verifying"):
    ...     console.file.getvalue()
    'verifying, 0 s\\n'
    """

    def __init__(self, console: Any, words: Callable[[], str]) -> None:
        from rich.live import Live

        self.console, self.words, self._over, self._begun = console, words, Event(), time.monotonic()
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None
        self._thread = Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Ticker:
        if self._live is not None:
            self._live.start()
        self._show()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        if self._live is not None:
            self._live.stop()

    def _tell(self) -> None:
        said = time.monotonic()
        while not self._over.wait(TICK):
            if self._live is not None or time.monotonic() - said >= EVERY:
                said = time.monotonic()
                self._show()

    def _show(self) -> None:
        from rich.text import Text

        line = Text(f"{self.words()}, {time.monotonic() - self._begun:.0f} s", style="dim")
        if self._live is None:
            self.console.print(line, soft_wrap=True)
        else:
            self._live.update(line)
