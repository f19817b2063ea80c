"""Records by name: activations, losses and rules are registered here, and the laws run on all registered records."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from mlp_core.base.errors import ArgumentError, unknown


class Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


class Registry(Generic[T]):
    """A kind of record, by name, in the order of registration.

    >>> from mlp_core import activations
    >>> activations.get("relu").name
    'relu'
    """

    def __init__(self, kind: str, record_type: type[T]) -> None:
        self.kind, self.record_type = kind, record_type
        self._records: dict[str, T] = {}

    def register(self, record: T) -> T:
        """Add `record` under its name. Raises ArgumentError if the name is registered already."""
        if record.name in self._records:
            raise ArgumentError(f"{self.kind} name", record.name, "a name that is not registered yet")
        self._records[record.name] = record
        return record

    def get(self, name: str | T) -> T:
        """The record called `name`; a record itself is returned unchanged.

        Raises ArgumentError for an unknown name, with the nearest known one.
        """
        if isinstance(name, self.record_type):
            return name
        if not isinstance(name, str) or name not in self._records:
            raise unknown(self.kind, name, self._records)
        return self._records[name]

    def names(self) -> tuple[str, ...]:
        """The registered names."""
        return tuple(self._records)

    def remove(self, name: str) -> None:
        """Remove a record, for a notebook that registers it again or a test that cleans up."""
        del self._records[self.get(name).name]
