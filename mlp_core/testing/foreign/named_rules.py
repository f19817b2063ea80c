"""The core's rule that the name of an update rule in a file says, with its usual versions and the names of its
hyperparameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mlp_core.rules import UpdateRule
from mlp_core.rules.adadelta import Adadelta
from mlp_core.rules.adagrad import Adagrad
from mlp_core.rules.adam import Adam
from mlp_core.rules.adamax import Adamax
from mlp_core.rules.adamw import AdamW
from mlp_core.rules.lion import Lion
from mlp_core.rules.rmsprop import RMSprop
from mlp_core.rules.sgd import SGD
from mlp_core.testing.faults.rules import adam, adam_variants, adaptive, sgd
from mlp_core.testing.foreign import rule_versions
from mlp_core.testing.foreign.hyper_names import ANY, EPS, LR, MOMENTS, WD


@dataclass(frozen=True)
class Version:
    """A rule of the core, or a usual version of one, in words."""

    rule: type[UpdateRule]
    words: str = ""
    decays: bool = False
    """whether it differs from the first version only if there is weight decay"""


@dataclass(frozen=True)
class Named:
    """A rule that a name says: the names of its hyperparameters, and its versions."""

    says: str
    """a pattern of the name without case and separators"""
    names: dict[str, str]
    """patterns of the names of its hyperparameters"""
    versions: tuple[Version, ...]
    """the core's rule, and the usual versions with eps or the velocity at another place"""
    counts: bool = False
    """whether the number of the step enters"""
    needs: tuple[str, ...] = ()
    """hyperparameters that are off in other rules, but not in this one"""
    fixed: dict[str, Any] = field(default_factory=dict)
    """hyperparameters of the core's rule that the name decides"""

    def with_on(self, switches: Sequence[str]) -> Named:
        """The rule with options that are on, such as nesterov and amsgrad."""
        own = dict.fromkeys((name for name in switches if hasattr(self.versions[0].rule, name)), True)
        return replace(self, fixed=self.fixed | own, needs=(*self.needs, *(["momentum"] if "nesterov" in own else [])))


UNDER = "eps under the root, as in Keras and optax"

BEFORE = Version(adam.AddsEpsBeforeTheCorrection, "eps before the bias correction, as in Keras")

EARLY_EPS_LATE_DECAY = "eps before the bias correction and decay after the step, as in transformers"

AVERAGE = Version(sgd.AveragesTheGradients, "the velocity is an average, beta v + (1 - beta) g")

INSIDE = Version(sgd.PutsTheRateIntoTheVelocity, "lr inside the velocity, as in Keras")

RATES = {"lr": LR, "momentum": r"momentum|mom|mu|beta_?1?|gamma|rho", "weight_decay": WD}

SQUARES = {"lr": LR, "alpha": r"decay(_?rate)?|rho|gamma|beta_?2?|alpha|avg_?decay", "eps": EPS,
           "momentum": r"momentum|mom|mu|beta_?1", "weight_decay": WD}  # fmt: skip

RMSPROPS = Version(RMSprop), Version(adaptive.RMSpropPutsEpsUnderTheRoot, UNDER)

NAMED = (
    Named("adamax", MOMENTS, (
        Version(Adamax), Version(adam_variants.AddsEpsToTheMaximum, "eps is added to the maximum, as in Keras"),
    ), True),
    Named("adamw|adamweightdecay", MOMENTS | {"weight_decay": f"{WD}|decay(_?rate)?"}, (
        Version(AdamW), Version(adam.ShrinksAfterTheStep, "decay after the step"),
        Version(rule_versions.AddsEpsBeforeInAdamW, BEFORE.words),
        Version(rule_versions.AddsEpsBeforeAndShrinksAfter, EARLY_EPS_LATE_DECAY),
    ), True, ("weight_decay",)),
    Named("nadam", MOMENTS | {"momentum_decay": "momentum_?decay|schedule_?decay|psi"}, (
        Version(adam_variants.HasNoScheduleOfMu, "no schedule of mu, as in optax"),
        Version(rule_versions.CorrectsByOnePower, "no schedule of mu, and one power of beta1 in both corrections"),
        Version(rule_versions.NAdamInDouble),
        Version(adam_variants.SchedulesMuByWholePowers, "mu by 0.96^t, as in Keras"),
    ), True),
    Named("adam", MOMENTS, (
        Version(Adam), BEFORE, Version(AdamW, "the decay is decoupled, as in AdamW", True),
        Version(adam.ShrinksAfterTheStep, "the decay is decoupled, after the step", True),
        Version(rule_versions.AddsEpsBeforeInAdamW, "the decay is decoupled, and eps before the bias correction", True),
        Version(rule_versions.AddsEpsBeforeAndShrinksAfter, EARLY_EPS_LATE_DECAY, True),
    ), True),
    Named("amsgrad", MOMENTS, (Version(Adam),), True, fixed={"amsgrad": True}),
    Named("lion", {own: form for own, form in MOMENTS.items() if own != "eps"}, (Version(Lion),)),
    Named("rms_?prop(with)?momentum|momentumrmsprop", SQUARES, RMSPROPS, needs=("momentum",)),
    Named("rms_?prop", SQUARES, RMSPROPS),
    Named("adagrad", {"lr": LR, "eps": EPS, "weight_decay": WD}, (
        Version(Adagrad), Version(adaptive.AdagradPutsEpsUnderTheRoot, UNDER),
    )),
    Named("adadelta", {"lr": LR, "rho": "decay(_?rate)?|rho|gamma|beta", "eps": EPS, "weight_decay": WD}, (
        Version(Adadelta),
    )),
    Named("(sgd|gd|momentum)?(with)?(nesterov|nag)(s|accelerated|momentum|descent|sgd)*", RATES, (Version(SGD), INSIDE),
          needs=("momentum",), fixed={"nesterov": True}),
    Named("(sgd|gd|gradientdescent|stochasticgradientdescent)?(with)?momentum(sgd|gd)?|sgdm", RATES, (
        Version(SGD), AVERAGE, INSIDE,
    ), needs=("momentum",)),
    Named("sgd|gd|(stochastic|batch|minibatch|vanilla)?gradientdescent",
          RATES | {"momentum": r"momentum|mom|mu|beta|gamma"}, (Version(SGD), AVERAGE, INSIDE)),
)  # fmt: skip
"""the first that fits the whole name, apart from NEUTRAL words, decides"""

OFF = "momentum", "weight_decay", "momentum_decay"
"""hyperparameters that are off, or have their default, unless a caller can pass them or the rule needs them"""

NEUTRAL = (
    "update|parameters?|params?|weights?|optimi[sz]er|optimi[sz]e|opt|step|rule|with|using|the|my|by|numpy|np|torch|"
    "apply|grads|gradients?|layers?|network|net|nn|mlp|model|all|simple|vanilla|plain|basic|scratch|from|manual|custom|one|make|create|build"
)

DEFAULTS: dict[str, tuple[float, ...]] = {
    "lr": (0.01, 0.1, 0.5), "beta1": (0.9, 0.5, 0.75), "beta2": (0.999, 0.9, 0.95), "momentum": (0.9, 0.5, 0.75),
    "alpha": (0.9, 0.99, 0.5), "rho": (0.9, 0.5, 0.75), "eps": (1e-8, 1e-3, 1e-2), "weight_decay": (0.01, 0.1),
    "momentum_decay": (0.004, 0.1),
}  # fmt: skip
"""values of each hyperparameter, if it has no default"""


def named(name: str, plain: bool) -> Named | None:
    """The rule that a name says. plain: whether it keeps nothing and has no number but lr, so that without any other
    word it is gradient descent.

    >>> named("update_parameters_with_adam", False).says, named("clipped_adam", False), named("update", False)
    ('adam', None, None)
    >>> named("Optimizer_RMSprop", False).says, named("SGDMomentum", False).versions[0].rule.__name__
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
        matches = [n for n in left if re.fullmatch(form, n, re.IGNORECASE)]
        if matches:
            match = min(matches, key=lambda n: n == "decay")  # beside rho, the decay is that of the rate
            found[own] = match
            left.remove(match)
    return found
