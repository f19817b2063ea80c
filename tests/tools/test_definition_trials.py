"""A mutant is killed by a test or survives them all, whatever order and company it is tried in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("mutmut", reason="needs mutmut: the dependency group mutation")
from definition_mutants import Change, Source
from definition_trials import Trials, groups
from definitions import Results, _key
from forked_tests import Checkout, Outcome
from tests_in_order import InOrder

NUMBERS = Source(Path("mlp_core/numbers.py"), "".join(f"C{n} = {n}\n" for n in range(9)))
CHANGES = [change for change in NUMBERS.changes if change.mutant.now[-1] != "e"]  # not: C3 = None
TESTS = {f"tests/test_a.py::test_{n}[x]": (1.0 / (n + 1), set[str]()) for n in range(9)}
LAST = list(TESTS)[8]


def killing(kills: dict[str, Sequence[set[int]]]) -> Trials:
    """Trials in which a test fails with any of these sets of mutants."""

    def run(changes: Sequence[Change], order: Sequence[str], others: bool) -> Outcome:
        here = {CHANGES.index(change) for change in changes}
        for test in order if not others else [*order, *TESTS]:
            if any(several <= here for several in kills.get(test, ())):
                return Outcome("failed", test)
        return Outcome("passed")

    return Trials(run, TESTS)


def test_tried_together_each_mutant_gets_what_it_would_get_alone() -> None:
    trials = killing({list(TESTS)[2]: [{0}, {4}], LAST: [{5}]})
    got = {CHANGES.index(change): outcome.status for change, outcome in trials.together(CHANGES)}
    assert got == {n: "failed" if n in (0, 4, 5) else "passed" for n in range(len(CHANGES))}


def test_mutants_that_only_fail_in_company_survive() -> None:
    trials = killing({LAST: [{1, 2}]})
    assert {outcome.status for _, outcome in trials.together(CHANGES)} == {"passed"}


def test_what_killed_a_neighbour_comes_first_and_quick_tests_before_slow_ones() -> None:
    trials = killing({list(TESTS)[2]: [{0}]})
    assert trials.in_order(CHANGES)[0] == LAST
    assert trials.alone(CHANGES[0]).by == list(TESTS)[2]
    assert trials.in_order(CHANGES)[:2] == [list(TESTS)[2], LAST]


def test_tests_that_call_or_name_a_definition_come_before_others() -> None:
    source = Source(Path("mlp_core/a.py"), 'register("halved", _half)\n')
    calls = {"t::u": {"mlp_core/a.py:g"}, "t::v": {"mlp_core/a.py:_half"}, "t::w[halved-law]": set[str]()}
    tests = {test: (9.0 - n, called) for n, (test, called) in enumerate(calls.items())}
    order = Trials(lambda *_: Outcome("passed"), tests).in_order(source.changes[:1])
    assert order == ["t::w[halved-law]", "t::v", "t::u"]


def test_groups_hold_every_mutant_once_and_one_of_a_statement() -> None:
    twice = [*NUMBERS.changes, *CHANGES]
    every = list(groups(NUMBERS.changes))
    assert sorted(change.name for group in every for change in group) == sorted(c.name for c in NUMBERS.changes)
    assert all(len({change.statement for change in group}) == len(group) for group in every)
    assert len(twice) > len(every)


def test_results_are_kept_and_after_a_change_only_the_killed_ones(tmp_path: Path) -> None:
    path = tmp_path / "mutants" / "definitions.json"
    results = Results(path, "as it was")
    for change, outcome in zip(CHANGES, [Outcome("failed", LAST), Outcome("passed"), Outcome("timeout")], strict=False):
        results.note(change, outcome, "survived")
    again, changed = Results(path, "as it was"), Results(path, "changed")
    assert [again.status(c) for c in CHANGES[:4]] == ["killed", "survived", "timeout", "not checked"]
    assert [changed.status(c) for c in CHANGES[:4]] == ["killed", *["not checked"] * 3]
    assert set(json.loads(path.read_text("utf-8"))["mutants"]) == {_key(c) for c in CHANGES[:3]}


RUNS = """
import json, sys
from pathlib import Path
from forked_tests import Checkout
from tests_in_order import InOrder

root, folder, value = Path(sys.argv[1]), Path(sys.argv[2]), Path("mlp_core/__init__.py")
folder.mkdir()
checkout = Checkout(root, folder, ["-p", "no:cacheprovider"])
texts = [None, "VALUE = 3", "VALUE = 1 / 0", "while True: pass", "import os; os.abort()"]
runs = [({} if text is None else {value: text}, ["tests"], InOrder(recording=[value])) for text in texts]
runs.append(({}, ["tests"], InOrder(["tests/test_value.py::test_other"], others=False)))
runs.append(({}, ["tests"], InOrder(others=False)))
print(json.dumps([[o.status, o.by, sorted(o.told)] for o in (checkout.run(*run, 2.0) for run in runs)]))
"""
VALUE = "import mlp_core\n\ndef test_value():\n    assert mlp_core.VALUE == 2\n\ndef test_other():\n    pass\n"


def test_a_run_fails_by_a_test_by_an_import_or_without_an_end(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for file, text in {"mlp_core/__init__.py": "VALUE = 2", "tests/test_value.py": VALUE, "pyproject.toml": ""}.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", RUNS, str(root), str(tmp_path / "copy")]
    said = subprocess.run(command, cwd=Path(__file__).parent, check=True, text=True, stdout=subprocess.PIPE).stdout  # noqa: S603
    tests = [f"tests/test_value.py::test_{name}" for name in ("other", "value")]
    assert json.loads(said) == [
        ["passed", "", tests],
        ["failed", "tests/test_value.py::test_value", tests[1:]],
        ["failed", "import of tests/test_value.py", []],
        ["timeout", "", []],
        ["failed", "signal 6", []],
        ["passed", "", []],
        ["nothing", "", []],
    ]
    assert (tmp_path / "copy" / "mlp_core" / "__init__.py").read_text("utf-8") == "VALUE = 2"


def test_where_hypothesis_is_imported_nothing_runs(tmp_path: Path) -> None:
    checkout = Checkout.__new__(Checkout)
    with pytest.raises(RuntimeError, match="'hypothesis'"):
        checkout.run({}, ["tests"], InOrder(), 1.0)
