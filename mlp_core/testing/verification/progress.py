"""The progress of verifying hand-ins, in one line."""

from __future__ import annotations

from threading import Lock


class Progress:
    """Counts finished hand-ins and laws. The threads that listen to hand-ins call it."""

    def __init__(self, several: int) -> None:
        self.several = several
        self.laws: dict[str, dict[int, tuple[int, int]]] = {}
        self.finished: set[str] = set()
        self._lock = Lock()

    def heard(self, name: str, share: int, done: int, laws: int) -> None:
        """Record how many laws of a share of a hand-in are done."""
        with self._lock:
            self.laws.setdefault(name, {})[share] = done, laws

    def done(self, name: str) -> None:
        """Record that a hand-in is done."""
        with self._lock:
            self.finished.add(name)

    def words(self) -> str:
        """The progress in words.

        >>> progress = Progress(2)
        >>> progress.heard("a.py:f", 0, 3, 20)
        >>> progress.words()
        'verifying: 0 of 2 subjects done, 3 of 20 laws of those under way'
        """
        with self._lock:
            shares = [one for name, each in self.laws.items() if name not in self.finished for one in each.values()]
            finished = len(self.finished)
        done, laws = sum(d for d, _ in shares), sum(n for _, n in shares)
        many = f"{finished} of {self.several} subjects done, " if self.several > 1 else ""
        under_way = f"{done} of {laws} laws {'of those under way' if many else 'done'}"
        return f"verifying: {many}{under_way if laws else 'loading'}"
