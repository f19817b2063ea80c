"""Gradients that other people wrote by hand, verified as they lie: `python benchmarks/hand_written.py CASES`.

CASES is a folder with `doors`, `doors/mended` and `wild`. It prints a table: the truth, the verdict of `mlp-core verify
FILE`, how the mistake is named, and processor seconds, the import of torch included. A file whose verdict is not true
is verified again with a call of at most three lines at its end; those are in hand_written.toml. The lines that are
printed for a file in which nothing is recognised are pasted too, as they are: not filled in, they may give no verdict.
"""

from __future__ import annotations

import argparse
import ast
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlp_core.testing.foreign.offered import MARK

COMMAND = [sys.executable, "-c", "from mlp_core.cli import main; main()", "verify"]
VERDICTS = {0: "right", 1: "wrong", 2: "not recognised", 3: "not shown"}
RIGHT = ("04_softmax_objective", "22_function_right")
"""files that are correct without changes"""

CALLS = Path(__file__).with_suffix(".toml")
SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of Linux: what a command leaves running is waited for here, and its seconds are counted"""


@dataclass(frozen=True)
class Row:
    """One run of one file. lines: how many were added to it."""

    name: str
    truth: str
    verdict: str
    named: str
    lines: int
    seconds: float
    offered: str = ""
    """the lines that were printed to be pasted"""

    @property
    def true(self) -> bool:
        return self.verdict == self.truth

    def text(self) -> str:
        missed = "" if self.true else "MISSED"
        cells = self.name, self.truth, self.verdict, missed, str(self.lines), f"{self.seconds:.1f}", self.named
        return f"| {' | '.join(cells)} |"


def truths(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Name, truth, and the text of every file; what its collector added is left out."""
    for kind in ("doors", "doors/mended", "wild"):
        for path in sorted((folder / kind).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            if kind == "wild":
                record = _record(text)
                wrong = "wrong" in (record["one"], record["batch"])
                text = text.partition("# adapter")[0].replace("from mlp_core.testing import subjects\n", "")
            else:
                wrong = kind == "doors" and path.stem not in RIGHT
            yield f"{kind}/{path.stem}", "wrong" if wrong else "right", text


def _record(text: str) -> dict[str, Any]:
    """The entry of the collector in a file: CASE = {...}."""
    for node in ast.parse(text).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="CASE")], value=value):
                return dict(ast.literal_eval(value))
    raise ValueError("a file without CASE")


def verified(name: str, truth: str, text: str, lines: int = 0) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        path, report = Path(folder) / f"{name.rpartition('/')[2]}.py", Path(folder) / "report.json"
        path.write_text(text, encoding="utf-8")
        asked = f"{path}:subject" if lines else str(path)
        begin = _seconds()
        command = [*COMMAND, asked, "--batch-size", "8", "--jobs", "1", "--json", str(report)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own command)
        with suppress(ChildProcessError):
            while True:
                os.wait()
        seconds = _seconds() - begin
        results = json.loads(report.read_text())["results"] if report.exists() else []
    said = [r.get("diagnosis") or r.get("got") for r in results if r.get("verdict") == "FAIL"]
    named = [r["diagnosis"] for r in results if r.get("verdict") == "FAIL" and r.get("diagnosis")]
    verdict = VERDICTS.get(done.returncode, f"status {done.returncode}")
    unknown = " ".join((done.stderr + done.stdout).split())[-200:] if verdict in ("not recognised", "not shown") else ""
    offered = done.stderr.partition(MARK)[2].strip() if verdict == "not recognised" else ""
    return Row(name, truth, verdict, (named or [f"({one})" for one in said] or [unknown])[0], lines, seconds, offered)


def _seconds() -> float:
    """Processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rows(folder: Path, only: str) -> Iterator[Row]:
    calls = tomllib.loads(CALLS.read_text(encoding="utf-8"))
    for name, truth, text in truths(folder):
        if only not in name:
            continue
        row = verified(name, truth, text)
        yield row
        if row.offered:
            pasted = verified(name, truth, f"{text}\n{row.offered}\n", len(row.offered.splitlines()))
            yield replace(pasted, name=f"{name}, lines not filled in", truth="not shown")
        call = calls.get(name.rpartition("/")[2])
        if not row.true and call is not None:
            yield verified(name, truth, f"{text}\n{call}", len(call.strip().splitlines()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="part of the names of the files to verify")
    asked = parser.parse_args()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    print("| file | truth | verdict | | lines added | seconds | named |\n|---|---|---|---|---|---|---|")
    found: list[Row] = []
    for row in rows(asked.folder, asked.only):
        found.append(row)
        print(row.text(), flush=True)
    for kind in ("doors/", "wild/"):
        own = [row for row in found if row.name.startswith(kind)]
        own = [row for row in own if row.truth in ("right", "wrong")]
        lying = [row for row in own if not row.lines]
        true = {row.name for row in own if row.true}
        wrong = {row.name for row in own if row.true and row.truth == "wrong"}
        named = {row.name for row in own if row.name in wrong and row.named and not row.named.startswith("(")}
        print(
            f"{kind} {sum(r.true for r in lying)} of {len(lying)} true as they lie, {len(true)} with a call; "
            f"{len(named)} of {len(wrong)} wrong ones named; most {max((r.seconds for r in own), default=0.0):.1f} s"
        )


if __name__ == "__main__":
    main()
