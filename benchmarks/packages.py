"""Verify published optimizers: `python benchmarks/packages.py DOCUMENT [PART]` writes docs/optimizer-packages.md.

packages.toml lists them. Each class runs in a process of its own, with 25 examples per law. `nox -s packages` installs
the packages and calls this. PART: a part of a class's name, to print its row alone.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import subprocess
import sys
import tomllib
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

EXAMPLES = 25

LISTED = Path(__file__).with_suffix(".toml")

HEAD = """\
# Published optimizers

`nox -s packages` made this table with torch {torch} and {examples} examples per law. It installs each package, and
verifies one class of it, as `mlp-core verify package:Class` does. Its hyperparameters lr, betas, momentum, weight_decay
and eps are tried with a few values each. The formula is not checked, because no reference is given.

*Lawful* means that every law that applies holds. *Broken* is followed by the laws that fail. *What was measured* is
about the first of these laws. A law that a class breaks by design is not checked (`waives=` of `subjects.optimizer`);
the last column has the law and the reason. `benchmarks/packages.toml` has the data.

| package | version | class | verdict | what was measured | waived, because |
| --- | --- | --- | --- | --- | --- |
"""


def listed() -> list[dict[str, Any]]:
    return list(tomllib.loads(LISTED.read_text())["optimizer"])


def verified(entry: dict[str, Any]) -> dict[str, Any]:
    """The verdict on one class."""
    from mlp_core.testing import subjects, verify
    from mlp_core.testing.engine import runner

    runner.SHRINKS = 0  # how small a counterexample gets is of no interest here
    module, _, name = entry["class"].partition(":")
    warnings.simplefilter("ignore")  # of others' code
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        made = getattr(importlib.import_module(module), name)
        if "before" in entry:
            made = called_first(made, entry["before"])
        report = verify(subjects.optimizer(made, waives=list(entry.get("waives", {}))), examples=EXAMPLES)
    failed = [r for r in report.results if r.verdict == "FAIL"]
    untested = [r for r in report.results if r.verdict == "UNTESTED"]
    told = [r.diagnosis or f"{r.where}: {r.got}, expected {r.expected}" for r in failed[:1]]
    return {
        "verdict": f"broken: {', '.join(r.law for r in failed)}" if failed else "untested" if untested else "lawful",
        "measured": (told or [f"{r.law}: {r.reason}" for r in untested[:1]] or [""])[0],
    }


def called_first(made: Any, method: str) -> Any:
    """A class whose instances have a method called when they are made."""

    def begun(self: Any, *args: Any, **options: Any) -> None:
        made.__init__(self, *args, **options)
        getattr(self, method)()

    begun.__wrapped__ = made.__init__  # type: ignore[attr-defined]  # for its signature
    return type(made.__name__, (made,), {"__init__": begun, "__module__": made.__module__})


def row(entry: dict[str, Any]) -> str:
    """A line of the table, from a process of its own."""
    command = [sys.executable, __file__, "--one", json.dumps(entry)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)  # noqa: S603
    if done.returncode:
        found = {"verdict": "not run", "measured": (done.stderr.strip().splitlines() or [""])[-1]}
    else:
        found = json.loads(done.stdout.splitlines()[-1])
    waived = "; ".join(f"*{law}*: {why}" for law, why in entry.get("waives", {}).items())
    cells = [
        entry["package"], version(entry["package"]), f"`{entry['class'].partition(':')[2]}`", found["verdict"],
        found["measured"].replace("|", "/").replace("\n", " ")[:240], waived,
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    import torch

    if sys.argv[1] == "--one":
        print(json.dumps(verified(json.loads(sys.argv[2]))))
        return
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    rows = []
    for entry in listed():
        if part in entry["class"]:
            rows.append(row(entry))
            print(rows[-1], flush=True)
    if not part:
        head = HEAD.format(torch=torch.__version__.partition("+")[0], examples=EXAMPLES)
        Path(sys.argv[1]).write_text(head + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
