"""Measures the effect of each part of the search's recipe on validation accuracy over several seeds.

    python benchmarks/recipe.py --data folder:IMAGES [--seeds 5] [--trials 6] [--epochs 8]

Every variant runs the same random search on the same splits; each seed draws splits, hyperparameters and weights of its
own. The figure is the validation accuracy of the trial that each search selects. The test split stays sealed.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import mean, stdev
from typing import Any

import torch

from mlp_core.experiment.data import Known, load
from mlp_core.experiment.plan import Plan, ranges_of
from mlp_core.experiment.trial import Outcome, Trial
from mlp_core.select import select

RANGES = {"lr": "0.01:0.3", "weight_decay": "1e-5:1e-2", "momentum": "0.5:0.98"}
NARROW = {"lr": "0.03:0.2", "weight_decay": "1e-4:1e-2", "momentum": "0.8:0.97"}
PLAIN: dict[str, Any] = {"keep": "last", "schedule": "constant", "mirror": False}


def variants(trials: int, epochs: int) -> dict[str, dict[str, Any]]:
    """By name, what of the plain search is done otherwise; all cost the same number of epochs."""
    longer = {"trials": trials // 2, "epochs": 2 * epochs}
    all_ = {"keep": "best", "schedule": "cosine", "mirror": True}
    return {
        "plain": {},
        "the best epoch kept": {"keep": "best"},
        "linear schedule": {"schedule": "linear"},
        "cosine schedule": {"schedule": "cosine"},
        "mirrored images": {"mirror": True},
        "batches of 128": {"batch_size": 128},
        "twice the trials, half the epochs": {"trials": 2 * trials, "epochs": epochs // 2},
        "half the trials, twice the epochs": {"trials": trials // 2, "epochs": 2 * epochs},
        "best, cosine, mirrored": all_,
        "best, cosine, mirrored, batches of 128": {**all_, "batch_size": 128},
        "best, cosine, mirrored, half the trials, twice the epochs": {**all_, **longer},
        "best, linear, mirrored, half the trials, twice the epochs": {**all_, **longer, "schedule": "linear"},
        "best, cosine, mirrored, batches of 128, half the trials, twice the epochs": {
            **all_, **longer, "batch_size": 128,
        },
        "best, cosine, mirrored, narrower ranges, half the trials, twice the epochs": {
            **all_, **longer, "ranges": NARROW,
        },
    }  # fmt: skip


KNOWN: dict[int, Known] = {}


def one(task: tuple[Plan, int]) -> Outcome:
    plan, number = task
    torch.set_num_threads(1)
    trial = Trial(plan, KNOWN[plan.seed], number)
    trial.run()
    return trial.outcome()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", required=True)
    for name, default in (("seeds", 5), ("trials", 6), ("epochs", 8), ("jobs", os.cpu_count() or 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", help="variants whose names have this in them")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for seed in range(asked.seeds):
        KNOWN[seed] = load(asked.data, seed=seed).known()
    print("| variant | validation accuracy of the selected trial, seed by seed | mean | deviation |")
    print("| --- | --- | --- | --- |")
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("fork")) as pool:
        for name, changes in variants(asked.trials, asked.epochs).items():
            if asked.only and asked.only not in name:
                continue
            plan: dict[str, Any] = {"trials": asked.trials, "epochs": asked.epochs, **PLAIN, **changes}
            ranges = ranges_of("sgd", plan.pop("ranges", RANGES))
            plans = [Plan(ranges=ranges, seed=seed, **plan) for seed in KNOWN]
            outcomes = list(pool.map(one, [(plan, number) for plan in plans for number in range(plan.trials)]))
            best = []
            for seed in KNOWN:
                mine = outcomes[seed * plans[0].trials : (seed + 1) * plans[0].trials]
                best.append(select([o for o in mine if o.usable]).validation_accuracy)
            figures = " ".join(f"{value:.4f}" for value in best)
            print(f"| {name} | {figures} | {mean(best):.4f} | {stdev(best):.4f} |", flush=True)


if __name__ == "__main__":
    main()
