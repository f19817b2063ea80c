"""The reference of an update rule in a file: the core's rule that its name says, in the version that its numbers
show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch

from mlp_core.rules import UpdateRule
from mlp_core.rules.adadelta import Adadelta
from mlp_core.rules.adagrad import Adagrad
from mlp_core.rules.adam import Adam
from mlp_core.rules.adamax import Adamax
from mlp_core.rules.rmsprop import RMSprop
from mlp_core.rules.sgd import SGD
from mlp_core.testing.examples.scenario import Make, grouped
from mlp_core.testing.faults.rules import adam, adaptive, sgd
from mlp_core.testing.foreign.hyper_names import ANY, EPS, LR, MOMENTS


@dataclass(frozen=True)
class Named:
    """A rule that a name says: the names of its hyperparameters, and its versions."""

    says: str
    """a pattern of the name without case and separators"""
    names: dict[str, str]
    """patterns of the names of its hyperparameters"""
    versions: tuple[tuple[type[UpdateRule], str], ...]
    """the core's rule, and the usual versions with eps or the velocity at another place, in words"""
    counts: bool = False
    """whether the number of the step enters"""


UNDER = "eps under the root, as in Keras and optax"

NAMED = (
    Named("adamax", MOMENTS, ((Adamax, ""),), True),
    Named("adam", MOMENTS, (
        (Adam, ""), (adam.AddsEpsBeforeTheCorrection, "eps before the bias correction, as in Keras"),
    ), True),
    Named("rms_?prop", {"lr": LR, "alpha": r"decay(_?rate)?|rho|gamma|beta_?2?|alpha|avg_?decay", "eps": EPS}, (
        (RMSprop, ""), (adaptive.RMSpropPutsEpsUnderTheRoot, UNDER),
    )),
    Named("adagrad", {"lr": LR, "eps": EPS}, ((Adagrad, ""), (adaptive.AdagradPutsEpsUnderTheRoot, UNDER))),
    Named("adadelta", {"lr": LR, "rho": "decay(_?rate)?|rho|gamma|beta", "eps": EPS}, ((Adadelta, ""),)),
    Named("(sgd|gd|gradientdescent|stochasticgradientdescent)?(with)?momentum(sgd|gd)?|sgdm",
          {"lr": LR, "momentum": r"momentum|mom|mu|beta_?1?|gamma|rho"}, (
        (SGD, ""), (sgd.AveragesTheGradients, "the velocity is an average, beta v + (1 - beta) g"),
    )),
    Named("sgd|gd|(stochastic|batch|minibatch|vanilla)?gradientdescent",
          {"lr": LR, "momentum": r"momentum|mom|mu|beta|gamma"}, (
        (SGD, ""), (sgd.AveragesTheGradients, "the velocity is an average, beta v + (1 - beta) g"),
    )),
)  # fmt: skip
"""the first that fits the whole name, apart from NEUTRAL words, decides"""

CORE = frozenset(one.versions[0][0] for one in NAMED)

NEUTRAL = (
    "update|parameters?|params?|weights?|optimi[sz]er|optimi[sz]e|opt|step|rule|with|using|the|my|by|numpy|np|torch|"
    "apply|grads|gradients?|simple|vanilla|plain|basic|scratch|from|manual|custom|one"
)

DEFAULTS: dict[str, tuple[float, ...]] = {
    "lr": (0.01, 0.1, 0.5), "beta1": (0.9, 0.5, 0.75), "beta2": (0.999, 0.9, 0.95), "momentum": (0.9, 0.5, 0.75),
    "alpha": (0.9, 0.99, 0.5), "rho": (0.9, 0.5, 0.75), "eps": (1e-8, 1e-3, 1e-2),
}  # fmt: skip
"""values of each hyperparameter, if it has no default"""


def named(name: str, plain: bool) -> Named | None:
    """The rule that a name says. plain: whether it keeps nothing and has no number but lr, so that without any other
    word it is gradient descent.

    >>> named("update_parameters_with_adam", False).says, named("clipped_adam", False), named("update", False)
    ('adam', None, None)
    >>> named("Optimizer_RMSprop", False).says, named("SGDMomentum", False).versions[0][0].__name__
    ('rms_?prop', 'SGD')
    """
    word = re.sub(r"[^a-z]", "", name.lower())
    for one in NAMED:
        if re.fullmatch(f"(?:{NEUTRAL})*?(?:{one.says})(?:{NEUTRAL})*", word):
            return one
    return NAMED[-1] if plain and re.fullmatch(f"(?:{NEUTRAL}|descent)*", word) else None


def meant(rule: Named | None, names: Sequence[str]) -> dict[str, str]:
    """Which hyperparameter of the rule each name is."""
    left, found = list(names), dict[str, str]()
    for own, form in (ANY if rule is None else rule.names).items():
        match = next((n for n in left if re.fullmatch(form, n, re.IGNORECASE)), None)
        if match is not None:
            found[own] = match
            left.remove(match)
    return found


class Like:
    """The constructor of a core rule's optimizer, with the hyperparameters under other names."""

    def __init__(self, rule: type[UpdateRule], names: Mapping[str, str], given: Mapping[str, float]) -> None:
        self.rule, self.names, self.given = rule, dict(names), dict(given)

    def __call__(self, params: Any, **hyper: Any) -> torch.optim.Optimizer:
        values = {**self.given, **{own: hyper[theirs] for own, theirs in self.names.items()}}
        if "beta1" in values or "beta2" in values:
            values["betas"] = (values.pop("beta1", 0.9), values.pop("beta2", 0.999))
        rule = self.rule(**values)
        plain = self.rule in CORE  # torch's own, in which known mistakes are looked for
        return (rule.twin(params) if plain else None) or rule.optimizer(params)

    def lines(self) -> list[str]:
        """The lines that define it."""
        return [
            f"from {self.rule.__module__} import {self.rule.__name__}",
            f"from {__name__} import Like", "from mlp_core.testing.examples.scenario import grouped",
            f"reference = grouped(Like({self.rule.__name__}, {self.names!r}, {self.given!r}))",
        ]  # fmt: skip

    def make(self) -> Make:
        return grouped(self)


def likes(rule: Named, names: Mapping[str, str], literals: Sequence[float]) -> Iterator[tuple[Like, str]]:
    """The possible references with their words. literals: the numbers in the code, of which hyperparameters that no
    caller passes are taken.
    """
    absent = [own for own in rule.names if own not in names and (own != "momentum" or "momentum" in rule.says)]
    choices = [[*dict.fromkeys([*_among(own, literals), DEFAULTS[own][0]])][:3] for own in absent]
    for version, words in rule.versions:
        for values in product(*choices):
            yield Like(version, names, dict(zip(absent, values, strict=True))), words


def _among(name: str, literals: Sequence[float]) -> list[float]:
    """The numbers in code that may be a hyperparameter."""
    low, high = {"eps": (0.0, 1e-3), "lr": (0.0, 1.0)}.get(name, (0.5, 1.0))
    return [value for value in literals if low < value < high]
