"""Activations that write over their argument: f(z) into the memory of z, and delta f'(z) into that of delta.

The loops of `passes` use these calls to save memory traffic. They exist only for functions whose times_df uses only a,
or gives the same bits if z is replaced by a.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mlp_core.activations import (
    Activation,
    _identity,
    _identity_times_df,
    _relu_times_df,
    _sigmoid_times_df,
    _tanh_times_df,
)

_threshold_backward = torch.ops.aten.threshold_backward.grad_input._op
"""the overload itself, which is faster than the packet that first looks for it"""

Call = Callable[[], object]

_F_OVER: list[tuple[Any, Any, Callable[[Tensor], Call | None]]] = [
    (_identity, _identity_times_df, lambda z: None),
    (torch.relu, _relu_times_df, lambda z: partial(torch.relu_, z)),  # a > 0 exactly if z > 0
    (torch.sigmoid, _sigmoid_times_df, lambda z: partial(torch.sigmoid_, z)),
    (torch.tanh, _tanh_times_df, lambda z: partial(torch.tanh_, z)),
]
_TIMES_DF_OVER: list[tuple[Any, Callable[[Tensor, Tensor], Call | None]]] = [
    (_identity_times_df, lambda delta, z: None),
    (_relu_times_df, lambda delta, z: partial(_threshold_backward, delta, z, 0, grad_input=delta)),
]


def f_over(record: Activation) -> Callable[[Tensor], Call | None] | None:
    """A function that takes z and returns a call that writes f(z) into z; the call is None if f(z) is z itself.

    Returns None if torch has no such kernel, or if times_df needs the original z.

    >>> from mlp_core.activations import get
    >>> z = torch.tensor([-1.0, 2.0])
    >>> _ = f_over(get("relu"))(z)()
    >>> z
    tensor([0., 2.])
    """
    return next((made for f, df, made in _F_OVER if f is record.f and df is record.times_df), None)


def times_df_over(record: Activation) -> Callable[[Tensor, Tensor], Call | None] | None:
    """A function that takes delta and z and returns a call that writes delta f'(z) into delta.

    z may contain f(z), if the call of `f_over` has written it there.

    >>> from mlp_core.activations import get
    >>> z, delta = torch.tensor([-1.0, 2.0]), torch.ones(2)
    >>> _ = times_df_over(get("relu"))(delta, z)()
    >>> delta
    tensor([0., 1.])
    """
    return next((made for df, made in _TIMES_DF_OVER if df is record.times_df), None)
