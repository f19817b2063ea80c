"""The optimizer that owns the state of a rule: a torch.optim.Optimizer that steps whole flat segments at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from mlp_core.base.errors import ArgumentError, Described, unknown
from mlp_core.rules._domains import rests
from mlp_core.rules._plain import PlainOptimizer
from mlp_core.rules._segment import Kept, Rule, Scratch, Segment, Work, flat_from, follows, marks, of_one_state, owned


class RuleOptimizer(PlainOptimizer):
    """Applies an UpdateRule. The hyperparameters are in the param_groups, where schedulers and groups change them.

    state[p] holds `step` (int, counted from p's own first gradient) and the rule's slots by name. A parameter whose
    grad is None does not change. Raises ArgumentError for parameters that are not real floating point tensors; for
    sparse gradients; for hyperparameters that are unknown or outside their domain; and for a change of hyperparameters
    that switches on a slot which the parameter does not have.

    >>> from mlp_core import rules
    >>> rules.get("sgd")(lr=0.5).optimizer([torch.nn.Parameter(torch.ones(2))]).param_groups[0]["lr"]
    0.5
    """

    def __init__(self, rule: Rule, params: Iterable[Any]) -> None:
        self.rule = rule
        self._rules: dict[int, Rule] = {}
        self._resting: dict[int, bool] = {}
        self._fields: tuple[str, ...] | None = None
        self._segments: dict[int, Kept] = {}
        self._scratch = Scratch()
        super().__init__(params, {name: getattr(rule, name) for name in self._names()})

    def _names(self) -> tuple[str, ...]:
        """The names of the hyperparameters."""
        if self._fields is None:
            self._fields = tuple(f.name for f in fields(self.rule))
        return self._fields

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        known = list(self._names())
        for key in param_group:
            if key not in (*known, "params", "param_names", "initial_lr"):
                raise unknown(f"hyperparameter of {type(self.rule).__name__}", key, known)
        super().add_param_group(param_group)
        try:
            self._rule_of(len(self.param_groups) - 1)
            for p in self.param_groups[-1]["params"]:
                self._take(p)
        except ArgumentError:
            del self.param_groups[-1]
            raise

    def _take(self, p: Tensor) -> None:
        ndims, shape = self.rule.ndims, Described(f"shape {tuple(p.shape)}")
        if not p.dtype.is_floating_point:
            raise ArgumentError("params", Described(f"dtype {p.dtype}"), "real floating point parameters")
        if ndims is not None and p.ndim not in ndims:
            expected = f"parameters of {' or '.join(map(str, ndims))} dimensions for {type(self.rule).__name__}"
            raise ArgumentError("params", shape, expected)
        if not (p.numel() or self.rule.empty):
            raise ArgumentError("params", shape, f"parameters with entries for {type(self.rule).__name__}")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step for every parameter that has a gradient; returns the value of `closure`, which is called first."""
        return self._announced_step(closure) if self._watched() else self._step(closure)

    step.hooked = True  # type: ignore[attr-defined]  # else torch announces every step, as dear as a small one itself

    def _step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            work = self.prepared()
            self.apply(work)
            self.settle(work)
        return loss

    _announced_step = torch.optim.Optimizer.profile_hook_step(_step)

    def prepared(self) -> list[Work]:
        """Everything that a step will do, checked before any parameter moves; new parameters get their state."""
        rules = [self._rule_of(index) for index in range(len(self.param_groups))]
        work = [(rule, segment) for index, rule in enumerate(rules) for segment in self._segments_of(index, rule)]
        for _, segment in work:
            segment.t = segment.states[0]["step"]
        return work

    @staticmethod
    def apply(work: list[Work]) -> None:
        """Do one step, or repeat the same one, with autograd disabled."""
        for rule, segment in work:
            segment.t += 1
            for p, g, slots in segment.blocks:
                rule.step(p, g, segment.t, *slots)

    def settle(self, work: list[Work]) -> None:
        """Record how many steps were done."""
        for _, segment in work:
            for own in segment.states:
                own["step"] = segment.t

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        saved_groups = state_dict["param_groups"]
        for index, (group, saved) in enumerate(zip(self.param_groups, saved_groups, strict=True)):
            for p, number in zip(group["params"], saved["params"], strict=True):
                slots = state_dict["state"].get(number)
                if slots is not None:
                    self.state[p].update(self._kept(self._rule_of(index).init(p), slots))

    @staticmethod
    def _kept(fresh: dict[str, Tensor | None], saved: dict[str, Any]) -> dict[str, Tensor]:
        """Saved slots, copied, in the dtype that the rule uses: torch casts all to the dtype of p."""
        return {
            name: saved[name].to(like.device, like.dtype, copy=True) for name, like in fresh.items()
            if like is not None and isinstance(saved.get(name), Tensor)
        }  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "rule": self.rule}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._rules, self._resting, self._segments, self._fields = {}, {}, {}, None
        self._scratch = Scratch()
        super().__setstate__(state)

    def turn_to(self, rule: Rule) -> None:
        """Write the hyperparameters of another rule of the same class into every group."""
        for index, group in enumerate(self.param_groups):
            self._take_up(index, rule)
            group.update({name: getattr(rule, name) for name in self._names()})

    def _rule_of(self, index: int) -> Rule:
        group, rule, names = self.param_groups[index], self._rules.get(index), self._names()
        if rule is None or any(getattr(rule, name) != group[name] for name in names):
            rule = type(self.rule)(**{name: group[name] for name in names})
            self._take_up(index, rule)
        return rule

    def _take_up(self, index: int, rule: Rule) -> None:
        for p in self.param_groups[index]["params"]:
            own = self.state.get(p)
            off = [name for name in rule.slots if own[name] is None] if own else []
            fresh = rule.init(p) if off else {}
            for name in off:
                if fresh[name] is not None:
                    expected = f"{name} switched on from the first step, or not at all"
                    raise ArgumentError("hyperparameters", rule, expected)
        self._rules[index], self._resting[index] = rule, rests(rule)

    def _segments_of(self, index: int, rule: Rule) -> list[Segment]:
        params = self.param_groups[index]["params"]
        having = [p for p in params if p.grad is not None]
        grads = [p.grad for p in having]
        if any(g.is_sparse for g in grads):
            raise ArgumentError("grad", Described("a sparse tensor"), "a dense gradient")
        laid, given = self._laid(having, index), marks(grads)
        kept = self._segments.get(index)
        if kept is None or kept.laid != laid or (kept.given != given and not kept.apart):
            segments = self._build(having, rule)
            apart = not any(follows(q, p, owned(q)) for q, p in pairwise(having))
            kept = self._segments[index] = Kept(self._laid(having, index), given, (having, grads), apart, segments)
        elif kept.given != given:  # new gradients, of parameters that are not adjacent
            for segment, g in zip(kept.segments, grads, strict=True):
                segment.renew(g)
            kept.given, kept.alive = given, (having, grads)
        return kept.segments

    def _laid(self, params: list[Tensor], index: int) -> list[int]:
        """The values besides gradients that segments depend on: the parameters, their state, and the addresses of both.
        """
        states = [self.state.get(p) for p in params]
        slots = [own.get(name) for own in states if own for name in self.rule.slots]
        return [self._resting[index], *marks(params), *map(id, states), *map(id, slots)]

    def _build(self, params: list[Tensor], rule: Rule) -> list[Segment]:
        runs: list[list[Tensor]] = []
        padding_rests = rests(rule)
        for p in params:
            if not self.state[p]:
                self.state[p] = {"step": 0, **rule.init(p)}
            if runs and not rule.per_tensor and self._joins(runs[-1][-1], p, padding_rests):
                runs[-1].append(p)
            else:
                runs.append([p])
        return [self._segment(run, rule) for run in runs]

    def _joins(self, q: Any, p: Any, padding_rests: bool) -> bool:
        """Whether p follows q in memory, its gradient likewise, and both have the same state; the padding between them
        must stay zero.
        """
        distance = owned(q)
        if not (follows(q, p, distance) and follows(q.grad, p.grad, distance)):
            return False
        mine, other = self.state[p], self.state[q]
        return (
            (padding_rests or distance == q.numel())
            and mine.keys() == other.keys()
            and all(of_one_state(mine[key], other[key], p) for key in mine)
        )  # fmt: skip

    def _segment(self, run: list[Tensor], rule: Rule) -> Segment:
        if len(run) == 1:
            p, g, slots = run[0], run[0].grad, [self._own(run[0], name) for name in rule.slots]
            assert g is not None
        else:
            size = sum(owned(p) for p in run[:-1]) + run[-1].numel()
            p, g, slots = (
                flat_from(run[0], size),
                flat_from(run[0].grad, size),
                [self._gather(run, n, size) for n in rule.slots],
            )
        return Segment(run, [self.state[p] for p in run], (p, g, slots), rule.per_tensor, self._scratch.of(rule))

    def _own(self, p: Tensor, name: str) -> Tensor | None:
        """A slot of p by itself: a number that it shared with its neighbours in a run becomes separate."""
        slot = self.state[p][name]
        if slot is not None and slot.ndim == 0:
            self.state[p][name] = slot.clone()
        return self.state[p][name]

    def _gather(self, run: list[Tensor], name: str, size: int) -> Tensor | None:
        """One tensor for a slot of the whole run; every parameter's state becomes a view of it."""
        first = self.state[run[0]][name]
        if first is None:
            return None
        if first.shape != run[0].shape:  # one number per parameter, equal in the whole run
            shared = first.clone()
            for p in run:
                self.state[p][name] = shared
            return shared
        flat, offset, views = torch.zeros(size, dtype=first.dtype, device=first.device), 0, []
        for p in run:
            views.append(flat.as_strided(p.shape, p.stride(), offset))  # parameters of a run are contiguous
            offset += owned(p)
        torch._foreach_copy_(views, [self.state[p][name] for p in run])
        for p, view in zip(run, views, strict=True):
            self.state[p][name] = view
        return flat
