"""The arguments that an optimizer's constructor accepts: the form, shapes and groups of its parameters, and an lr of 0.
It is found by calling it with parameters: an exception means no."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.testing.engine import guards
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.examples.scenario import Make, Scenario
from mlp_core.testing.examples.scenarios import SHAPES

Shapes = Sequence[tuple[int, ...]]

Hyper = dict[str, Any]


def in_one_list(make: Make) -> Make:
    """`make`, which takes parameters in a list, adapted to a single group."""

    def listed(params: Iterable[Any], **hyper: Any) -> torch.optim.Optimizer:
        given = list(params)
        if not given or not isinstance(given[0], dict):
            return make(given, **hyper)
        (group,) = given
        return make(group["params"], **{**hyper, **{name: value for name, value in group.items() if name != "params"}})

    return listed


def named(make: Make) -> Make:
    """`make`, which takes (name, parameter) pairs, adapted to unnamed parameters: those of two dimensions become
    weights, the others biases.
    """

    def pairs(params: Iterable[Any], **hyper: Any) -> torch.optim.Optimizer:
        given, count = list(params), 0

        def of(tensors: Iterable[Any]) -> list[tuple[str, Tensor]]:
            nonlocal count
            found = []
            for p in tensors:
                if isinstance(p, tuple):  # it has a name already
                    found.append(p)
                    continue
                found.append((f"layers.{count}.{'weight' if p.ndim > 1 else 'bias'}", p))
                count += 1
            return found

        if given and isinstance(given[0], dict):
            return make([{**group, "params": of(group["params"])} for group in given], **hyper)
        return make(of(given), **hyper)

    return pairs


Form = Sequence[Callable[[Make], Make]]

FORMS: tuple[Form, ...] = ((), (in_one_list,), (named,), (named, in_one_list))
"""the forms in which parameters may be passed, the usual one first: in groups, in a list, each also with names. Of two
adapters the first is applied first"""


def handed(make: Make, form: Form) -> Make:
    """`make` for groups of parameters, which are converted to a form."""
    for change in reversed(form):
        make = change(make)
    return make


def form_of(make: Make, shapes: Shapes | None, hypers: Sequence[Hyper]) -> tuple[Form, Hyper]:
    """The first form in which it accepts parameters and steps on them, otherwise the first in which it accepts them;
    and the hyperparameters that this needs.

    Raises ArgumentError with the constructor's exception if there is none.
    """
    for stepping in (True, False):
        for form in FORMS:
            suited = handed(make, form)
            for hyper in hypers:
                for shape in shapes or SHAPES:
                    if steps(suited, hyper, shape) if stepping else made(suited, grouped([shape], hyper), hyper):
                        return form, hyper
    name, hyper = name_of(make), hypers[0]
    call = ", ".join(["params", *(f"{key}={value!r}" for key, value in hyper.items())])
    try:
        with guards.globals_kept():
            make(grouped([(shapes or SHAPES)[0]], hyper), **hyper)
        error = "an error in other shapes"
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}".rstrip(": ")
    raise ArgumentError(
        "make", Described(name),
        f"a constructor that accepts parameters as groups or a list, with or without names; {name}({call}) raises "
        f"{error}; use shapes= and hyperparameters= to define what it accepts",
    )  # fmt: skip


def steps_in_some_form(make: Make, hyper: Hyper, shapes: Shapes | None) -> bool:
    """Whether a form and a shape exist in which it steps with these hyperparameters and its other defaults."""
    wanted = sorted(shapes or SHAPES, key=lambda shape: shape != PLAIN)
    return any(steps(handed(make, form), hyper, shape) for form in FORMS for shape in wanted)


PLAIN = (2, 3)
"""a shape that most optimizers accept"""


def grouped(shapes: Shapes, hyper: Hyper) -> list[dict[str, Any]]:
    """A group of parameters of these shapes, as the laws pass it."""
    return [{"params": [torch.zeros(shape).requires_grad_() for shape in shapes], **hyper}]


def made(make: Make, params: Sequence[Any], hyper: Hyper) -> torch.optim.Optimizer | None:
    """The result of `make`, or None if it raises: here only the accepted arguments matter, and the laws report
    exceptions.
    """
    own = [p.requires_grad_() if isinstance(p, Tensor) else dict(p) for p in params]
    try:
        with guards.globals_kept():
            return make(own, **hyper)
    except Exception:
        return None


def taken(make: Make, hyper: Hyper, shapes: Shapes = SHAPES) -> tuple[tuple[int, ...], ...]:
    """The shapes that the constructor accepts."""
    return tuple(shape for shape in shapes if made(make, [torch.zeros(shape)], hyper) is not None)


def steady(make: Make, hyper: Hyper, shapes: Shapes) -> tuple[tuple[int, ...], ...]:
    """The shapes on which two steps do not raise."""
    return tuple(shape for shape in shapes if steps(make, hyper, shape))


def steps_apart(make: Make, hyper: Hyper, name: str, values: Sequence[Any], shapes: Shapes) -> bool:
    """Whether two groups with different values of a hyperparameter step; also True if a second group is impossible."""
    shape = max(shapes, key=prod)
    both = [*grouped([shape], {**hyper, name: values[0]}), *grouped([shape], {**hyper, name: values[-1]})]
    if made(make, both, hyper) is None:
        return True

    def stepped(groups: Any, **hyper: Any) -> torch.optim.Optimizer:
        optimizer, params = make(groups, **hyper), [p for group in both for p in group["params"]]
        for _ in range(2):
            for p in params:
                p.grad = torch.ones_like(p)
            Scenario.step(optimizer, params)
        return optimizer

    return made(stepped, both, hyper) is not None


def steps(make: Make, hyper: Hyper, shape: tuple[int, ...]) -> bool:
    """Whether two steps on a parameter of this shape do not raise."""
    (group,) = grouped([shape], hyper)

    def stepped(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        optimizer = make(params, **hyper)
        for _ in range(2):
            for p in group["params"]:
                p.grad = torch.ones_like(p)
            Scenario.step(optimizer, group["params"])
        return optimizer

    return made(stepped, [group], hyper) is not None


def common(make: Make, hyper: Hyper, shapes: Shapes) -> tuple[str, ...]:
    """The hyperparameters that are not among the optimizer's defaults, so that a group has no value of its own."""
    one = made(make, [torch.zeros(max(shapes, key=prod))], hyper)
    return tuple(name for name in hyper if one is not None and name not in one.defaults)


def takes_groups(make: Make, hyper: Hyper, shapes: Shapes) -> bool:
    """Whether it accepts a second group and keeps the two unchanged."""
    shape = max(shapes, key=prod)
    both = made(make, [*grouped([shape], hyper), *grouped([shape], hyper)], hyper)
    return both is not None and len(both.param_groups) == 2
