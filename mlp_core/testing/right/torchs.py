"""torch's own optimizers as subjects: other kernels than the twins', and the bare classes as a user would pass them.

No law may fail for them, except known faults of torch, which are waived with a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import torch

from mlp_core import rules
from mlp_core.rules import UpdateRule
from mlp_core.testing import subjects as kinds
from mlp_core.testing.examples.scenario import Make, grouped
from mlp_core.testing.examples.scenarios import SHAPES
from mlp_core.testing.subjects.optimizers import OptimizerSubject
from mlp_core.testing.subjects.rules import default_twin, twin_of

BARE = (
    torch.optim.Adadelta, torch.optim.Adafactor, torch.optim.Adagrad, torch.optim.Adam, torch.optim.AdamW,
    torch.optim.Adamax, torch.optim.ASGD, torch.optim.LBFGS, torch.optim.Muon, torch.optim.NAdam, torch.optim.RAdam,
    torch.optim.RMSprop, torch.optim.Rprop, torch.optim.SGD,
)  # fmt: skip
"""all classes that accept dense gradients"""

# the laws that torch 2.13 to 2.15 breaks, found by the laws themselves
LIES = ("takes every shape and stride", "takes a gradient of any strides")

LATE = "takes a group added later"

WAIVED: dict[str, tuple[str, ...]] = {
    # the fused kernels on CPU treat every tensor as contiguous: in a view with gaps they change other numbers
    "adagrad, fused": (*LIES, LATE), "adam, fused": LIES, "adamw, fused": LIES,
    # Adagrad ignores the initial_accumulator_value of a group, and starts from that of the constructor
    "adagrad, foreach": (LATE,),
    # and SGD's raises TypeError if one parameter has a momentum buffer and another has none yet
    "sgd, fused": (
        *LIES, "equals its reference", "goes on after save and load", "lets a parameter join late",
        "steps as exact rational arithmetic does",
    ),
    # with Nesterov's momentum and without decay it adds to the gradients themselves
    "sgd, foreach": ("leaves the gradient alone",),
    # load_state_dict casts the float32 number that each keeps to the dtype of the parameter
    "nadam, foreach": ("goes on after save and load",), "NAdam": ("goes on after save and load",),
    "asgd, foreach": ("goes on after save and load",), "ASGD": ("goes on after save and load",),
    # it reads a gradient by view(-1), which raises if the memory is transposed
    "LBFGS": ("takes a gradient of any strides",),
}  # fmt: skip

NOT_EMPTY = ("Adafactor", "LBFGS")
"""these divide by the number of entries, or need the largest entry"""

POSITIVE_EPS = ("radam, foreach",)
"""these also divide by sqrt(v) + eps in the first steps, and multiply by 0 then: NaN if both are 0"""


def subjects() -> dict[str, Any]:
    """torch's optimizers by name."""
    found = {}
    for name in (name for name in rules.names() if twin_of(rules.get(name))):
        for switch in switches(rules.get(name)):
            label = f"{name}, {switch}"
            mine = [f"from {__name__} import switched", f"mine = switched({rules.get(name).__name__}, {switch!r})"]
            found[label] = as_rule(name, switched(rules.get(name), switch), f"torch's {label}", mine)
            if label in POSITIVE_EPS:
                found[label] = replace(found[label], hyper=found[label].hyper.map(_with_eps))
    for bare in BARE:
        shapes = [shape for shape in SHAPES if prod(shape)] if bare.__name__ in NOT_EMPTY else None
        found[bare.__name__] = kinds.optimizer(bare, shapes=shapes)
    return {f"torch: {label}": _waiving(subject, *WAIVED.get(label, ())) for label, subject in found.items()}


def as_rule(name: str, make: Make, label: str, mine: Sequence[str]) -> OptimizerSubject:
    """`make`, which has the hyperparameters of the core's rule of this name, compared with that rule's twin within what
    rounding explains. Its refusals are allowed. `mine`: lines that define mine = make.
    """
    rule = kinds.rule(rules.get(name))
    first, _, *reference = rule.source  # the rule's import, the lines for its own optimizer, those for its twin
    return replace(
        rule, name=label, make=make, twin=False, exact=False, counts=False, claims=rule.claims - {"validates"},
        shared_state=(), source=(first, *reference, *mine),
    )  # fmt: skip


def _with_eps(drawn: dict[str, Any]) -> dict[str, Any]:
    return {**drawn, "eps": drawn["eps"] or 1e-8}


def switches(rule_type: type[UpdateRule]) -> list[str]:
    """The other implementations that torch offers for a rule on CPU."""
    twin = default_twin(rule_type)
    assert twin is not None
    return ["foreach"] * ("foreach" in twin.defaults) + ["fused"] * _fuses(type(twin))


def _fuses(optimizer_type: Any) -> bool:
    """Whether a constructor accepts fused=True; some do on CPU."""
    try:
        optimizer_type([torch.zeros(1)], lr=0.1, fused=True)
    except (TypeError, RuntimeError):
        return False
    return True


def switched(rule_type: type[UpdateRule], switch: str) -> Make:
    """torch's optimizer for a rule, with one of its implementation switches on."""

    def make(params: Any, **hyper: Any) -> torch.optim.Optimizer:
        optimizer = rule_type(**hyper).twin(params)
        assert optimizer is not None
        for group in (optimizer.defaults, *optimizer.param_groups):
            group[switch] = True
        return optimizer

    return grouped(make)


def _waiving(subject: OptimizerSubject, *laws: str) -> OptimizerSubject:
    return replace(subject, waived=subject.waived | set(laws))
