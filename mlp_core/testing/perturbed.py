"""Perturbed rounding: how far apart two right ways to compute the same may end, found by rounding at random.

Nothing can be derived about the roundings of code that is not ours. Instead the reference runs once as it is, and
several times with every operation's result, every gradient and every hyperparameter multiplied by 1 +- 2u (Monte Carlo
arithmetic: Parker 1997). How far these runs scatter is what rounding explains; mlp_core.testing.bounds says how much
further another right implementation may lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mlp_core.testing import bounds
from mlp_core.testing.law import Broken, Evidence
from mlp_core.testing.scenario import Make, Scenario

_EXACT = """
    abs neg positive sign sgn copysign maximum minimum max min amax amin fmax fmin clamp clamp_min clamp_max relu relu6
    threshold threshold_backward hardtanh hardtanh_backward where masked_fill masked_scatter masked_select fill zero
    zeros zeros_like ones ones_like full full_like empty empty_like empty_strided new_zeros new_ones new_full new_empty
    scalar_tensor lift_fresh lift_fresh_copy clone contiguous index index_put index_select index_fill gather scatter
    take cat stack flip roll repeat repeat_interleave tril triu sort topk unique round floor ceil trunc nan_to_num
    set resize arange eye isnan isinf rand rand_like randn randn_like bernoulli _local_scalar_dense
    max_pool2d_with_indices constant_pad_nd unfold im2col one_hot heaviside logical_not
"""
EXACT = frozenset(_EXACT.split())
"""operations whose result is one of their arguments' numbers or needs no rounding; views are recognised as such"""

NARROWS = frozenset({"_to_copy", "copy"})
"""operations that round only where the result has fewer bits than what went in"""

DECAYS = frozenset({"mul", "lerp", "_foreach_mul", "_foreach_lerp"})
"""operations that, in place, let something kept fade: beta v + (1 - beta) x may as well be written v + (1 - beta)
(x - v), which errs by a rounding of what v was before"""

T = TypeVar("T")

POOL = 4999
"""signs drawn for a run, taken from changing places; a prime, so that no pattern of shapes meets them alike"""

COUNTS = frozenset({"add", "_foreach_add", "sub"})
"""operations that may count steps: a single whole number stays what it is"""


class PerturbedRounding(TorchDispatchMode):
    """Inside, every operation that rounds errs by one more unit in the last place, up or down."""

    def __init__(self, dtype: torch.dtype, generator: torch.Generator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self.u, self.used, self.pools = bounds.unit_roundoff(dtype), 0, dict[torch.dtype, Tensor]()
        self.coarsest = self.u
        self.signs = torch.randint(0, 2, (POOL,), generator=generator, dtype=torch.float64).mul_(2).sub_(1)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here, and being kept from it costs more than the operations themselves

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kind = _kind(func)
        before = _decayed(args) if kind.decays else []
        out = func(*args, **(kwargs or {}))
        if kind.exact:
            return out
        for t in kind.written(args, kwargs or {}, out):
            if kind.narrows and not _narrowed(t, args):
                continue
            if kind.counts and t.numel() == 1 and bool(t == t.round()):
                continue
            self.coarsest = max(self.coarsest, bounds.unit_roundoff(t.dtype))
            t.mul_(self.factors(t))
        for t, size in before:
            error = size.mul_(self.factors(t) - 1)
            t.add_(torch.where(t == 0, error.abs(), error))  # from 0 upwards: a square must not become negative
        return out

    def factors(self, t: Tensor) -> Tensor:
        """1 + 2u or 1 - 2u for every entry of t; at least what t's own dtype can tell from 1."""
        if t.dtype not in self.pools:
            u = max(self.u, bounds.unit_roundoff(t.dtype))
            self.pools[t.dtype] = (1 + 2 * u * self.signs).to(t.dtype)
        pool, n = self.pools[t.dtype], t.numel()
        self.used = (self.used + 97) % POOL
        if self.used + n > POOL:
            pool = pool.repeat(n // POOL + 2)
        return pool[self.used : self.used + n].view(t.shape)

    def number(self, value: float) -> float:
        """A hyperparameter, perturbed; a whole number is exact in every dtype, and so is one less it."""
        if value == round(value, 0):
            return value
        self.used = (self.used + 1) % POOL
        return value * (1 + 2 * self.u * float(self.signs[self.used]))


@dataclass(frozen=True)
class _Kind:
    """What perturbing an operation takes."""

    exact: bool
    decays: bool
    narrows: bool
    counts: bool
    returned: tuple[int, ...]
    """positions of the results that are new, or arguments changed in place"""
    several: bool
    changed: tuple[tuple[int, str], ...]
    """position and name of the arguments changed in place, where nothing is returned"""

    def written(self, args: Any, kwargs: Any, out: Any) -> Iterator[Tensor]:
        found = [out[k] for k in self.returned] if self.several else [out] if self.returned else []
        found += [args[k] if k < len(args) else kwargs.get(name) for k, name in self.changed]
        for value in found:
            for t in value if isinstance(value, (tuple, list)) else (value,):
                if isinstance(t, Tensor) and t.is_floating_point() and t.numel():
                    yield t


@cache
def _kind(func: Any) -> _Kind:
    name = func.overloadpacket.__name__
    base = name.removesuffix("_") if not name.startswith("__") else name
    returns = func._schema.returns
    own = tuple(k for k, r in enumerate(returns) if r.alias_info is None or r.alias_info.is_write)
    changed = tuple(
        (k, a.name) for k, a in enumerate(func._schema.arguments) if a.alias_info is not None and a.alias_info.is_write
    )
    return _Kind(
        base in EXACT or func.is_view, base in DECAYS and base != name, base in NARROWS, base in COUNTS, own, len(returns) > 1,
        changed if not returns else (),
    )  # fmt: skip


def _decayed(args: Any) -> list[tuple[Tensor, Tensor]]:
    """What is multiplied in place by a number, or moved towards something, with its size before."""
    if len(args) > 1 and isinstance(args[1], Tensor) and args[1].ndim and len(args) == 2:
        return []  # by a tensor: a mask, perhaps
    several = args[0] if isinstance(args[0], (tuple, list)) else (args[0],)
    return [(t, t.abs()) for t in several if t.is_floating_point() and t.numel() > 1]


def _narrowed(t: Tensor, args: Any) -> bool:
    sources = [a for a in args if isinstance(a, Tensor) and a is not t and a.is_floating_point()]
    return any(a.dtype.itemsize > t.dtype.itemsize for a in sources)


@dataclass
class Envelope:
    """Where the parameters are after a step, how far from there rounding explains, and which entries say nothing."""

    expected: list[Tensor]
    tolerance: list[Tensor]
    silent: list[Tensor]


def envelopes(scenario: Scenario, make: Make) -> Iterator[list[Envelope]]:
    """What rounding explains after every step of a scenario (float64), found by 1, 2, 4 and 8 perturbed runs.

    Tolerances only grow from one to the next: what is within the first is within the last, and need not wait for it.
    """
    plain = [[p.detach().double().clone() for p in params] for params in _run(scenario, make, None)]
    deviations, coarsest = [[torch.zeros_like(p) for p in params] for params in plain], 0.0
    for seed in range(bounds.RUNS):
        mode = PerturbedRounding(scenario.dtype, torch.Generator().manual_seed(seed))
        for at, params in zip(range(len(plain)), _run(scenario, make, mode), strict=True):
            for deviation, p, exact in zip(deviations[at], params, plain[at], strict=True):
                # not finite, here or there: infinitely far
                apart = (p.detach().double() - exact).abs().nan_to_num(nan=float("inf"))
                torch.maximum(deviation, apart, out=deviation)
        coarsest = max(coarsest, mode.coarsest)
        if (seed + 1).bit_count() == 1:
            yield _judged(scenario, plain, deviations, coarsest)


def explained(found: Iterator[T], compared: Callable[[T], Evidence], running: Any = nullcontext) -> Evidence:
    """What `compared` finds within the first tolerances that explain all, or, if none do, within the last.

    `found` runs code inside the context `running`. Raises Broken, from `compared`, where rounding does not explain it.
    """
    failure = None
    while True:
        with running():
            envelope = next(found, None)
        if envelope is None:
            assert failure is not None
            raise failure
        try:
            return compared(envelope)
        except Broken as broken:
            failure = broken


def gradient_envelopes(
    loss: Callable[..., Tensor], params: Sequence[Tensor], data: Sequence[Any]
) -> Iterator[tuple[Envelope, float]]:
    """The gradient of a function by autograd, what rounding explains of it, and of the function's value; found by 1, 2,
    4 and 8 runs in which the parameters are perturbed too."""
    value, plain = _gradient(loss, params, data, None)
    deviations, spread = [torch.zeros_like(g) for g in plain], 0.0
    for seed in range(bounds.RUNS):
        mode = PerturbedRounding(torch.float64, torch.Generator().manual_seed(seed))
        other, noisy = _gradient(loss, params, data, mode)
        spread = max(spread, abs(other - value)) if other == other else float("inf")
        for deviation, g, exact in zip(deviations, noisy, plain, strict=True):
            torch.maximum(deviation, (g - exact).abs().nan_to_num(nan=float("inf")), out=deviation)
        if (seed + 1).bit_count() == 1:
            largest = [g.abs().amax() if g.numel() else g.sum() for g in plain]
            tolerance = [bounds.perturbed(d, g.abs(), torch.float64) for d, g in zip(deviations, plain, strict=True)]
            silent = [~bounds.telling(t, m, torch.float64) for t, m in zip(tolerance, largest, strict=True)]
            yield Envelope(plain, tolerance, silent), bounds.FARTHER * spread


def _gradient(
    loss: Callable[..., Tensor], params: Sequence[Tensor], data: Sequence[Any], mode: PerturbedRounding | None
) -> tuple[float, list[Tensor]]:
    own = [p.detach().clone() if mode is None else p.detach() * mode.factors(p) for p in params]
    with torch.enable_grad(), mode or nullcontext():
        value = loss([p.requires_grad_() for p in own], *data)
        found = torch.autograd.grad(value, own, allow_unused=True, materialize_grads=True)
    return float(value.detach()), [g.detach().double() for g in found]


def _judged(scenario: Scenario, plain: list[list[Tensor]], deviations: list[list[Tensor]], u: float) -> list[Envelope]:
    before = [p.detach().double() for p in scenario.fresh()]
    largest = [p.abs() for p in before]
    silent = [torch.zeros_like(p, dtype=torch.bool) for p in before]
    found = []
    for exact, deviation in zip(plain, deviations, strict=True):
        largest = [torch.maximum(m, p.abs().nan_to_num(nan=float("inf"))) for m, p in zip(largest, exact, strict=True)]
        tolerance = [bounds.perturbed(d, m, scenario.dtype) for d, m in zip(deviation, largest, strict=True)]
        moved = [(p - q).abs() for p, q in zip(exact, before, strict=True)]
        silent = [s | ~bounds.sharp(t, d, m, u) for s, t, d, m in zip(silent, tolerance, moved, largest, strict=True)]
        found.append(Envelope(exact, tolerance, silent))
        before = exact
    return found


def _run(scenario: Scenario, make: Make, mode: PerturbedRounding | None) -> Iterator[Sequence[Tensor]]:
    """Scenario.run, perturbed where a mode is given; yields the parameters after every step."""
    params = scenario.fresh()
    optimizer = scenario.optimizer(make, params)
    for step in range(len(scenario.gradients)):
        scenario.set_lr(optimizer, step)
        scenario.set_gradients(params, step)
        if mode is None:
            scenario.step(optimizer, params)
        else:
            for p in params:
                if p.grad is not None:
                    p.grad.mul_(mode.factors(p.grad))
            with _perturbed_hyperparameters(optimizer, mode), mode:
                scenario.step(optimizer, params)
        yield params


@contextmanager
def _perturbed_hyperparameters(optimizer: torch.optim.Optimizer, mode: PerturbedRounding) -> Iterator[None]:
    """Inside, other hyperparameters in every group; afterwards those from before, but for what the step has changed."""
    before = [dict(group) for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        group.update({key: _noisy(value, mode.number) for key, value in group.items() if key != "params"})
    noisy = [dict(group) for group in optimizer.param_groups]
    yield
    for group, old, new in zip(optimizer.param_groups, before, noisy, strict=True):
        group.update({key: value for key, value in old.items() if group.get(key) is new[key]})


def _noisy(value: Any, number: Callable[[float], float]) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(_noisy(v, number) for v in value)
    return number(value) if isinstance(value, float) else value
