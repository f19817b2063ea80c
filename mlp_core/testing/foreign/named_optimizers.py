"""The reference of a torch.optim.Optimizer in a file whose name is that of a known rule: the version of the rule that
its steps equal, or the first one if they equal none."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch

from mlp_core.rules import UpdateRule
from mlp_core.testing.examples.sample import sample
from mlp_core.testing.foreign.likes import Like, likes
from mlp_core.testing.foreign.named_rules import Named, meant, named
from mlp_core.testing.foreign.rule_code import further
from mlp_core.testing.foreign.ruled import fits, runs, words_of
from mlp_core.testing.subjects import constructors
from mlp_core.testing.subjects.optimizers import OptimizerSubject
from mlp_core.testing.subjects.recognise import resolve
from mlp_core.testing.subjects.torch_optimizers import LR

DOUBT = (
    "its name is that of {rule}, but its steps are those of no version of {rule} that is known; name the optimizer "
    "that it should equal: subject = subjects.optimizer({name}, reference=...), or use another name if it is a rule of "
    "its own"
)


SEVERAL = 24
"""the number of scenarios on which a version must do what the optimizer does: in some of them lr changes"""


@dataclass(frozen=True)
class NamedOptimizer(OptimizerSubject):
    """An optimizer of a file."""

    found: str = ""
    """what it is compared with"""


class LikeOptimizer(Like):
    """A Like with the optimizer's own defaults for hyperparameters that are not passed."""

    def __init__(
        self, rule: type[UpdateRule], names: Mapping[str, str], given: Mapping[str, Any], defaults: Mapping[str, Any]
    ) -> None:  # fmt: skip
        super().__init__(rule, names, given)
        self.defaults = dict(defaults)

    def __call__(self, params: Any, **hyper: Any) -> torch.optim.Optimizer:
        return super().__call__(params, **single(self.defaults | hyper))

    def lines(self) -> list[str]:
        """The lines that define it."""
        _, _, grouped, _ = super().lines()
        own = f"{self.rule.__name__}, {self.names!r}, {self.given!r}, {self.defaults!r}"
        return [
            f"from {self.rule.__module__} import {self.rule.__name__}", grouped,
            f"from {__name__} import LikeOptimizer", f"reference = grouped(LikeOptimizer({own}))",
        ]  # fmt: skip


def single(hyper: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperparameters with beta1 and beta2 instead of betas."""
    values = dict(hyper)
    if "betas" in values:
        values["beta1"], values["beta2"] = values.pop("betas")
    return values


def subject(thing: Any, sizes: tuple[int, int], numbers: Sequence[float]) -> Any:
    """The subject of a class. numbers: those in its code."""
    own = resolve(thing, sizes)
    rule = named(thing.__name__, False)
    if rule is None or not issubclass(thing, torch.optim.Optimizer) or not isinstance(own, OptimizerSubject):
        return own
    defaults = _defaults(thing)
    plain = {n: v for n, v in defaults.items() if isinstance(v, float)}
    names = meant(rule, list(plain))
    on, others = further({n: v if n in plain else str(v) for n, v in defaults.items()}, set(names.values()))
    rule = rule.with_on(on)
    options = list(_options(rule, names, plain, numbers))
    scenarios = sample(own.scenarios(dtypes=(torch.float64,), groups=(1, 1)), SEVERAL)
    seen = runs(own.make, scenarios)
    for like, words in options:
        if fits(seen, like.make(), scenarios):
            return _compared(own, like, words)
    if others:  # a number or a switch that no known rule has may be the reason
        further_numbers = any(plain[name] for name in set(plain) - set(names.values()))
        rule_name = options[0][0].rule.__name__
        return own if further_numbers else replace(own, doubt=DOUBT.format(rule=rule_name, name=thing.__name__))
    return _compared(own, *options[0])


def _defaults(thing: Any) -> dict[str, Any]:
    """The hyperparameters of a constructor with their defaults, or with those that are tried. Numbers are floats, and
    betas are two.
    """
    _, *rest = inspect.signature(thing).parameters.values()
    given = {p.name: LR if p.default is p.empty and p.name == "lr" else p.default for p in rest}
    found = {name: default for name, default in given.items() if default is not inspect.Parameter.empty}
    return {
        name: float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        for name, value in (single(found) if _is_pair(found.get("betas")) else found).items()
    }  # fmt: skip


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2


def _options(
    rule: Named, names: dict[str, str], defaults: dict[str, float], numbers: Sequence[float]
) -> Iterator[tuple[LikeOptimizer, str]]:  # fmt: skip
    for like, words in likes(rule, names, numbers):
        own = {theirs: defaults[theirs] for theirs in names.values()}
        yield LikeOptimizer(like.rule, like.names, like.given, own), words


def _compared(own: OptimizerSubject, like: LikeOptimizer, words: str) -> NamedOptimizer:
    values = {f.name: getattr(own, f.name) for f in fields(own) if f.init}
    reference = like.make()
    made = constructors.made(reference, constructors.grouped([(2, 3)], {}), sample(own.hyper, 1)[0])
    values |= {
        "reference": reference, "source": (*own.source, *like.lines()), "equals": None if made is None else type(made)
    }  # fmt: skip
    return NamedOptimizer(**values, found=words_of(like, words))
