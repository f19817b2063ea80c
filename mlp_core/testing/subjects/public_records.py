"""Public constructors of records and of the functions of the experiment: normalisation and selection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlp_core.activations import Activation
from mlp_core.losses import Loss
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.subjects.normalisations import NormalisationSubject
from mlp_core.testing.subjects.records import RecordSubject
from mlp_core.testing.subjects.selections import SelectionSubject


def activation(record: Activation) -> RecordSubject:
    """An activation record: its hand-written derivative, its kinks and its claims.

    >>> from mlp_core import activations
    >>> from mlp_core.testing import verify
    >>> verify(activation(activations.get("gelu")), examples=10).ok
    True
    """
    return RecordSubject(record)


def loss(record: Loss) -> RecordSubject:
    """A loss record: its hand-written derivative, with and without its value, and the targets that it refuses.

    >>> from mlp_core import losses
    >>> from mlp_core.testing import verify
    >>> verify(loss(losses.get("mse")), examples=10).ok
    True
    """
    return RecordSubject(record)


def normalisation(normalise: Callable[..., Any]) -> NormalisationSubject:
    """A function normalise(training, validation, test) -> (the three normalised splits), record; images (N, C, H, W) in
    0..1.

    >>> from mlp_core.normalise import normalise
    >>> from mlp_core.testing import verify
    >>> verify(normalisation(normalise), examples=10).ok
    True
    """
    return NormalisationSubject(normalise, name_of(normalise))


def selection(select: Callable[..., Any]) -> SelectionSubject:
    """A function select(trials) -> the best trial. A trial has number, validation_accuracy (0 to 1) and
    validation_loss.

    >>> from mlp_core.testing import verify
    >>> first = lambda trials: trials[0]
    >>> [r.law for r in verify(selection(first), examples=20).results if r.verdict == "FAIL"][0]
    'takes the highest validation accuracy'
    """
    return SelectionSubject(select, name_of(select))
