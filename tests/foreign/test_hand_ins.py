"""Thirty hand-ins of the course, ten right and twenty wrong, each in its own style: what is said of them is so.

expected.toml says of each what is right and what is wrong, in words of its own.
"""

from __future__ import annotations

import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mlp_core.testing.engine.groups import BATCH
from mlp_core.testing.foreign.load import found_in
from mlp_core.testing.foreign.process import verify_file
from mlp_core.testing.report.formats import SHOWN
from mlp_core.testing.verification.verify import checked

verify_file = partial(verify_file, laws=checked)

FOLDER = Path(__file__).parents[1] / "hand_ins"
EXPECTED: dict[str, Any] = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))


def test_of_every_file_it_is_known_what_is_expected() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*EXPECTED, "expected.toml"}
    assert [sum(e[k] == "right" for e in EXPECTED.values()) for k in ("one", "batches")] == [14, 10]
    assert sum(not e["named"] for e in EXPECTED.values()) == 10 + 1  # the right ones, and one in float32


@pytest.mark.slow
@pytest.mark.parametrize("file", EXPECTED)
def test_its_verdicts_are_right_and_its_mistake_is_named(file: str) -> None:
    """For one sample and for batches; by every broken law in the same words, or by none."""
    (name,) = found_in(str(FOLDER / file))
    hand_in = verify_file(name, examples=100, seed=0, largest=8)
    broken = {law.group == BATCH for law in hand_in.results if law.verdict == "FAIL"}
    one = "wrong" if False in broken else "right"
    batches = "wrong" if broken else "right"
    assert (one, batches) == (EXPECTED[file]["one"], EXPECTED[file]["batches"]), [r.text() for r in hand_in.results]
    named = {SHOWN.sub("", law.diagnosis or "") for law in hand_in.results if law.verdict == "FAIL"}
    assert named <= {EXPECTED[file]["named"]}
