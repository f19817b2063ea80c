"""What a command takes, from its start to its end: `python benchmarks/waits.py FIGURES.json [BASE] [--rounds 5]`.

BASE is a folder with another mlp_core, such as that of an older commit: both are asked in turn, and the ratio is this /
other. Every command runs in a new process and an empty folder. Among them are the first training of a process (timed
within it, after its imports), one hand-in, the thirty of tests/hand_ins, and all laws of the core.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rounds import ratio

HERE = Path(__file__).resolve().parent
HAND_INS = HERE.parent / "tests" / "hand_ins"
RUN = "import sys; from mlp_core.cli import main; sys.argv[0] = 'mlp-core'; main()"

FIRST_FIT = """
import time, torch
from mlp_core import MLP, fit, rules
x, y = torch.ones(8, 8), torch.zeros(8, dtype=torch.int64)
model, rule = MLP([8, 16, 8, 4]), rules.get("sgd")()
begin = time.perf_counter()
fit(model, x, y, loss="cross_entropy", rule=rule, epochs=1, batch_size=8)
print(time.perf_counter() - begin)
"""

COMMANDS = {
    "the first `fit` of a process, after imports": ["-c", FIRST_FIT],
    "`mlp-core --help`": ["-c", RUN, "--help"],
    "`mlp-core --version`": ["-c", RUN, "--version"],
    "`mlp-core verify adam`": ["-c", RUN, "verify", "adam"],
    "one hand-in": ["-c", RUN, "verify", str(HAND_INS / "hand_in_03_decorated.py")],
    "thirty hand-ins": ["-c", RUN, "verify", str(HAND_INS)],
    "`mlp-core verify`": ["-c", RUN, "verify"],
}


def seconds_of(name: str, package: Path, folder: str) -> float:
    """One run with the mlp_core of `package`; what a command finds in the hand-ins is of no interest here."""
    env = {**os.environ, "PYTHONPATH": str(package)}
    begin = time.perf_counter()
    ran = subprocess.run(  # noqa: S603
        [sys.executable, *COMMANDS[name]], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    wall = time.perf_counter() - begin
    if ran.returncode not in (0, 1) or "Traceback" in ran.stderr:
        raise SystemExit(f"{name} ended with {ran.returncode}:\n{ran.stderr}")
    return float(ran.stdout) if FIRST_FIT in COMMANDS[name] else wall


def row(name: str, packages: list[Path], rounds: int) -> dict[str, object]:
    """The median of this checkout, and its ratio to the other one."""
    seconds: dict[Path, list[float]] = {package: [] for package in packages}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for package in packages[:: 1 if number % 2 else -1]:
                seconds[package].append(seconds_of(name, package, folder))
    this, *others = (seconds[package] for package in packages)
    return {"what": name, "seconds": median(this), "ratio": ratio(this, others[0]) if others else None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=Path)
    parser.add_argument("base", type=Path, nargs="?", help="a folder with another mlp_core")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[""], help="commands whose names contain one of these")
    given = parser.parse_args()
    packages = [HERE.parent, *([given.base.resolve()] if given.base else [])]
    rows = []
    for name in COMMANDS:
        if any(words in name for words in given.only):
            rows.append(row(name, packages, given.rounds))
            print(rows[-1], flush=True)
    given.figures.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
