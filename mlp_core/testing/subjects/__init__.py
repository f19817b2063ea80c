"""Constructors of subjects: wrap what you want to verify in one of these, or pass it to verify, which finds the
subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from hypothesis import strategies as st

from mlp_core.activations import Activation
from mlp_core.base.errors import ArgumentError
from mlp_core.losses import Loss
from mlp_core.rules import UpdateRule
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.examples.inputs import inputs_of
from mlp_core.testing.examples.scenario import Make
from mlp_core.testing.subjects.course import CourseSubject
from mlp_core.testing.subjects.doors.arrays import arrays as arrays
from mlp_core.testing.subjects.doors.derivative import derivative as derivative
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.function import function as function
from mlp_core.testing.subjects.doors.layer import layer as layer
from mlp_core.testing.subjects.doors.objective import objective as objective
from mlp_core.testing.subjects.doors.of_loss import is_otherwise, of_loss
from mlp_core.testing.subjects.doors.pair import pair as pair
from mlp_core.testing.subjects.doors.script import script as script
from mlp_core.testing.subjects.doors.twin import twin as twin
from mlp_core.testing.subjects.doors.value_and_gradient import jacobian as jacobian
from mlp_core.testing.subjects.doors.value_and_gradient import value_and_gradient as value_and_gradient
from mlp_core.testing.subjects.functions import FunctionSubject
from mlp_core.testing.subjects.gradchecks import GradcheckSubject
from mlp_core.testing.subjects.gradients import BATCH_SIZES, GradientSubject
from mlp_core.testing.subjects.normalisations import NormalisationSubject
from mlp_core.testing.subjects.optimizers import OptimizerSubject
from mlp_core.testing.subjects.records import RecordSubject
from mlp_core.testing.subjects.rules import of_rule
from mlp_core.testing.subjects.selections import SelectionSubject
from mlp_core.testing.subjects.torch_optimizers import of_optimizer
from mlp_core.testing.subjects.training import TrainingSubject
from mlp_core.testing.subjects.training_functions import TrainerSubject
from mlp_core.testing.subjects.training_told import as_fit, of_training
from mlp_core.testing.subjects.updates import UpdateSubject, of_update


def _ours(function: Callable[..., Any]) -> bool:
    """Whether a function is the core's own. Its bits are compared; other functions are compared within rounding."""
    return getattr(function, "__module__", "") in ("mlp_core.backprop", "mlp_core.training")


def backprop(function: Callable[..., Any], *, batch_sizes: tuple[int, int] = BATCH_SIZES) -> GradientSubject:
    """A function f(model, trace, dL_dy) that fills model.flat_grad, like mlp_core.backprop.

    model: an MLP; trace.z[l], trace.a[l]: (B, n_l); dL_dy: (B, n_L). batch_sizes: the smallest and largest B that is
    tested. The core's own function must have the bits of autograd; others must agree within the rounding bound.

    >>> from mlp_core.testing import verify
    >>> from mlp_core import backprop as own
    >>> verify(backprop(own, batch_sizes=(2, 3)), examples=5).results[0].reason
    'single samples are excluded; pass batch_sizes=(1, 8)'
    """
    return GradientSubject(function, name_of(function), batch_sizes, to_the_bit=_ours(function))


def course(function: Callable[..., Any], *, batch_sizes: tuple[int, int] = BATCH_SIZES) -> CourseSubject:
    """A function f(model, y_true, y_pred) that fills model.dL_dw[l], (n_l, n_{l-1}), and model.dL_db[l], (n_l,), for
    the squared error summed over samples and outputs. Its parameters may have other names. The contract is
    docs/course-contract.md.

    >>> from mlp_core.testing import laws
    >>> [law.name for law in laws(course(lambda net, target, output: None))][0]
    'equals autograd for one sample'
    """
    return CourseSubject(function, name_of(function), batch_sizes)


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
    the names of the hyperparameters. Without a reference only the laws for all optimizers run.
    hyperparameters: for each name a Hypothesis strategy, an annotated domain as in an UpdateRule, or a constant. A
    switch between implementations must be a constant, because every hyperparameter that varies must have an effect.
    claims: coordinatewise (each coordinate moves separately), odd (negated parameters and gradients negate the step),
    fixed_point (a zero gradient with a fresh state moves nothing, except by hyperparameters marked Decay and Epsilon),
    descends (small steps decrease a convex function), proportional (half the lr is half the first step), validates
    (values outside a domain, and NaN, are refused), compiles (torch.compile of its step computes the same; this law
    takes some seconds).
    shapes: shapes of parameters; by default all that the constructor accepts. dtypes: by default float32 and float64,
    and bfloat16 for the laws about dtypes. groups: 1 if all groups must be equal. waives: names of laws that do not
    hold by design ("lets a parameter join late", for an average over the optimizer's own steps); they are reported as
    skipped. A failure shows the line that waives its law.

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


def gradient(
    loss: Callable[..., Any], gradient: Callable[..., Any], inputs: st.SearchStrategy[Any], *,
    waives: Sequence[str] = (),
) -> FunctionSubject | Form:  # fmt: skip
    """Any hand-written gradient: loss(params, *data) -> scalar tensor, gradient(params, *data) -> list of tensors.

    inputs: a Hypothesis strategy for (params, *data), where params is a list of float64 tensors. The gradient is
    compared with autograd of `loss`, within what rounding explains, and with central differences. params may also be a
    list or dict of numpy arrays, or one array. Then the gradient has the same form, and is compared with central
    differences only. waives: names of laws that do not hold by design ("agrees with difference quotients", for a
    straight-through estimate); they are reported as skipped. A failure says which line waives its law.

    >>> from hypothesis import strategies as st
    >>> from mlp_core.testing import verify
    >>> numbers = st.lists(st.integers(-9, 9), min_size=1, max_size=4)
    >>> example = numbers.map(lambda k: ([torch.tensor(k, dtype=torch.float64) / 4],))
    >>> cube = gradient(lambda params: (params[0] ** 3).sum(), lambda params: [3 * params[0] ** 2], example)
    >>> verify(cube, examples=10).ok
    True
    """
    for name, one in (("loss", loss), ("gradient", gradient)):
        if not callable(one):
            raise ArgumentError(name, one, "a function of (params, *data)")
    if not isinstance(inputs, st.SearchStrategy):
        raise ArgumentError("inputs", inputs, "a Hypothesis strategy for (params, *data)")
    if is_otherwise(inputs):
        return of_loss(loss, gradient, inputs, waives)
    several = (waives,) if isinstance(waives, str) else tuple(waives)
    return FunctionSubject(name_of(gradient), loss, gradient, inputs.map(inputs_of), several)


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
        return TrainingSubject(train, name_of(train), to_the_bit=_ours(train))
    return of_training(train, roles, given, weighted, spares)


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


def gradcheck(check: Callable[..., Any]) -> GradcheckSubject:
    """A gradient check with the signature of mlp_core.gradcheck.check_model: check(model, x, y, loss, *, gradient) ->
    the relative error of every tensor by name, with the number of skipped entries as `skipped`.

    >>> from mlp_core.gradcheck import check_model
    >>> from mlp_core.testing import laws
    >>> [law.name for law in laws(gradcheck(check_model))][0]
    'confirms a right gradient'
    """
    return GradcheckSubject(check, name_of(check))
