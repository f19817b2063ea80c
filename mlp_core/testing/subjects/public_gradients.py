"""Public constructors of gradients: hand-written backpropagations, gradients of any function, and gradient checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.engine.source import name_of
from mlp_core.testing.examples.inputs import inputs_of
from mlp_core.testing.subjects.course import CourseSubject
from mlp_core.testing.subjects.doors.form import Form
from mlp_core.testing.subjects.doors.of_loss import is_otherwise, of_loss
from mlp_core.testing.subjects.fixed import Fixed, apart, fixed_in, told
from mlp_core.testing.subjects.functions import FunctionSubject
from mlp_core.testing.subjects.gradchecks import GradcheckSubject
from mlp_core.testing.subjects.gradients import BATCH_SIZES, GradientSubject


def backprop(function: Callable[..., Any], *, batch_sizes: tuple[int, int] = BATCH_SIZES) -> GradientSubject:
    """A function f(model, trace, dL_dy) that fills model.flat_grad, like mlp_core.backprop.

    model: an MLP; trace.z[l], trace.a[l]: (B, n_l); dL_dy: (B, n_L). batch_sizes: the smallest and largest B that is
    tested. The core's own function must have the bits of autograd; others must agree within the rounding bound.

    >>> from mlp_core.testing import verify
    >>> from mlp_core import backprop as own
    >>> verify(backprop(own, batch_sizes=(2, 3)), examples=5).results[0].reason
    'single samples are excluded; pass batch_sizes=(1, 8)'
    """
    own = getattr(function, "__module__", "") == "mlp_core.backprop"
    return GradientSubject(function, name_of(function), batch_sizes, to_the_bit=own)


def course(function: Callable[..., Any], *, batch_sizes: tuple[int, int] = BATCH_SIZES) -> CourseSubject:
    """A function f(model, y_true, y_pred) that fills model.dL_dw[l], (n_l, n_{l-1}), and model.dL_db[l], (n_l,), for
    the squared error summed over samples and outputs. Its parameters may have other names. The contract is
    docs/course-contract.md.

    >>> from mlp_core.testing import laws
    >>> [law.name for law in laws(course(lambda net, target, output: None))][0]
    'equals autograd for one sample'
    """
    return CourseSubject(function, name_of(function), batch_sizes)


def gradient(
    loss: Callable[..., Any], gradient: Callable[..., Any], inputs: st.SearchStrategy[Any], *,
    waives: Sequence[str] = (),
) -> FunctionSubject | Form:  # fmt: skip
    """Any hand-written gradient: loss(params, *data) -> scalar tensor, gradient(params, *data) -> list of tensors.

    inputs: a Hypothesis strategy for (params, *data), where params is a list of float64 tensors. The gradient is
    compared with autograd of `loss`, within what rounding explains, and with central differences. params may also be a
    list or dict of numpy arrays, or one array. Then the gradient has the same form, and is compared with central
    differences only. A tensor that does not require grad is data if its gradient is None and others require grad.
    waives: names of laws that do not hold by design ("agrees with difference quotients", for a
    straight-through estimate); they are reported as skipped. A failure says which line waives its law.

    >>> import torch
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
    if places := fixed_in(gradient, inputs):
        moved, both = inputs.map(lambda one: inputs_of(apart(one, places))), (Fixed(loss), Fixed(gradient))
        return FunctionSubject(name_of(gradient), *both, moved, several, note=told(places))
    return FunctionSubject(name_of(gradient), loss, gradient, inputs.map(inputs_of), several)


def gradcheck(check: Callable[..., Any]) -> GradcheckSubject:
    """A gradient check with the signature of mlp_core.gradcheck.check_model: check(model, x, y, loss, *, gradient) ->
    the relative error of every tensor by name, with the number of skipped entries as `skipped`.

    >>> from mlp_core.gradcheck import check_model
    >>> from mlp_core.testing import laws
    >>> [law.name for law in laws(gradcheck(check_model))][0]
    'confirms a right gradient'
    """
    return GradcheckSubject(check, name_of(check))
