"""Public constructors of updates: update rules, optimizers, functional rules and training functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from mlp_core.rules import UpdateRule
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.examples.scenario import Make
from mlp_core.testing.subjects.optimizers import OptimizerSubject
from mlp_core.testing.subjects.rules import of_rule
from mlp_core.testing.subjects.torch_optimizers import of_optimizer
from mlp_core.testing.subjects.training import TrainingSubject
from mlp_core.testing.subjects.training_functions import TrainerSubject
from mlp_core.testing.subjects.training_told import as_fit, of_training
from mlp_core.testing.subjects.updates import UpdateSubject, of_update


def rule(rule: type[UpdateRule] | UpdateRule) -> OptimizerSubject:
    """An UpdateRule with its own optimizer: a class, whose hyperparameters are drawn from their domains, or an
    instance.

    >>> from mlp_core import rules
    >>> rule(rules.get("adam")).name
    'Adam'
    """
    return of_rule(rule)


def optimizer(
    make: Make, reference: Make | None = None, hyperparameters: Mapping[str, Any] | None = None,
    claims: Sequence[str] = (), *, shapes: Sequence[tuple[int, ...]] | None = None,
    dtypes: Sequence[torch.dtype] | None = None, groups: int = 2, waives: Sequence[str] = (),
) -> OptimizerSubject:  # fmt: skip
    """Any torch.optim.Optimizer. make(params, **hyper) creates it; params are group dicts or tensors, or (name,
    parameter) pairs if it accepts nothing else.

    reference: the optimizer that it must equal, within what rounding explains: a class, or a function that translates
    the names of the hyperparameters. Without a reference only the laws for all optimizers run. hyperparameters: for
    each name a Hypothesis strategy, an annotated domain as in an UpdateRule, or a constant. A switch between
    implementations must be a constant, because every hyperparameter that varies must have an effect. claims:
    coordinatewise (each coordinate moves separately); odd (negated parameters and gradients negate the step);
    fixed_point (a zero gradient with a fresh state moves nothing, except by hyperparameters marked Decay and Epsilon);
    descends (small steps decrease a convex function); proportional (half the lr is half the first step); validates
    (values outside a domain, and NaN, are refused); compiles (torch.compile of its step computes the same; this law
    takes some seconds). shapes: shapes of parameters; by default all that the constructor accepts. dtypes: by default
    float32 and float64, and bfloat16 for the laws about dtypes. groups: 1 if all groups must be equal. waives: names of
    laws that do not hold by design ("lets a parameter join late", for an average over the optimizer's own steps); they
    are reported as skipped. A failure shows the line that waives its law.

    Raises ArgumentError for an unknown claim or hyperparameter, for a missing one, and for a constructor that accepts
    parameters in no form.

    >>> from hypothesis import strategies as st
    >>> from mlp_core.testing import verify
    >>> rates = {"lr": st.floats(1e-3, 1), "momentum": st.floats(0, 0.9)}
    >>> verify(optimizer(torch.optim.SGD, torch.optim.SGD, rates, claims=["odd"]), examples=5).ok
    True
    """
    return of_optimizer(make, reference, hyperparameters or {}, claims, shapes, dtypes, groups, waives)


def update(
    init: Any, step: Callable[..., Any] | None = None, reference: Make | None = None,
    hyperparameters: Mapping[str, Any] | None = None, claims: Sequence[str] = (), *, library: str | None = None,
    updates: bool | None = None, dtypes: Sequence[torch.dtype] | None = None,
) -> UpdateSubject:  # fmt: skip
    """A functional rule: init(params) -> state, step(gradients, state, params) -> (params or updates, state).

    params and gradients are lists of arrays, or one array if the rule takes no list. A hyperparameter is passed to each
    of the two functions that has a parameter with its name. Without step, init is an object with init and update, as in
    optax, or a function of the hyperparameters that returns such an object or the pair: update(optax.adam,
    reference=..., ...). reference, hyperparameters, claims: as for `optimizer`. library: numpy, torch or jax. updates:
    whether step returns updates, which are added to the parameters. Both are found by trying if not given.

    Raises ArgumentError if the rule cannot step in any of these forms.

    >>> from hypothesis import strategies as st
    >>> from mlp_core.testing import verify
    >>> def descend(gradients, state, params, lr):
    ...     return [p - lr * g for p, g in zip(params, gradients)], state
    >>> rates = {"lr": st.floats(1e-3, 1)}
    >>> verify(update(lambda params: None, descend, torch.optim.SGD, rates), examples=5).ok
    True
    """
    return of_update(init, step, reference, hyperparameters or {}, claims, library, updates, dtypes)


def training(
    train: Callable[..., Any], roles: Mapping[str, str] | None = None, given: Mapping[str, Any] | None = None,
    *, weighted: bool = False, spares: bool | None = None,
) -> TrainingSubject | TrainerSubject:  # fmt: skip
    """A training loop with the signature of mlp_core.fit, or any function that trains a torch.nn.Module.

    The core's own fit must have the bits of torch's loop; another fit must agree within rounding. For any other
    function the names of the parameters, in any order, show their roles: the module (model, net), the loss (loss_fn,
    criterion), the data (train_loader, or x and y), n_epochs, lr, momentum, weight_decay, optimizer, device, verbose,
    val_loader. Globals with these names are replaced while it runs. The weights after every epoch, and the returned
    losses, are compared with torch.optim.SGD.

    roles: the roles of parameters with other names ({"wd": "decay"}). given: values for parameters without a role.
    weighted: whether the loss of an epoch must be the mean over its samples; otherwise the mean over its batches is
    only noted. spares: whether weight decay must leave out biases; by default its names or its docstring decide
    (`no_decay`). Raises ArgumentError if the role of a parameter is unknown.

    >>> from mlp_core.testing import laws
    >>> from mlp_core import fit
    >>> [law.name for law in laws(training(fit))][0]
    'equals torch to the bit'
    >>> def train(n_epochs, model, loss_fn, train_loader, lr): ...
    >>> [law.name for law in laws(training(train))][0]
    'equals torch with plain gradient descent'
    """
    if not roles and not given and as_fit(train):
        own = getattr(train, "__module__", "") == "mlp_core.training"
        return TrainingSubject(train, name_of(train), to_the_bit=own)
    return of_training(train, roles, given, weighted, spares)
