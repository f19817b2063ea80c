"""The same call gives the same examples, whatever else is imported: Hypothesis takes constants out of local modules,
and an unused number must not change the examples of `--seed 0`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import strategies as st
from judging import Problem, judged, seeded
from torch import Tensor

RUN = """
import hashlib, json
{imported}
import torch
from hypothesis import strategies as st
from mlp_core.testing import subjects, verify

seen = hashlib.sha256()

def loss(params, *data):
    return (params[0] ** 2).sum()

def gradient(params, *data):
    seen.update(repr((params[0].tolist(), data)).encode())
    return [2 * params[0]]

vectors = st.lists(st.floats(-100, 100), min_size=1, max_size=4).map(lambda k: [torch.tensor(k, dtype=torch.float64)])
inputs = st.tuples(vectors, st.integers(-10**6, 10**6), st.text(max_size=5))
verify(subjects.gradient(loss, gradient, inputs), examples=150, seed=0)
by_gradient = seen.hexdigest()
print(json.dumps([by_gradient]))
"""

MODULES = {
    "floats": "X = 12.5\nXS = [-3.75, 0.1, 99.0, 1e-3, 41.25, -77.5]\n",
    "an integer and a text": 'N, NAME = 123457, "zq"\n',
    "a function": "def unused():\n    return 12.5 + 654321\n",
}


def run(folder: Path, imported: str) -> list[object]:
    script = folder / "run_this.py"
    script.write_text(RUN.format(imported=imported), encoding="utf-8")
    done = subprocess.run([sys.executable, script], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    return run(tmp_path_factory.mktemp("alone"), "")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_is_loaded_beside_changes_no_example(name: str, alone: list[object], tmp_path: Path) -> None:
    (tmp_path / "constants_of_mine.py").write_text(MODULES[name], encoding="utf-8")
    assert run(tmp_path, "import constants_of_mine") == alone


def taken(seed: int) -> list[list[float]]:
    """The parameters of the examples of one call, in order."""
    seen: list[list[float]] = []

    def gradient(params: list[Tensor]) -> list[Tensor]:
        seen.append(params[0].tolist())
        return [2 * params[0]]

    inputs = st.lists(st.floats(-9, 9), min_size=1, max_size=3).map(lambda k: ([torch.tensor(k, dtype=torch.float64)],))
    judged(lambda p: p[0].square().sum(), gradient, inputs, examples=40, seed=seed)
    return seen


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_called_twice_in_one_process_it_takes_the_same_examples(seed: int) -> None:
    assert taken(seed) == taken(seed)


def wrong_at_times(params: list[Tensor]) -> list[Tensor]:
    return [params[0] * (2.0 if float(params[0][0]) < 1.9 else 2.1)]


@pytest.mark.parametrize("seed", range(6))
def test_the_same_call_comes_to_the_same_verdict(seed: int) -> None:
    def draw(number: int) -> Problem:
        return ([torch.randn(2, generator=torch.Generator().manual_seed(number), dtype=torch.float64)],)

    def verdicts() -> list[tuple[str, str, int]]:
        report = judged(lambda p: p[0].square().sum(), wrong_at_times, seeded(draw), examples=30, seed=seed)
        return [(r.law, r.verdict, r.examples) for r in report.results]

    assert verdicts() == verdicts()
