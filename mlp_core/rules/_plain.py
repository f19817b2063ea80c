"""torch's Optimizer without the wrapper that hides its methods from torch.compile, and its requirements for a watched
step."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

GLOBAL_HOOKS = (_global_optimizer_pre_hooks, _global_optimizer_post_hooks)


def plain(method: Any) -> Any:
    """A method of torch's Optimizer without its wrapper, which imports the compiler when it is first called.

    The compiler has 900 modules, and importing it takes one to four seconds, far longer than a first `fit`.
    `functools.wraps` keeps the method itself as `__wrapped__`; a method that torch does not wrap is used directly.
    """
    return getattr(method, "__wrapped__", method)


class PlainOptimizer(torch.optim.Optimizer):
    """torch's Optimizer, whose methods import nothing.

    >>> PlainOptimizer([torch.zeros(1)], {"lr": 1.0}).state_dict()["param_groups"]
    [{'lr': 1.0, 'params': [0]}]
    """

    add_param_group = plain(torch.optim.Optimizer.add_param_group)
    zero_grad = plain(torch.optim.Optimizer.zero_grad)
    state_dict = plain(torch.optim.Optimizer.state_dict)
    load_state_dict = plain(torch.optim.Optimizer.load_state_dict)

    def _watched(self) -> bool:
        """Whether other code observes a step: hooks, a profiler."""
        hooks = self._optimizer_step_pre_hooks, self._optimizer_step_post_hooks, *GLOBAL_HOOKS
        return any(hooks) or torch._C._autograd._profiler_enabled()
