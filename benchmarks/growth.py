"""How time grows: `python benchmarks/growth.py [CURVE ...] [--rounds 7] [--out .benchmarks]`.

A curve is something at several sizes: a training step by width, depth or batch, the state of a new optimizer by depth,
a law by examples, a search by its trials, hand-ins in processes of their own by their number. All sizes of
a curve are timed in turn, so that a mood of the machine meets all of them. Printed for each curve: medians, the
exponent between neighbours (log of the ratio of the times / log of that of the sizes), and that of the whole: 1 is
linear. growth.svg has the curves.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from statistics import median

from rounds import Contenders, clock, interleaved
from steps import Shape, ours

from mlp_core import MLP, rules
from mlp_core.experiment.trial import Trial
from mlp_core.testing.engine.runner import run
from mlp_core.testing.foreign.several import verify_files
from mlp_core.testing.verification.parallel import laws_of
from mlp_core.testing.verification.verify import checked

TESTS = Path(__file__).parent.parent / "tests"
sys.path.append(str(TESTS / "experiment"))
from small_searches import small_data, small_plan  # noqa: E402  # where the tests have it

HAND_IN = TESTS / "hand_ins" / "hand_in_02_python_loops.py"

Round = Callable[[], object]


@dataclass(frozen=True)
class Curve:
    """make(size) makes a round. alone: the clock by which a round that takes seconds is timed once."""

    sizes: Sequence[int]
    make: Callable[[int], Round]
    alone: Callable[[], float] | None = None


def step(shape: Callable[[int], tuple[tuple[int, ...], int]], steps: int) -> Callable[[int], Round]:
    """A training step of fit; shape(size) -> widths, batch."""

    def make(size: int) -> Round:
        sizes, batch = shape(size)
        return ours(Shape(sizes, batch, steps, 1))

    return make


def state(depth: int) -> Round:
    """A new optimizer, and the state of its parameters, before any step."""
    model = MLP((8,) * (depth + 1))
    model.flat_grad  # noqa: B018  (binds every parameter's grad)
    return lambda: rules.get("adam")().optimizer(model.parameters()).prepared()


def law(examples: int) -> Round:
    """A law of adam that every example counts for."""
    (law,) = (law for law in laws_of("adam") if law.name == "equals its twin")
    return lambda: run(law, examples=examples, seed=0)


def hand_ins(number: int) -> Round:
    """So many correct hand-ins in processes of their own, two at a time."""
    folder = Path(tempfile.mkdtemp(prefix="mlp-core-growth-"))
    files = [folder / f"hand_in_{k}.py" for k in range(number)]
    for file in files:
        shutil.copy(HAND_IN, file)
    names = [f"{file}:backpropagation" for file in files]
    options = {"examples": 10, "seed": 0, "largest": 8, "laws": checked}
    return lambda: list(verify_files(names, jobs=2, **options))


def trials(number: int) -> Round:
    """So many trials of a search, one after the other."""
    plan, known = small_plan(trials=number), small_data().known()
    return lambda: [Trial(plan, known, k).run() for k in range(number)]


CURVES = {
    "a step by width": Curve((16, 32, 64, 128, 256, 512, 1024), step(lambda n: ((n, n, n, 10), 64), 10)),
    "a step by depth": Curve((1, 2, 4, 8, 16, 32, 64, 128), step(lambda n: ((32,) * (n + 1), 16), 10)),
    "a step by batch": Curve((1, 4, 16, 64, 256, 1024, 4096), step(lambda n: ((64, 64, 64, 10), n), 10)),
    "steps of an epoch": Curve((100, 400, 1600, 6400), lambda n: ours(Shape((8, 16, 8, 4), 8, n, 1))),
    "a new optimizer's state by depth": Curve((4, 16, 64, 256), state),
    "trials": Curve((1, 4, 16, 64), trials),
    "a law by examples": Curve((10, 100, 1000), law, alone=clock),
    "hand-ins (from start to end)": Curve((1, 10, 40), hand_ins, alone=time.perf_counter),  # in processes of their own
}


def measured(curve: Curve, rounds: int) -> list[float]:
    """The median seconds at each size."""
    contenders: Contenders = {str(size): curve.make(size) for size in curve.sizes}
    if curve.alone is None:
        return [median(seconds) for seconds in interleaved(contenders, rounds=rounds).values()]
    found = []
    for contender in contenders.values():
        begin = curve.alone()
        contender()
        found.append(curve.alone() - begin)
    return found


def exponents(sizes: Sequence[float], seconds: Sequence[float]) -> list[float]:
    """Between neighbours, and last that of the whole: 1 is linear.

    >>> exponents([1, 2, 8], [1.0, 4.0, 16.0])
    [2.0, 1.0, 1.3333333333333333]
    """
    pairs = [*zip(range(len(sizes) - 1), range(1, len(sizes)), strict=True), (0, len(sizes) - 1)]
    return [log(seconds[j] / seconds[i]) / log(sizes[j] / sizes[i]) for i, j in pairs]


def line(name: str, curve: Curve, seconds: Sequence[float]) -> str:
    """A row of the table."""
    *between, whole = exponents(curve.sizes, seconds)
    cells = [
        ", ".join(map(str, curve.sizes)), ", ".join(f"{s * 1e3:,.3g}" for s in seconds),
        ", ".join(f"{e:.2f}" for e in between), f"{whole:.2f}",
    ]  # fmt: skip
    return f"| {name} | {' | '.join(cells)} |"


def picture(found: dict[str, list[float]], path: Path) -> None:
    """The time of each curve over that of its smallest size, against sizes over the smallest."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for name, seconds in found.items():
        sizes = CURVES[name].sizes
        axes.plot([n / sizes[0] for n in sizes], [s / seconds[0] for s in seconds], "o-", markersize=3, label=name)
    axes.axline((1, 1), slope=1, color="gray", linewidth=0.8, linestyle="--", label="linear")
    axes.set(xscale="log", yscale="log", xlabel="size / the smallest", ylabel="time / that of the smallest")
    axes.legend(fontsize=7)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves", nargs="*", default=[], help="words in the names of curves (default: all)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path(".benchmarks"))
    given = parser.parse_args()
    asked = [name for name in CURVES if not given.curves or any(words in name for words in given.curves)]
    found: dict[str, list[float]] = {}
    print("| | sizes | ms | exponents | whole |\n| --- | --- | --- | --- | ---: |")
    for name in asked:
        found[name] = measured(CURVES[name], given.rounds)
        print(line(name, CURVES[name], found[name]), flush=True)
    given.out.mkdir(exist_ok=True)
    picture(found, given.out / "growth.svg")


if __name__ == "__main__":
    main()
