"""How large the blocks of an update should be: `python benchmarks/blocks.py [--rounds 40] [--threads 1]`.

SGD and Adam step the parameters of a network in blocks of several sizes, all in one process and in an order that is
drawn for every round. Printed: the median time with blocks of 1 MiB, and the ratio of each other size to it. On one
thread the time is processor time.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from rounds import ratio
from test_an_update import made, taken

from mlp_core.rules import _segment

NETWORKS = {"3072-512-128-32-2": [3072, 512, 128, 32, 2], "784-256-256-10": [784, 256, 256, 10]}
KIB = (128, 256, 512, 1024, 2048, 4096)
UNIT = 1024
REPEATS = 5


def update(name: str, sizes: list[int], kib: int) -> Callable[[], None]:
    """A step of a rule, in blocks of so many KiB."""
    _segment.BLOCK = _segment.SCRATCHED = kib * UNIT
    rule = made(name)
    model, params = taken(rule, sizes)
    optimizer = rule.optimizer(params)
    optimizer.step()  # makes its state
    work = optimizer.prepared()
    return lambda: (model, optimizer.apply(work))[1]  # the model keeps its buffers


def seconds_of(call: Callable[[], None], clock: Callable[[], float]) -> float:
    begin = clock()
    for _ in range(REPEATS):
        call()
    return (clock() - begin) / REPEATS


def measured(name: str, sizes: list[int], rounds: int, clock: Callable[[], float]) -> dict[int, list[float]]:
    """Seconds of each round, by the size of a block."""
    calls = {kib: update(name, sizes, kib) for kib in KIB}
    seconds: dict[int, list[float]] = {kib: [] for kib in KIB}
    order = random.Random(0)  # noqa: S311
    for number in range(-2, rounds):
        for kib in order.sample(KIB, len(KIB)):
            took = seconds_of(calls[kib], clock)
            if number >= 0:
                seconds[kib].append(took)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    clock = time.process_time if given.threads == 1 else time.perf_counter
    print(f"| an update | us at {UNIT} KiB | {' | '.join(f'{kib} KiB' for kib in KIB)} |")
    print(f"| --- | ---: |{' ---: |' * len(KIB)}")
    for name in ("sgd", "adam"):
        for network, sizes in NETWORKS.items():
            with torch.inference_mode():
                found = measured(name, sizes, given.rounds, clock)
            cells = map(partial("{:.2f}".format), (ratio(found[kib], found[UNIT]) for kib in KIB))
            print(f"| {name}, {network} | {median(found[UNIT]) * 1e6:,.0f} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
