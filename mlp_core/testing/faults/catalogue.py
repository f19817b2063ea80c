"""An entry of the catalogue: code with a mistake, the mistake in words, its origin, and the laws that must catch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mlp_core.testing.subjects.recognise import resolve


@dataclass(frozen=True)
class Fault:
    """A known mistake."""

    words: str
    """the mistake, in the words of a diagnosis"""
    origin: str
    """where it was made, or its place in the formula"""
    laws: tuple[str, ...]
    """the laws that must catch it"""
    thing: Any
    """the function, class or record with the mistake"""
    right: Any
    """the same without the mistake"""
    make: Callable[[Any], Any] = resolve
    """thing -> the subject that is verified"""
    names: dict[str, Any] = field(default_factory=dict)
    """what a snippet imports in addition to the thing, by name; "record" is what it cannot import"""
    examples: int = 100
    """the number of examples that the laws need to catch it, with a margin"""

    @property
    def name(self) -> str:
        return str(getattr(self.thing, "__name__", "") or self.thing.name)

    @property
    def subject(self) -> Any:
        return self.make(self.thing)


class Catalogue:
    """Mistakes of one kind, in the order of the source."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def caught_by(
        self, *laws: str, right: Any, origin: str, subject: Callable[[Any], Any] = resolve, examples: int = 100,
        **names: Any,
    ) -> Callable[[Any], Any]:  # fmt: skip
        """Enter a function or class as a mistake that each of `laws` must catch. Its docstring describes the mistake.
        `right`: the correct version. `subject` makes a subject of it.
        """

        def enter(thing: Any) -> Any:
            words = " ".join((thing.__doc__ or "").split()).rstrip(".")
            known = {thing.__name__: right, **names}
            self.faults.append(Fault(words, origin, laws, thing, right, subject, known, examples))
            return thing

        return enter

    def record(
        self, law: str, wrong: Any, right: Any, *, words: str = "", origin: str = "", examples: int = 100
    ) -> None:
        """Enter an activation or loss record that `law` must catch."""
        self.faults.append(Fault(words, origin, (law,), wrong, right, resolve, {"record": right}, examples))
