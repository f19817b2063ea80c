"""Training loops and normalisations as subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlp_core.testing.conduct import import_of
from mlp_core.testing.law import Law


@dataclass(frozen=True)
class TrainingSubject:
    """A training loop with the signature of mlp_core.fit."""

    fit: Callable[..., Any]
    name: str
    to_the_bit: bool = False

    def laws(self) -> list[Law]:
        from mlp_core.testing import exact_laws, training_course, training_laws

        books = (training_laws.book, training_course.book, exact_laws.training_book)
        return [law.bind(self) for book in books for law in book.laws]

    def snippet(self, example: Any, closing: str) -> str:
        """Lines to paste that train as the example does."""
        head = ["import torch", "from mlp_core import MLP, activations, losses, rules", *import_of(self.fit)]
        closing = closing.replace("fit(", f"{self.fit.__name__}(")
        return "\n".join([*head, "", *example.setup(), "", closing])


@dataclass(frozen=True)
class NormalisationSubject:
    """normalise(training, validation, test) -> (the three normalised, record)."""

    normalise: Callable[..., Any]
    name: str

    def laws(self) -> list[Law]:
        from mlp_core.testing import normalisation_laws

        return [law.bind(self) for law in normalisation_laws.book.laws]

    def snippet(self, example: Any, closing: str) -> str:
        """Lines to paste that normalise the example's images."""
        closing = closing.replace("normalise(", f"{self.normalise.__name__}(")
        return "\n".join(["import torch", *import_of(self.normalise), "", *example.setup(), "", closing])
