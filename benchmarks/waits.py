"""The time of a command from its start to its end: `python benchmarks/waits.py FIGURES.json [BASE] [--rounds 5]`.

BASE is a folder with another mlp_core, such as that of an older commit: both are asked in turn, and the ratio is this /
other. Every command runs in a new process and an empty folder. Among them are the first training of a process and the
laws of a rule (both timed within it, after its imports), one hand-in, forty, a file that is none, and all laws of the
core. Where BENCH_CLOCK=processor, the processor time of the command and of all its processes is counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from rounds import at_most, clock, ratio

HERE = Path(__file__).resolve().parent
HAND_INS = HERE.parent / "tests" / "hand_ins"
RUN = "import sys; from mlp_core.cli import main; sys.argv[0] = 'mlp-core'; main()"

CLOCK = f"from time import {clock.__name__} as clock"

FIRST_FIT = f"""
import torch
{CLOCK}
from mlp_core import MLP, fit, rules
x, y = torch.ones(8, 8), torch.zeros(8, dtype=torch.int64)
model, rule = MLP([8, 16, 8, 4]), rules.get("sgd")()
begin = clock()
fit(model, x, y, loss="cross_entropy", rule=rule, epochs=1, batch_size=8)
print(clock() - begin)
"""

LAWS = f"""
import torch
{CLOCK}
from mlp_core.testing.engine.runner import run
from mlp_core.testing.verification.parallel import laws_of
torch.set_num_threads(1)
torch.optim.SGD([torch.zeros(1)])  # imports torch's compiler
laws = laws_of(NAME)
begin = clock()
for law in laws:
    run(law, seed=0)
print(clock() - begin)
"""

MANY = 40
FORTY = "hand_ins"
"""a folder in which a command runs: the thirty hand-ins of the tests, and ten of them once more"""

NOTHING = "nothing.py"
"""a file in that folder, with a function of no known form"""

COMMANDS = {
    "the first `fit` of a process, after imports": ["-c", FIRST_FIT],
    "`mlp-core --help`": ["-c", RUN, "--help"],
    "`mlp-core --version`": ["-c", RUN, "--version"],
    "the laws of adam, after imports": ["-c", LAWS.replace("NAME", "'adam'")],
    "the laws of backprop, after imports": ["-c", LAWS.replace("NAME", "'backprop'")],
    "`mlp-core verify adam`": ["-c", RUN, "verify", "adam"],
    "one hand-in": ["-c", RUN, "verify", str(HAND_INS / "hand_in_03_decorated.py")],
    "a file in which nothing is recognised": ["-c", RUN, "verify", NOTHING],
    "forty hand-ins": ["-c", RUN, "verify", FORTY],
    "`mlp-core verify`": ["-c", RUN, "verify"],
}
MANY_LAWS = ("forty hand-ins", "`mlp-core verify`")


def told(command: list[str]) -> bool:
    """Whether a command prints its seconds."""
    return command[1] != RUN


def lay(folder: Path) -> None:
    """Put forty hand-ins into a folder, and a file that is no hand-in into the folder above."""
    (folder.parent / NOTHING).write_text("import numpy as np\n\n\ndef hello(a, b, c):\n    return np.add(a, b) * c\n")
    files = sorted(path for path in HAND_INS.iterdir() if path.suffix in (".py", ".ipynb"))
    for copy, several in (("", files), ("again_", files[: MANY - len(files)])):
        for path in several:
            shutil.copy(path, folder / f"{copy}{path.name}")


def spent() -> float:
    """Seconds by the clock that was asked for, of the processes that were started and have ended."""
    if clock is time.perf_counter:
        return clock()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds_of(name: str, package: Path, folder: str, options: Sequence[str] = ()) -> float:
    """One run with the mlp_core of `package`; what a command finds in the hand-ins is of no interest here."""
    env, command = {**os.environ, "PYTHONPATH": str(package)}, COMMANDS[name]
    begin = spent()
    ran = subprocess.run(  # noqa: S603
        [sys.executable, *command, *options], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    took = spent() - begin
    if ran.returncode not in (0, 1, 2 if NOTHING in command else 0) or "Traceback" in ran.stderr:
        raise SystemExit(f"{name} ended with {ran.returncode}:\n{ran.stderr}")
    return float(ran.stdout) if told(command) else took


def row(name: str, packages: list[Path], rounds: int, examples: int | None = None) -> dict[str, object]:
    """The median of this checkout, and its ratio to the other one. examples: a law, where a command has many laws."""
    seconds: dict[Path, list[float]] = {package: [] for package in packages}
    fewer = examples is not None and name in MANY_LAWS
    options = ["--examples", str(examples)] if fewer else []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FORTY).mkdir()
        lay(Path(folder) / FORTY)
        for number in range(rounds):
            for package in packages[:: 1 if number % 2 else -1]:
                seconds[package].append(seconds_of(name, package, folder, options))
    this, *others = (seconds[package] for package in packages)
    what = f"{name}, {examples} examples a law" if fewer else name
    return {"what": what, "seconds": median(this), "ratio": ratio(this, others[0]) if others else None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=Path)
    parser.add_argument("base", type=Path, nargs="?", help="a folder with another mlp_core")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[""], help="commands whose names contain one of these")
    parser.add_argument("--examples", type=int, help="a law, for the commands with many laws (default: theirs)")
    given = parser.parse_args()
    packages = [HERE.parent, *([given.base.resolve()] if given.base else [])]
    rows = []
    for name in COMMANDS:
        if any(words in name for words in given.only):
            rows.append(row(name, packages, at_most(given.rounds), given.examples))
            print(rows[-1], flush=True)
    given.figures.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
