"""This checkout against another: `python benchmarks/compare.py FOLDER [--above 1.15] [--only WORDS ...]`.

FOLDER has another mlp_core.

Two processes, one for each mlp_core, are asked for rounds in turn: one waits while the other works, so that both meet
the same load of the machine. The benchmarks are this checkout's for both. A ratio is this / other: above 1, this one is
slower. A case above the limit is measured again with three times the rounds before it counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from cases import cases
from rounds import at_most, ratio

HERE = Path(__file__).parent
ROUNDS = 15


class Checkout:
    """A process that times cases of one mlp_core."""

    def __init__(self, folder: Path) -> None:
        env = {**os.environ, "PYTHONPATH": str(folder)}
        command = [sys.executable, str(HERE / "cases.py")]
        self.process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=env)  # noqa: S603
        taken = Path(self.answer()["from"])
        if not taken.is_relative_to(folder):
            raise SystemExit(f"mlp_core was taken from {taken}, not from {folder}")

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a process ended with {self.process.wait()} (what it said stands above)")
        return json.loads(line)  # type: ignore[no-any-return]

    def asked(self, case: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def measured(this: Checkout, other: Checkout, case: str, rounds: int) -> tuple[float, float] | str:
    """The median time of this checkout and the ratio, or why there is none."""
    seconds: dict[Checkout, list[float]] = {this: [], other: []}
    for number in range(rounds):
        for checkout in (this, other) if number % 2 else (other, this):
            answer = checkout.asked(case)
            if "absent" in answer:
                return f"{'this' if checkout is this else 'the other'} commit has it not: {answer['absent']}"
            seconds[checkout].append(answer["seconds"])
    return median(seconds[this]), ratio(seconds[this], seconds[other])


def compared(this: Checkout, other: Checkout, above: float, only: list[str]) -> list[str]:
    """Print a line for every case asked for; the names of those that became slower."""
    slower, rounds = [], at_most(ROUNDS)
    for case in (case for case in cases() if any(words in case for words in only)):
        found = measured(this, other, case, rounds)
        again = ""
        if not isinstance(found, str) and found[1] > above:
            found, again = measured(this, other, case, 3 * rounds), " (measured again)"
        if isinstance(found, str):
            print(f"| {case} | - | {found} |", flush=True)
            continue
        seconds, quotient = found
        if quotient > above:
            slower.append(f"{case}: {quotient:.3f}")
        print(f"| {case} | {seconds * 1e3:,.2f} ms | {quotient:.3f}{again} |", flush=True)
    return slower


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="another checkout")
    parser.add_argument("--above", type=float, default=1.15, help="a ratio above this fails (default: 1.15)")
    parser.add_argument("--only", nargs="*", default=[""], help="cases whose names contain one of these")
    given = parser.parse_args()
    folder = given.folder.resolve()
    if not (folder / "mlp_core").is_dir():
        parser.error(f"folder: got {folder}, expected one with mlp_core in it")
    this, other = Checkout(HERE.parent), Checkout(folder)
    print("| a round of | this commit | this / other |\n| --- | ---: | ---: |")
    try:
        slower = compared(this, other, given.above, given.only)
    finally:
        this.close()
        other.close()
    if slower:
        raise SystemExit(f"slower than {given.above} times the other commit:\n" + "\n".join(slower))


if __name__ == "__main__":
    main()
