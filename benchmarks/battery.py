"""Where the battery's own time goes: `python benchmarks/battery.py [SUBJECT ...] [--examples 100] [--by function]`.

A line a law: examples a second, and the shares of generation (Hypothesis, and reading what it draws), oracle (what the
law compares with), subject (what it is about), comparison (bounds and entries), and the rest (the law's own lines). The
shares are of samples of the stack, one every two milliseconds of processor time; `--by function` lists the functions of
this project under which most of the time goes.
"""

from __future__ import annotations

import argparse
import signal
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import torch

import mlp_core
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.law import Law
from mlp_core.testing.verification.names import core_subjects
from mlp_core.testing.verification.parallel import laws_of

EVERY = 0.002
"""seconds of processor time between two samples"""

HERE = Path(mlp_core.__file__).parent
KINDS = ("generation", "oracle", "subject", "comparison", "rest")

ORACLE = {"oracles.py", "envelopes.py", "training_envelopes.py", "perturbed.py", "exact.py"}
COMPARISON = {HERE / "testing" / "failure.py", *(HERE / "testing" / "bounds").glob("*.py")}


def kind_of(stack: list[tuple[str, str]]) -> str:
    """The work that a stack does, named by its first call that names one. The outermost (file, function) comes
    first."""
    evaluated = next((k for k, call in enumerate(stack) if call == (engine.__file__, "evaluate")), None)
    if evaluated is None:
        return "generation"
    for file, _ in stack[evaluated + 1 :]:
        path = Path(file)
        if path.name in ORACLE or ("torch/optim" in file and path.name != "optimizer.py"):  # that steps ours too
            return "oracle"
        if path in COMPARISON:
            return "comparison"
        if path.is_relative_to(HERE) and not path.is_relative_to(HERE / "testing"):
            return "subject"
    return "rest"


class Samples:
    """Stacks seen while laws were checked."""

    def __init__(self) -> None:
        self.kinds, self.functions = Counter[str](), Counter[str]()

    def take(self, number: int, frame: FrameType | None) -> None:
        stack = []
        while frame is not None:
            stack.append((frame.f_code.co_filename, frame.f_code.co_name))
            frame = frame.f_back
        self.kinds[kind_of(stack[::-1])] += 1
        own = {(Path(file), name) for file, name in stack if Path(file).is_relative_to(HERE)}
        self.functions.update(f"{path.relative_to(HERE)}: {name}" for path, name in own)

    def shares(self) -> list[str]:
        return [f"{self.kinds[kind] / max(self.kinds.total(), 1):.0%}" for kind in KINDS]


def checked(law: Law, examples: int) -> tuple[int, float, Samples]:
    """Check a law: examples, seconds of processor time, and what was seen."""
    samples = Samples()
    signal.signal(signal.SIGPROF, samples.take)
    begin = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    result = engine.run(law, examples=examples)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return result.examples, time.process_time() - begin, samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", default=list(core_subjects()), help="default: all of the core")
    parser.add_argument("--examples", type=int, default=100, help="a law (default: 100)")
    parser.add_argument("--by", choices=["law", "function"], default="law")
    given = parser.parse_args()
    torch.set_num_threads(1)  # as the command line's workers do
    torch.optim.SGD([torch.zeros(1)])  # the first one imports torch's compiler
    total, examples, seconds = Samples(), 0, 0.0
    print(f"| law | examples/s | {' | '.join(KINDS)} |\n| --- | ---: |{' ---: |' * len(KINDS)}")
    for law in (law for name in given.subjects for law in laws_of(name) if law.skip(law.subject) is None):
        count, spent, samples = checked(law, given.examples)
        examples, seconds = examples + count, seconds + spent
        total.kinds += samples.kinds
        total.functions += samples.functions
        if given.by == "law":
            row = [f"{law.subject.name}: {law.name}", f"{count / spent:.0f}", *samples.shares()]
            print(f"| {' | '.join(row)} |", flush=True)
    print(f"| all: {examples} examples in {seconds:.1f} s | {examples / seconds:.0f} | {' | '.join(total.shares())} |")
    for function, seen in total.functions.most_common(60) if given.by == "function" else ():
        print(f"{seen / total.kinds.total():6.1%} {function}")


if __name__ == "__main__":
    main()
