"""Functional update rules as subjects: an optimizer is made of them, and laws about their own form apply too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine.source import import_of, name_of
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.examples.scenario import Make, Scenario
from mlp_core.testing.subjects.functional import LIBRARIES, Form, functional, pair_of, returns_updates, tensor_of
from mlp_core.testing.subjects.optimizers import OptimizerSubject
from mlp_core.testing.subjects.torch_optimizers import _strategy, of_optimizer

SHAPES = ((2, 3), (5,), (3, 1), (1, 4), (1,), (7,), (2, 2, 3))
"""shapes of parameters; functional rules are not tested on empty ones"""


@dataclass(frozen=True)
class UpdateSubject(OptimizerSubject):
    """A functional rule, with an optimizer made of it."""

    init: Any = None
    following: Any = None
    """its step"""
    form: Form = field(default_factory=Form)

    def scenarios(self, *, missing: bool = False, **options: Any) -> st.SearchStrategy[Scenario]:
        """Scenarios in which every parameter has a gradient in every step, and lr is constant: the state belongs to all
        parameters together, and the hyperparameters are fixed when the rule is created.
        """
        wanted = {**options, "schedule": False, "counts": False}
        return super().scenarios(missing=False, **wanted)


def of_update(
    init: Any, step: Any, reference: Make | None, hyperparameters: Mapping[str, Any], claims: Sequence[str],
    library: str | None, updates: bool | None, dtypes: Sequence[torch.dtype] | None,
) -> UpdateSubject:  # fmt: skip
    """See mlp_core.testing.subjects.update."""
    for name, function in (("init", init), ("step", step)):
        if not callable(function) and function is not None and not hasattr(function, "update"):
            raise ArgumentError(name, function, "a function, or only init: an object with init and update")
    if library is not None and library not in LIBRARIES:
        raise ArgumentError("library", library, f"one of {', '.join(LIBRARIES)}, or None")
    (hyper,) = sample(st.fixed_dictionaries({n: _strategy(n, v) for n, v in hyperparameters.items()}), 1)
    form = _form(init, step, hyper, library, updates)
    make = functional(init, step, form.library, form.listed, form.updates)
    make.__name__ = name_of(init if step is None else step)
    own = of_optimizer(
        make, reference, {"lr": hyper.get("lr", 0.0), **hyperparameters} if "lr" in hyper else hyperparameters, claims,
        SHAPES, dtypes or _dtypes(init, step, hyper, form), 1, (),
    )  # fmt: skip
    lines = [*import_of(init), *(import_of(step) if step is not None else ())]
    names = f"{name_of(init)}, {name_of(step) if step is not None else None}"
    call = f"{names}, {form.library!r}, {form.listed}, {form.updates}"
    lines += ["from mlp_core.testing.subjects.functional import functional", f"mine = functional({call})"]
    values = {f.name: getattr(own, f.name) for f in fields(OptimizerSubject) if f.init}
    rest = own.source[own.source.index(next(line for line in own.source if line.startswith("mine = "))) + 1 :]
    values["source"] = (*lines, *rest)
    return UpdateSubject(**values, init=init, following=step, form=form)


def _form(init: Any, step: Any, hyper: dict[str, Any], library: str | None, updates: bool | None) -> Form:
    """How the rule can be called: the first form in which it makes a step. Raises ArgumentError if there is none."""
    owner = getattr(init, "func", init)  # for a partial, such as optax.nadam
    named = f"{getattr(owner, '__module__', '')} {type(owner).__module__}"
    first = "jax" if "optax" in named or "jax" in named else "numpy"
    tried = (library,) if library else (first, *(name for name in ("numpy", "torch") if name != first))
    why = ""
    for name in tried:
        for listed in (True, False):
            try:
                found = returns_updates(init, step, hyper, name, listed)
            except Exception as error:
                why = why or f"{type(error).__name__}: {error}"
                continue
            return Form(name, listed, found if updates is None else updates)
    raise ArgumentError(
        "step", Described(f"{name_of(step or init)}, which raises {why}"),
        "step(gradients, state, params) -> (params or updates, state), on lists of arrays or on one array",
    )  # fmt: skip


def _dtypes(init: Any, step: Any, hyper: dict[str, Any], form: Form) -> tuple[torch.dtype, ...]:
    """float64 if the rule keeps it, otherwise float32: jax has no float64 unless it is enabled."""
    from mlp_core.testing.subjects.functional import array_of

    first, following = pair_of(init, step, hyper)
    p = array_of(torch.ones(2, 3, dtype=torch.float64), form.library)
    params = [p] if form.listed else p
    found, _ = following(params, first(params), params)
    kept = tensor_of(found[0] if form.listed else found).dtype == torch.float64
    return (torch.float64,) if kept else (torch.float32,)
