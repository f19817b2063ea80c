"""What a law is tried on depends on the call alone, not on what else is imported or asked of Hypothesis.

One draw in twenty of a number, a text or bytes Hypothesis takes from constants, half of these from the source of every
local module that is loaded: an unused `X = 12.5` somewhere, or a module of ours that a failure loads, changes all
examples after it, and the same call that failed passes. And under pytest's `--hypothesis-seed` it reads no database, so
that what failed before is not tried. Both are shut off here as long as a law is checked. For constants that holds in
the threads that ask for it alone: tests of others keep theirs.

Hypothesis has no settings for it, so that names of its inside are replaced meanwhile (in 6.130 and 6.131.0 there are no
constants of modules). Where one is missing, that part is not done, and tests/engine/test_constants.py fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from types import ModuleType
from typing import Any

import hypothesis.core
from hypothesis.internal.conjecture import providers

LARGEST = 1024
"""entries of a cache, as in Hypothesis"""


class _None:
    """The constants of no module, as Hypothesis asks for them: by a method or, in old versions, as in a dict."""

    def set_for_type(self, kind: object) -> tuple[()]:
        return ()

    __getitem__ = set_for_type

    def __len__(self) -> int:
        return 0


_kept: ContextVar[dict[Any, Any] | None] = ContextVar("_kept", default=None)
"""inside, in place of Hypothesis's cache: which constants are allowed, by what is asked for"""


class _Cache:
    """Hypothesis's cache outside, one of our own inside."""

    def __init__(self, others: Any) -> None:
        self.others = others

    def _here(self) -> Any:
        kept = _kept.get()
        return self.others if kept is None else kept

    def __contains__(self, key: Any) -> bool:
        return key in self._here()

    def __getitem__(self, key: Any) -> Any:
        return self._here()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        here = self._here()
        if here is not self.others and len(here) >= LARGEST:
            here.clear()
        here[key] = value

    def __getattr__(self, name: str) -> Any:
        return getattr(self.others, name)


def _finder(others: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: others() if _kept.get() is None else _None()


def _no_seed(others: object) -> None:
    """In place of the seed of pytest's `--hypothesis-seed`: every law is given its own."""


REPLACED: dict[str, tuple[ModuleType, Callable[[Any], Any]]] = {
    "_get_local_constants": (providers, _finder),
    "CONSTANTS_CACHE": (providers, _Cache),
    "global_force_seed": (hypothesis.core, _no_seed),
}
"""names of Hypothesis's inside: where each is, and what of it takes its place"""

_lock, _inside = Lock(), list[dict[str, Any]]()
"""what the names stood for, once for everybody who is inside"""


def shut_off() -> tuple[str, ...]:
    """The names that are replaced: those that this Hypothesis has."""
    return tuple(name for name, (module, _) in REPLACED.items() if hasattr(module, name))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, no constants of the modules that happen to be loaded are drawn, and databases are read."""
    with _lock:
        if _inside:
            before = _inside[0]
        else:
            before = {name: getattr(REPLACED[name][0], name) for name in shut_off()}
            for name, value in before.items():
                module, replaced = REPLACED[name]
                setattr(module, name, replaced(value))
        _inside.append(before)
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)
        with _lock:
            _inside.pop()
            if not _inside:
                for name, value in before.items():
                    setattr(REPLACED[name][0], name, value)
