"""Everything that the workflows name exists: sessions of the noxfile, jobs, actions with their inputs and outputs.

Their form is what `nox -s lint` checks. GitHub would say the rest only once they run there.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows").glob("*.yml")}
ACTIONS = {
    f"./{path.parent.relative_to(ROOT)}": yaml.safe_load(path.read_text())
    for path in (ROOT / ".github" / "actions").glob("*/action.yml")
}

INSERTED = re.compile(r"\$\{\{ *(.*?) *\}\}")
"""what GitHub puts in before a shell sees it"""


def sessions() -> set[str]:
    """The sessions that noxfile.py defines."""
    tree = ast.parse((ROOT / "noxfile.py").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {f.name for f in functions if any(ast.unparse(d).startswith("nox.session") for d in f.decorator_list)}


def combinations(job: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The runs that the matrix of a job gives; a job without a matrix runs once."""
    matrix = job.get("strategy", {}).get("matrix", {})
    assert not {"include", "exclude"} & set(matrix), "read these here too"
    for values in product(*matrix.values()):
        yield dict(zip(matrix, values, strict=True))


def scripts(job: dict[str, Any]) -> Iterator[str]:
    """The commands of a job, with the values of its matrix."""
    for values, step in product(combinations(job), job["steps"]):
        known = {f"matrix.{name}": value for name, value in values.items()}
        yield INSERTED.sub(lambda found, known=known: known.get(found[1], found[0]), step.get("run", ""))


def sessions_in(script: str) -> Iterator[str]:
    """The sessions that a script asks nox for, by name and in no other way."""
    for line in script.splitlines():
        words = iter(shlex.split(line, comments=True))
        for word in words:
            if word == "nox":
                assert next(words, None) == "-s", line
                for name in words:
                    if not name.isidentifier():
                        break
                    yield name


ASKED = {
    (file, session)
    for file, workflow in WORKFLOWS.items() for job in workflow["jobs"].values()
    for script in scripts(job) for session in sessions_in(script)
}  # fmt: skip


def test_every_session_that_a_workflow_asks_for_is_in_the_noxfile() -> None:
    assert {(file, session) for file, session in ASKED if session not in sessions()} == set()


def test_every_session_of_the_noxfile_is_run_by_a_workflow() -> None:
    assert sessions() - {session for _, session in ASKED} == set()


def test_the_sessions_of_a_script_are_those_it_names() -> None:
    assert list(sessions_in('pip install "nox[uv]"\nnox -s a b && nox -s c -- -k x | tee y # nox')) == ["a", "b", "c"]
    with pytest.raises(AssertionError):
        list(sessions_in("nox"))


def steps() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every step with its file and its job; an action is one job."""
    for file, workflow in WORKFLOWS.items():
        for job in workflow["jobs"].values():
            yield from ((file, job, step) for step in job["steps"])
    for name, action in ACTIONS.items():
        yield from ((name, action["runs"], step) for step in action["runs"]["steps"])


def test_jobs_wait_for_jobs_that_there_are_and_run_on_a_machine_that_there_is() -> None:
    for file, workflow in WORKFLOWS.items():
        for name, job in workflow["jobs"].items():
            needs = job.get("needs", [])
            assert set([needs] if isinstance(needs, str) else needs) <= set(workflow["jobs"]), (file, name)
            assert job["runs-on"] == "ubuntu-latest", (file, name)
            assert 0 < job["timeout-minutes"] < 360, (file, name)


def test_actions_of_this_project_are_there_and_take_what_they_are_given() -> None:
    used = set()
    for file, _, step in steps():
        name = step.get("uses", "")
        if name.startswith("./"):
            used.add(name)
            given, inputs = set(step.get("with", {})), ACTIONS[name]["inputs"]
            assert given <= set(inputs), (file, step)
            assert {i for i, about in inputs.items() if about.get("required")} <= given, (file, step)
    assert used == set(ACTIONS)


def test_what_is_asked_of_a_step_is_what_it_gives() -> None:
    """Outputs of this project's actions, and the steps themselves."""
    asked = 0
    for file, job, step in steps():
        before = {s["id"]: s for s in job["steps"][: job["steps"].index(step)] if "id" in s}
        for name, output in re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", str(step)):
            asked += 1
            assert name in before, (file, step)
            action = ACTIONS.get(before[name].get("uses", ""))
            assert action is None or output in action["outputs"], (file, step)
    assert asked > 0


def test_nothing_reaches_a_shell_but_through_its_environment() -> None:
    """Except the values of a matrix, which are in the same file."""
    for file, _, step in steps():
        inserted = INSERTED.findall(step.get("run", ""))
        assert all(re.fullmatch(r"matrix\.[\w-]+", expression) for expression in inserted), (file, step)
