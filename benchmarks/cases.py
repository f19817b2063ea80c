"""Times one checkout: `python benchmarks/cases.py` reads names of cases, one per line, and answers with seconds.

The process that asks (compare.py) has two of these, for two checkouts of mlp_core, and asks them in turn. An answer is
a JSON line: {"seconds": s}, or {"absent": why} for what this checkout cannot do.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial

import test_a_gradient_check as gradient_check
import test_a_training_step as training_step
import test_an_update as update
from rounds import clock
from steps import ours

from mlp_core import rules

Round = Callable[[], object]


def cases() -> dict[str, Callable[[], Round]]:
    """By name, what makes a round."""
    found: dict[str, Callable[[], Round]] = {}
    for shape in training_step.SHAPES:
        found[f"a training step: {shape}"] = partial(ours, shape)
    for rule, network in update.PAIRS:
        found[f"an update: {rule}, {network}"] = partial(update.of_ours, rule, network)
    for network, sizes in gradient_check.NETWORKS.items():
        found[f"a gradient check: {network}"] = partial(gradient_check.by_check_model, sizes)
    return found


def seconds_of(made: dict[str, Round], name: str) -> dict[str, object]:
    """One round of a case, that is made and warmed up where it is new."""
    try:
        if name not in made:
            made[name] = cases()[name]()
            made[name]()
        begin = clock()
        made[name]()
        return {"seconds": clock() - begin}
    except Exception as error:  # another commit may lack a rule, a name, an argument
        return {"absent": f"{type(error).__name__}: {error}"}


def main() -> None:
    import mlp_core

    print(json.dumps({"from": mlp_core.__file__, "rules": list(rules.names())}), flush=True)
    made: dict[str, Round] = {}
    for line in sys.stdin:
        print(json.dumps(seconds_of(made, line.strip())), flush=True)


if __name__ == "__main__":
    main()
