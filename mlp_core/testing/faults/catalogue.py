"""An entry of the catalogue: a mistake that runs, its words, where it comes from, the laws that must catch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mlp_core.testing.subjects.recognise import resolve


@dataclass(frozen=True)
class Fault:
    """A known mistake."""

    words: str
    """what is wrong, as one would tell its author"""
    origin: str
    """where somebody made it, or the place in the formula where it sits"""
    laws: tuple[str, ...]
    """each of these must catch it"""
    thing: Any
    """the function, class or record with the mistake"""
    right: Any
    """the same without"""
    make: Callable[[Any], Any] = resolve
    """thing -> the subject that is verified"""
    names: dict[str, Any] = field(default_factory=dict)
    """what a snippet imports beside the thing, by name; what it cannot import is "record" """
    examples: int = 100
    """how many the laws need to catch it, with room to spare"""

    @property
    def name(self) -> str:
        return str(getattr(self.thing, "__name__", "") or self.thing.name)

    @property
    def subject(self) -> Any:
        return self.make(self.thing)


class Catalogue:
    """Mistakes of one kind, in the order in which they were written."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def caught_by(
        self, *laws: str, right: Any, origin: str, subject: Callable[[Any], Any] = resolve, examples: int = 100,
        **names: Any,
    ) -> Callable[[Any], Any]:  # fmt: skip
        """Enter a function or class, whose docstring says in words what is wrong with it, as a mistake that each of
        `laws` must catch. `right`: what it should have been. `subject` makes a subject of it."""

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
