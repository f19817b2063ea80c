"""Mutants of what mutmut passes over (definition_mutants.py): a survivor that is not explained fails.

Each mutant meets first the tests that are likely to kill it, for a few seconds. The others then meet all tests, several
mutants together. Results are kept in mutants/, and the command goes on where it was interrupted. After a change of the
package or its tests the survivors are tried again; delete the folder to begin again. A pattern names a part of the
mutants: `python tests/tools/definitions.py 'mlp_core.losses*'`.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.update({"HYPOTHESIS_PROFILE": "mutation", "OMP_NUM_THREADS": "1"})  # before torch is imported
import torch._dynamo  # now, and not in each copy of this process: torch's first optimizer needs it
from definition_mutants import Change, sources
from definition_trials import Trials, groups
from forked_tests import Checkout, Outcome
from mutation_survivors import judge, read
from tests_in_order import InOrder

ROOT = Path(__file__).parents[2]
REVIEWED = Path(__file__).with_name("survivors_of_definitions.toml")
PLANTED = (Path("mlp_core/rules/sgd.py"), "lr: LearningRate = 1e-3", "lr: LearningRate = 1.001e-3")
ENOUGH = 3600.0
"""seconds of processor time for all tests"""


class Results:
    """The kept results: those of the tests without a mutant, and that of each mutant."""

    def __init__(self, path: Path, of: str) -> None:
        self.path = path
        kept = json.loads(path.read_text("utf-8")) if path.exists() else {"of": "", "tests": {}, "mutants": {}}
        if kept["of"] != of:  # what a test killed stays killed
            dead = {name: result for name, result in kept["mutants"].items() if result[0] == "killed"}
            kept = {"of": of, "tests": {}, "mutants": dead}
        self.kept: dict[str, Any] = kept

    def status(self, change: Change) -> str:
        return str(self.kept["mutants"].get(_key(change), ["not checked"])[0])

    def note(self, change: Change, outcome: Outcome, passed: str) -> None:
        known = {"passed": passed, "failed": "killed", "nothing": "no tests"}
        status = known.get(outcome.status, outcome.status)
        self.kept["mutants"][_key(change)] = [status, outcome.by]
        self.keep()
        print(f"{status}: {change.name}  {outcome.by if status == 'killed' else ''}", flush=True)

    def keep(self) -> None:
        self.path.parent.mkdir(exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.kept), encoding="utf-8")
        new.replace(self.path)


def _key(change: Change) -> str:
    return f"{change.name} {change.mutant}"


def fingerprint(root: Path) -> str:
    """The hash of the package and its tests, without those of the tools."""
    known = hashlib.sha256()
    for path in sorted([*(root / "mlp_core").rglob("*.py"), *(root / "tests").rglob("*.py")]):
        if path.parent != Path(__file__).parent:
            known.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return known.hexdigest()


def main(wanted: Sequence[str]) -> int:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]
    selection: list[str] = asked["pytest_add_cli_args_test_selection"]
    files = {source.path: source for source in sources(ROOT)}
    every = [change for source in files.values() for change in source.changes]
    changes = list(dict.fromkeys(c for pattern in wanted or "*" for c in every if fnmatch(c.name, pattern)))
    results = Results(ROOT / "mutants" / "definitions.json", fingerprint(ROOT))
    with TemporaryDirectory() as folder:
        checkout = Checkout(ROOT, Path(folder), asked["pytest_add_cli_args"])
        if not results.kept["tests"]:
            plain = checkout.run({}, selection, InOrder(recording=list(files)), ENOUGH)
            if plain.status != "passed":
                sys.exit(f"without a mutant: got {plain.status} by {plain.by}, expected that all tests pass")
            results.kept["tests"] = plain.told
            results.keep()
        tests = {test: (seconds, set(called)) for test, (seconds, called) in results.kept["tests"].items()}

        def run(mutants: Sequence[Change], order: Sequence[str], others: bool) -> Outcome:
            texts: Mapping[Path, str] = {
                path: files[path].with_changes(mutant for mutant in mutants if mutant.path == path)
                for path in {mutant.path for mutant in mutants}
            }
            needed = selection if others else sorted({test.partition("::")[0] for test in order})
            return checkout.run(texts, needed, InOrder(order, others=others), 30 + 4 * sum(tests[t][0] for t in order))

        path, was, planted = PLANTED
        code = (ROOT / path).read_text("utf-8")
        assert code.count(was) == 1
        outcome = checkout.run({path: code.replace(was, planted)}, ["tests/rules"], InOrder(), ENOUGH)
        if outcome.by not in tests:
            sys.exit(f"with a planted mutant: got {outcome.status} by {outcome.by}, expected that a test fails")
        trials = Trials(run, tests)
        for change in changes:
            if results.status(change) == "not checked":
                results.note(change, trials.alone(change), "doubtful")
        for group in groups([change for change in changes if results.status(change) == "doubtful"]):
            for change, outcome in trials.together(group):
                results.note(change, outcome, "survived")
    statuses = {change.name: results.status(change) for change in changes}
    alive = {change.name: change.mutant for change in changes if statuses[change.name] in ("survived", "timeout")}
    verdict = judge(statuses, alive, read(REVIEWED), wanted)
    print(verdict.text())
    return bool(verdict.wrong)


if __name__ == "__main__":
    assert torch._dynamo
    sys.exit(main(sys.argv[1:]))
