"""Wrong and right optimizers out of reports of bugs, each with and without its reference, as a table.

`python benchmarks/optimizers_in_the_field.py` verifies the pairs of tests/optimizers_in_the_field; with names, those
pairs alone. A folder in MLP_CORE_CASES adds the files of its `optimizers`: each has `wrong`, `right`, `unreferenced`.
The last lines count the wrong ones that are found, the right ones that fail, and the mistakes that are named.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "optimizers_in_the_field"))

from field import PAIRS
from test_pairs import CASES, accused, loaded

from mlp_core.testing import Report, verify
from mlp_core.testing.engine import runner


@dataclass(frozen=True)
class Row:
    """A pair: its subjects, and what a diagnosis must say."""

    name: str
    wrong: Any
    right: Any
    unreferenced: Any
    words: str
    right_alone: Any = None


def rows() -> Iterator[Row]:
    """The handed pairs and our own."""
    for path in sorted(CASES.glob("*.py")) if CASES.is_dir() else ():
        case = loaded(path)
        yield Row(path.stem, case.wrong, case.right, case.unreferenced, "")
    for name, pair in PAIRS.items():
        wrong, right = (pair.subject(made, referenced=True) for made in (pair.wrong, pair.right))
        alone, right_alone = (pair.subject(made, referenced=False) for made in (pair.wrong, pair.right))
        yield Row(name, wrong, right, alone, pair.words, right_alone)


def named(report: Report) -> list[str]:
    """The diagnoses of the broken laws."""
    return list(dict.fromkeys(r.diagnosis for r in report.results if r.verdict == "FAIL" and r.diagnosis))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="pairs; all of them by default")
    parser.add_argument("--examples", type=int, default=100)
    chosen = parser.parse_args()
    runner.SHRINKS = 0  # how small a counterexample gets is not looked at here
    total = dict.fromkeys(("pairs", "wrong", "alone", "named", "rightly", "right accused"), 0)
    for row in rows():
        if chosen.names and row.name not in chosen.names:
            continue
        reports = [verify(s, examples=chosen.examples) for s in (row.wrong, row.unreferenced)]
        rights = [verify(s, examples=chosen.examples) for s in (row.right, row.right_alone) if s is not None]
        broken, said = [accused(r) for r in reports], [d for r in reports for d in named(r)]
        total["pairs"] += 1
        total["wrong"] += bool(broken[0])
        total["alone"] += bool(broken[1])
        total["named"] += bool(said)
        total["rightly"] += bool(row.words) and any(row.words in words for words in said)
        total["right accused"] += any(accused(r) for r in rights)
        print(f"{row.name}: with {len(broken[0])}, without {len(broken[1])}", flush=True)
        for kind, report in (("with", reports[0]), ("without", reports[1])):
            for r in report.results:
                if r.verdict in ("FAIL", "UNTESTED"):
                    print(f"    {kind}: {r.verdict} {r.law}: {r.diagnosis}")
        for r in (r for report in rights for r in report.results if r.verdict in ("FAIL", "UNTESTED")):
            print(f"    RIGHT: {r.verdict} {r.law}: {r.text()}")
    print(", ".join(f"{name} {count}" for name, count in total.items()))


if __name__ == "__main__":
    main()
