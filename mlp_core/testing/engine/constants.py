"""The examples of a law depend on the call alone, not on which modules are imported or how pytest was started.

Hypothesis draws one in twenty numbers, texts or bytes from constants. Half of these constants come from the source of
every local module that is loaded. So an unused `X = 12.5` somewhere, or a module of this package that a failure loads,
would change all later examples, and the call that failed would pass when it is repeated. Under pytest's
`--hypothesis-seed`, Hypothesis also reads no database, so earlier failures would not be replayed. Both are switched off
here while a law is checked. For constants this applies only to the threads that check laws; tests of other packages
keep theirs.

Hypothesis has no settings for this, so internal names of Hypothesis are replaced meanwhile (6.130 and 6.131.0 have no
constants of modules). If a name is missing, that part is skipped, and tests/engine/test_constants.py fails.
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
"""the number of entries of a cache, as in Hypothesis"""


class _None:
    """The constants of no module, in the form in which Hypothesis reads them: by a method, or in old versions as from a
    dict.
    """

    def set_for_type(self, kind: object) -> tuple[()]:
        return ()

    __getitem__ = set_for_type

    def __len__(self) -> int:
        return 0


_kept: ContextVar[dict[Any, Any] | None] = ContextVar("_kept", default=None)
"""while a law is checked, used instead of Hypothesis's cache: the allowed constants per request"""


class _Cache:
    """Hypothesis's own cache normally, and a separate one while a law is checked."""

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
    """Replaces the seed of pytest's `--hypothesis-seed`: every law has its own seed."""


REPLACED: dict[str, tuple[ModuleType, Callable[[Any], Any]]] = {
    "_get_local_constants": (providers, _finder),
    "CONSTANTS_CACHE": (providers, _Cache),
    "global_force_seed": (hypothesis.core, _no_seed),
}
"""internal names of Hypothesis: the module of each, and its replacement"""

_lock, _inside = Lock(), list[dict[str, Any]]()
"""the original values of the names, shared by all threads that are inside"""


def shut_off() -> tuple[str, ...]:
    """The names that are replaced: those that this version of Hypothesis has."""
    return tuple(name for name, (module, _) in REPLACED.items() if hasattr(module, name))


@contextmanager
def undisturbed() -> Iterator[None]:
    """A context in which no constants of loaded modules are drawn, and databases are read. A Ctrl-C gets out of it: if
    one arrives before Hypothesis's engine has begun, Hypothesis raises an AssertionError instead.
    """
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
    except AssertionError as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    finally:
        _kept.reset(token)
        with _lock:
            _inside.pop()
            if not _inside:
                for name, value in before.items():
                    setattr(REPLACED[name][0], name, value)
