"""Training steps and updates on an accelerator, in absolute times: `python benchmarks/on_a_device.py [--device cuda]`.

Rounds of all contenders alternate. On CUDA a round is timed by events on its stream, with what it queues waited for; on
a CPU by the clock. Warmed up, medians, microseconds a step.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from steps import by_compile, by_func, by_torch, floor, ours
from test_a_training_step import SHAPES
from test_an_update import NETWORKS, REPEATS, TORCHS, made, of_ours
from test_an_update import by_torch as update_by_torch

ROUNDS, WARM = 15, 3


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Seconds of a round."""
    if device.type != "cuda":
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    work()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1000  # milliseconds


def rows(group: str, makers: dict[str, Callable[[], Callable[[], object]]], repeats: int, device: torch.device) -> None:
    """A line for each contender: the median time of one step."""
    contenders, seconds = {}, {}
    for name, make in makers.items():
        try:
            contenders[name] = make()
            contenders[name]()
        except Exception as error:  # a peer that does not run here says why
            print(f"| {group} | {name} | {type(error).__name__}: {str(error).strip().splitlines()[0]} |")
            contenders.pop(name, None)
    for number in range(-WARM, ROUNDS):
        for name, work in contenders.items():
            took = timed(work, device)
            if number >= 0:
                seconds.setdefault(name, []).append(took)
    for name, took in seconds.items():
        print(f"| {group} | {name} | {1e6 * median(took) / repeats:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cuda")
    device = torch.device(parser.parse_args().device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SystemExit("torch finds no CUDA device here; --device cpu times the same on the processor")
    print(f"{torch.cuda.get_device_name(device) if device.type == 'cuda' else device}, torch {torch.__version__}\n")
    print("| what | by | microseconds a step |\n| --- | --- | --- |")
    peers = {
        "mlp_core": ours, "floor": floor, "torch, SGD single": by_torch(foreach=False),
        "torch, SGD foreach": by_torch(foreach=True), "torch, SGD fused": by_torch(fused=True), "torch.func": by_func,
        "torch.compile": by_compile,
    }  # fmt: skip
    with device:
        for shape in SHAPES:
            rows(str(shape), {name: partial(make, shape) for name, make in peers.items()}, shape.steps, device)
        for rule in ("sgd", "adam"):
            for network, sizes in NETWORKS.items():
                makers = {"mlp_core": partial(of_ours, rule, network)}
                makers |= {name: partial(update_by_torch, made(rule), sizes, how) for name, how in TORCHS.items()}
                rows(f"update: {rule}, {network}", makers, REPEATS, device)


if __name__ == "__main__":
    main()
