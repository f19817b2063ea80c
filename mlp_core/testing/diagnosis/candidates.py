"""The possible mistakes of an optimizer: those that can be made in the reference from which it differs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import torch

from mlp_core import rules
from mlp_core.rules import UpdateRule
from mlp_core.testing import faults
from mlp_core.testing.diagnosis.dialects import dialects_of
from mlp_core.testing.examples.scenario import Make
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.faults.optimizers import reading
from mlp_core.testing.faults.optimizers.against import Against
from mlp_core.testing.faults.optimizers.planting import ALTERATIONS
from mlp_core.testing.faults.rules import counting
from mlp_core.testing.subjects.rules import Textbook, twin_of


@dataclass(frozen=True)
class Candidate:
    """A mistake in words, and the optimizer that makes it."""

    words: str
    make: Make
    dialect: bool = False
    """whether it is another library's version of the rule, which the catalogue may contain under a name of its own"""


def candidates(reference: Make, optimizers: Sequence[torch.optim.Optimizer]) -> Iterator[Candidate]:
    """Every known mistake that can occur in an optimizer that claims to equal `reference`.

    `optimizers`: some that the reference has created. They show its class, and which hyperparameters vary.
    """
    right = type(optimizers[0])
    varied = _varied(optimizers)
    for alteration in ALTERATIONS:
        yield Candidate(alteration.words, alteration(reference))
    for name in varied:
        example, default = optimizers[0].param_groups[0][name], _defaults(optimizers[0]).get(name)
        for value in dict.fromkeys(_neutral(example, default)):
            alteration = reading.fixed(name, value)
            yield Candidate(alteration.words, alteration(reference))
        if isinstance(example, bool) and name != "maximize":  # that is the gradient's sign
            alteration = reading.opposite(name)
            yield Candidate(alteration.words, alteration(reference))
    rule = _written(optimizers[0].rule_type) if isinstance(optimizers[0], Textbook) else _rules().get(right)
    needed = {*varied} & {*inspect.signature(right).parameters}
    for fault in faults.of_rules():
        thing = fault.thing
        if isinstance(thing, type) and issubclass(thing, torch.optim.Optimizer):
            taken = list(inspect.signature(thing).parameters)
            # one that takes no maximize is also an optimizer in which maximize has no effect
            if _claims(fault) is right and needed <= {*taken}:
                yield Candidate(fault.words, _like(reference, thing, taken))
        elif rule and isinstance(thing, type) and issubclass(thing, UpdateRule) and not _of_any(thing):
            made = thing if fault.right is rule else _derived(thing, fault.right, rule)
            if made is not None:
                yield Candidate(fault.words, _like_rule(reference, made))
    if rule:
        for mixin in counting.OF_ANY_RULE:
            made = type(mixin.__name__, (mixin, rule), {})
            yield Candidate(" ".join((mixin.__doc__ or "").split()), _like_rule(reference, made))
    for dialect in dialects_of(rule) if rule else ():
        own = dialect.thing
        if rule and dialect.right is not rule:
            own = _derived(own, dialect.right, rule) or own
        if rule and issubclass(own, rule):
            yield Candidate(dialect.told(), _like_rule(reference, own), dialect=True)
    for other, equal in _rules().items():
        if other is not right:
            words = f"it is equal to torch.optim.{other.__name__} instead of {_name(right, rule)}"
            # the rule's hyperparameters: in torch, AdamW is Adam with another switch
            yield Candidate(words, _like(reference, other, [f.name for f in fields(equal)]))


def _claims(fault: Fault) -> Any:
    """The reference that a wrong optimizer claims to equal."""
    return fault.make.reference if isinstance(fault.make, Against) else fault.subject.reference


def _written(rule: type[UpdateRule]) -> type[UpdateRule]:
    """The rule whose textbook version it is: a wrong one inherits it."""
    return next(cls for cls in rule.__mro__ if "textbook" in vars(cls))


def _name(right: type, rule: type[UpdateRule] | None) -> str:
    return f"{rule.__name__}" if right is Textbook and rule else f"torch.optim.{right.__name__}"


def _varied(optimizers: Sequence[torch.optim.Optimizer]) -> list[str]:
    """The hyperparameters that differ between groups or optimizers."""
    seen: dict[str, set[str]] = {}
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for name, value in group.items():
                if name != "params":
                    seen.setdefault(name, set()).add(repr(value))
    return [name for name, values in seen.items() if len(values) > 1]


def _defaults(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    if isinstance(optimizer, Textbook):
        return {f.name: f.default for f in fields(optimizer.rule_type)}
    return {name: p.default for name, p in inspect.signature(type(optimizer)).parameters.items()}


def _neutral(example: Any, default: Any) -> list[Any]:
    """The value that a forgotten hyperparameter acts as: its default, off, or zero."""
    if isinstance(example, bool):
        return [False, True]
    values = [] if default is inspect.Parameter.empty or isinstance(default, torch.Tensor) else [default]
    return [*values, 0.0] if isinstance(example, float) else values


@cache
def _rules() -> dict[type, type[UpdateRule]]:
    """Torch's optimizers, and the rule that equals each of them."""
    found: dict[type, type[UpdateRule]] = {}
    for name in rules.names():
        rule = rules.get(name)
        twin = twin_of(rule)
        if twin is not None:
            found[twin] = rule
    return found


def _of_any(thing: type) -> bool:
    return any(issubclass(thing, mixin) for mixin in counting.OF_ANY_RULE)


def _derived(thing: type[UpdateRule], right: Any, rule: type[UpdateRule]) -> type[UpdateRule] | None:
    """The mistake made in a rule derived from the one in which it is planted: AdamW is Adam except for one method."""
    if not issubclass(rule, right) or _pieces(thing) & _pieces(rule):
        return None
    return type(thing.__name__, (thing, rule), {})


def _pieces(cls: type) -> set[str]:
    """The methods that a class defines itself."""
    return {name for name, value in vars(cls).items() if callable(value) and not name.startswith("__")}


def _like(reference: Make, make: Make, names: Sequence[str]) -> Make:
    """`make`, with the values of the hyperparameters `names` from the groups of the reference's optimizer."""

    def made(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        groups = [
            {name: group[name] for name in ("params", *names) if name in group}
            for group in reference(params, **hyper).param_groups
        ]
        return make(groups, **{name: value for name, value in groups[0].items() if name != "params"})

    return made


def _like_rule(reference: Make, rule: type[UpdateRule]) -> Make:
    return _like(reference, lambda groups, **hyper: rule(**hyper).optimizer(groups), [f.name for f in fields(rule)])
