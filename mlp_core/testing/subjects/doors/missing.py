"""Stands in for an argument that is not chosen yet: every use of it raises Missing.

A function that raises another error rejects the arguments chosen so far, whatever the others are.
"""

from __future__ import annotations

from typing import Any, NoReturn


class Missing(BaseException):
    """A function used an argument that is not chosen yet. BaseException, so that foreign code does not catch it."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class Absent:
    """The argument at one place, not chosen yet.

    >>> try:
    ...     1 + Absent(3)
    ... except Missing as missing:
    ...     print(missing.place)
    3
    """

    def __init__(self, place: int) -> None:
        object.__setattr__(self, "place", place)

    def __getattribute__(self, name: str) -> NoReturn:
        raise Missing(object.__getattribute__(self, "place"))

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), options: Any = None) -> NoReturn:
        raise Missing(_place((args, options or {})))


def _used(self: Any, *args: Any, **options: Any) -> NoReturn:
    raise Missing(object.__getattribute__(self, "place"))


def _place(value: Any) -> int:
    """The place of an absent argument inside of others; -1 if it is hidden."""
    if type(value) is Absent:
        return int(object.__getattribute__(value, "place"))
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return max(map(_place, inner), default=-1)


_BINARY = "add sub mul truediv floordiv mod divmod pow matmul lshift rshift and or xor"
_OTHERS = """
    neg pos abs invert bool int float complex index round trunc floor ceil len iter next contains getitem setitem
    delitem call eq ne lt le gt ge hash str repr format enter exit array array_ufunc array_function
"""

for _name in (*_OTHERS.split(), *(f"{side}{one}" for one in _BINARY.split() for side in ("", "r", "i"))):
    setattr(Absent, f"__{_name}__", _used)
