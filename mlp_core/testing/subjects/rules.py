"""Update rules as subjects: their own optimizer steps them, and they are compared with torch's twin or the textbook
formula."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from mlp_core.base.errors import ArgumentError, unknown
from mlp_core.rules import UpdateRule
from mlp_core.rules._domains import domains
from mlp_core.testing.engine.source import import_of
from mlp_core.testing.examples.hyperparameters import inside, outside, reconciled
from mlp_core.testing.examples.scenario import grouped
from mlp_core.testing.examples.scenarios import EVERY_KIND, SHAPES
from mlp_core.testing.subjects.optimizers import CLAIMS, OptimizerSubject
from mlp_core.testing.subjects.snippets import REFERENCE_OF_GROUPS


def twin_of(rule_type: type[UpdateRule]) -> type[torch.optim.Optimizer] | None:
    """Torch's class for the rule; None if torch does not have it."""
    twin = default_twin(rule_type)
    return None if twin is None else type(twin)


def default_twin(rule_type: type[UpdateRule]) -> torch.optim.Optimizer | None:
    """Torch's optimizer for a rule with default hyperparameters, on one small parameter that it accepts."""
    return rule_type().twin([torch.zeros((1,) * max(rule_type.ndims or (1,)))])


class Textbook(torch.optim.Optimizer):
    """Steps with the textbook formula of a rule, in float64 whatever the dtype of the parameters."""

    def __init__(self, rule_type: type[UpdateRule], params: Any, hyper: dict[str, Any]) -> None:
        self.rule_type = rule_type
        super().__init__(params, hyper)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # it takes none
        for group in self.param_groups:
            rule = object.__new__(self.rule_type)  # unchecked: perturbing may move a number out of its domain
            for f in fields(self.rule_type):
                object.__setattr__(rule, f.name, group[f.name])
            for p in group["params"]:
                if p.grad is not None:
                    self._move(rule, p, p.grad.double())

    def _move(self, rule: UpdateRule, p: Tensor, g: Tensor) -> None:
        own = self.state[p]
        if not own:
            own.update(step=0, slots=[None if s is None else s.double() for s in rule.init(p).values()])
        own["step"] += 1
        new, *own["slots"] = rule.textbook(p.double(), g, own["step"], *own["slots"])
        p.copy_(new)


_TEXTBOOK = """\
from mlp_core.testing.subjects.rules import Textbook
def reference(params, **hyper):
    return Textbook(RULE, params, hyper)"""

UNREFERENCED = "no reference: let twin() return torch's optimizer, or write textbook()"


def of_rule(rule: type[UpdateRule] | UpdateRule) -> OptimizerSubject:
    """The subject of an UpdateRule: a class with all values of its domains, or an instance with its own values."""
    rule_type, name = (rule, rule.__name__) if isinstance(rule, type) else (type(rule), repr(rule))
    _check(rule_type, name)
    twin, written = twin_of(rule_type), rule_type.textbook is not UpdateRule.textbook

    def make(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        return rule_type(**hyper).optimizer(params)

    def of_one_group(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        return rule_type(**hyper).twin(params)  # type: ignore[return-value]  # called where there is one

    def of_textbook(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        return Textbook(rule_type, params, hyper)

    reference = grouped(of_one_group) if twin else of_textbook if written else None
    source = [
        *import_of(rule_type),
        f"def mine(params, **hyper):\n    return {rule_type.__name__}(**hyper).optimizer(params)",
    ]
    if twin:
        source.append(REFERENCE_OF_GROUPS.replace("MADE", f"{rule_type.__name__}(**hyper).twin(params)"))
    elif written:
        source.append(_TEXTBOOK.replace("RULE", rule_type.__name__))
    subject = OptimizerSubject(
        name, make, reference, inside(rule_type),
        rule_type.claims | {"validates"} | (set() if rule_type.per_tensor else {"coordinatewise"}), tuple(source),
        twin=twin is not None, equals=twin, exact=True, unreferenced=UNREFERENCED, shared_state=rule_type.slots,
        counts=_counts(rule_type), domains=domains(rule_type),
        movable=tuple(f.name for f in fields(rule_type)), scalable=_scalable(rule_type), wrongs=outside(rule_type),
        repair=lambda drawn, keep: reconciled(rule_type, drawn, keep), shapes=taken(rule_type),
        has_lr="lr" in domains(rule_type), resting=_resting(rule_type), kinds=taken(rule_type, EVERY_KIND),
    )  # fmt: skip
    if isinstance(rule, type):
        return subject
    own = "its hyperparameters are fixed: pass the class instead of an instance"
    return replace(subject, hyper=st.just(asdict(rule)), domains={}, movable=(), scalable=(), unmoved=own, wrongs=None)


def _counts(rule_type: type[UpdateRule]) -> bool:
    """Whether torch's optimizer keeps the number of steps only in `step` and in slots that the rule also has."""
    twin = default_twin(rule_type)
    if twin is None:
        return True
    (p,) = twin.param_groups[0]["params"]
    p.grad = torch.zeros_like(p)
    twin.step()
    kept = set(twin.state[p])
    return "step" in kept and kept <= {"step", *rule_type.slots}


def _scalable(rule_type: type[UpdateRule]) -> tuple[str, ...]:
    """The fields besides lr, under the same name in torch's groups, in which every number may be arbitrarily close to
    zero.
    """
    other, twin = ("lr", *rule_type.at_start), default_twin(rule_type)
    shared = domains(rule_type) if twin is None else twin.defaults
    return tuple(
        name for name, parts in domains(rule_type).items() if name not in other and name in shared
        and all(d.type is float and not d.optional and d.lowest == 0 for d in parts)
    )  # fmt: skip


def _resting(rule_type: type[UpdateRule]) -> dict[str, Any] | None:
    """An lr of 0, if that is in its domain."""
    return {"lr": 0.0} if all(domain.holds(0.0) for domain in domains(rule_type).get("lr", ())) else None


def taken(
    rule_type: type[UpdateRule], shapes: tuple[tuple[int, ...], ...] = SHAPES
) -> tuple[tuple[int, ...], ...]:  # fmt: skip
    """The shapes of parameters that a rule accepts."""
    return tuple(
        shape for shape in shapes
        if (rule_type.ndims is None or len(shape) in rule_type.ndims) and (rule_type.empty or 0 not in shape)
    )  # fmt: skip


def _check(rule_type: type[UpdateRule], name: str) -> None:
    if not isinstance(rule_type.slots, tuple):
        raise ArgumentError(f"{name}.slots", rule_type.slots, "a tuple of names")
    for claim in rule_type.claims:
        if claim not in CLAIMS:
            raise unknown(f"claim of {name}", claim, sorted(CLAIMS))
