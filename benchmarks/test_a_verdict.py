"""The time of a verdict without imports: the laws of a rule beside scikit-learn's checks of an estimator, and an
example of a law beside a run of torch's own tests of optimizers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from itertools import cycle, islice
from typing import Any

import pytest
import torch
from rounds import OURS, REPLAY, Figures, figures

from mlp_core.testing.engine.law import Law
from mlp_core.testing.engine.runner import run
from mlp_core.testing.verification.parallel import laws_of

ROUNDS = 3
STEPS = 7
"""of a run, as in torch's test/test_optim.py"""

INPUTS: list[dict[str, Any]] = [
    {}, {"lr": 0.01}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "maximize": True}, {"amsgrad": True},
]  # fmt: skip
"""hyperparameters of Adam, as in torch's testing/_internal/common_optimizers.py"""


def laws(subject: str) -> list[Law]:
    return [law for law in laws_of(subject) if law.skip(law.subject) is None]


def of_laws(subject: str, examples: int) -> Callable[[], int]:
    checked = laws(subject)
    return lambda: sum(run(law, examples=examples).examples for law in checked)


def by_check_estimator() -> Callable[[], object]:
    from sklearn.neural_network import MLPClassifier
    from sklearn.utils.estimator_checks import check_estimator

    def check() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged, by the hundred
            check_estimator(MLPClassifier(), on_fail="warn", on_skip=None)

    return check


def foreach_against_single(options: dict[str, Any]) -> None:
    """As TestOptimRenewed.test_foreach_matches_forloop does: a linear map and a bias, STEPS steps, all states equal."""
    ends = []
    for foreach in (False, True):
        generator = torch.Generator().manual_seed(0)
        weight, bias, x = (torch.randn(*s, generator=generator, dtype=torch.float64) for s in ((10, 5), (10,), (5,)))
        params = [torch.nn.Parameter(p) for p in (weight, bias)]
        optimizer = torch.optim.Adam(params, foreach=foreach, **options)
        for _ in range(STEPS):
            optimizer.zero_grad()
            (params[0].mv(x) + params[1]).pow(2).sum().backward()
            optimizer.step()
        ends.append([*params, *(s for p in params for s in optimizer.state[p].values())])
    for one, other in zip(*ends, strict=True):
        torch.testing.assert_close(one, other)


def as_test_optim(runs: int) -> Callable[[], None]:
    def all_of_them() -> None:
        for options in islice(cycle(INPUTS), runs):
            foreach_against_single(options)

    return all_of_them


FEW, MORE = 5, 25
"""examples a law: where an example is compared with a run, and where a verdict is compared with a verdict"""

VERDICTS: dict[str, dict[str, Callable[[], Callable[[], object]]]] = {
    f"all laws of adam, {MORE} examples each": {
        OURS: lambda: of_laws("adam", MORE),
        "check_estimator(MLPClassifier())": by_check_estimator,
        "torch's test_optim style": lambda: as_test_optim(2 * len(INPUTS)),
    },
    "an example of a law, a run of a test": {
        OURS: lambda: of_laws("adam", FEW),
        "torch's test_optim style": lambda: as_test_optim(of_laws("adam", FEW)()),
    },
}  # fmt: skip
PAIRS = [(shape, name) for shape, makers in VERDICTS.items() for name in makers]


@cache
def measured(shape: str) -> Figures:
    repeats = of_laws("adam", FEW)() if shape == "an example of a law, a run of a test" else 1
    return figures(
        f"a verdict: {shape}", VERDICTS[shape], rounds=ROUNDS, repeats=repeats, kind="a verdict", shape=shape
    )


@pytest.mark.benchmark(timer=REPLAY)
@pytest.mark.parametrize(("shape", "name"), PAIRS)
def test_a_verdict(benchmark: Any, shape: str, name: str) -> None:
    torch.set_num_threads(1)  # as the command line's workers do
    measured(shape).hand_to(benchmark, name)
