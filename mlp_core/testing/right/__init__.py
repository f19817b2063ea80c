"""Correct implementations that are written differently: no law may fail for them.

They are the subjects of the soak test (benchmarks/soak.py), together with the core's own.
"""

from __future__ import annotations

from typing import Any

from mlp_core.testing import subjects as kinds
from mlp_core.testing.right import (
    autograd_functions,
    awkward,
    backprops,
    course,
    functions,
    layers,
    objectives,
    rules,
    students,
    suspicious,
    torchs,
    trainers,
)  # fmt: skip
from mlp_core.testing.subjects.optimizers import OptimizerSubject


def subjects() -> dict[str, Any]:
    """Every correct implementation as a subject, by a descriptive name.

    >>> from mlp_core.testing import verify
    >>> verify(subjects()["backprop: einsum"], examples=5).ok
    True
    """
    return {
        **{f"backprop: {f.__name__}": kinds.backprop(f) for f in backprops.EVERY},
        **{f"course: {f.__name__}": kinds.course(f) for f in course.EVERY},
        **{f"course: {f.__name__}": kinds.course(f, batch_sizes=(1, 1)) for f in course.ONE_SAMPLE},
        **{
            f"gradient: {g.__name__}": kinds.gradient(loss, g, inputs)
            for loss, g, inputs in (*functions.GRADIENTS, *awkward.GRADIENTS)
        },
        **{
            f"objective: {f.__name__}": kinds.objective(f, loss, labels, hessian, scores=scores)
            for f, loss, labels, hessian, scores in objectives.OBJECTIVES
        },
        **{f"pair: {name}": pair for name, pair in layers.pairs().items()},
        **{f"layer: {name}": layer for name, layer in layers.as_objects().items()},
        **{f"function: {F.__name__}": kinds.function(F, inputs) for F, inputs in autograd_functions.EVERY},
        **{
            f"function: {F.__name__}, beside torch": kinds.function(F, inputs, reference=reference)
            for F, inputs, reference in autograd_functions.BESIDE
        },
        **{f"training: {f.__name__}": kinds.training(f) for f in functions.FITS},
        **{f"training: {f.__name__}": kinds.training(f) for f in (*trainers.EVERY, students.train_with_average)},
        **{f"normalisation: {f.__name__}": kinds.normalisation(f) for f in functions.NORMALISATIONS},
        **{f"rule: {c.__name__}": _written(c) for c in rules.EVERY},
        **{f"optimizer: {c.__name__}": kinds.optimizer(c) for c in suspicious.EVERY},
        **torchs.subjects(),
    }


def _written(optimizer: type[rules.Written]) -> OptimizerSubject:
    name = optimizer.__name__
    mine = [f"from {rules.__name__} import {name} as mine"]  # the core's rule has the same name
    return torchs.as_rule(name.lower(), optimizer, name, mine)
