"""Networks by hand in the forms in which courses and books have them: functions around a dict, classes that step."""

from __future__ import annotations

from pathlib import Path

import pytest
from network_files import NETWORKS, SPARED
from test_gradients_alone import judged


@pytest.mark.parametrize("name", NETWORKS)
def test_a_right_network_is_lawful(name: str, tmp_path: Path) -> None:
    subject, results = judged(tmp_path, NETWORKS[name][0])
    assert [(r.law, r.got, r.expected) for r in results if r.verdict not in ("PASS", "SKIP")] == []
    assert "shapes found by trying" in subject.found


@pytest.mark.parametrize("name", NETWORKS)
def test_a_wrong_network_is_broken(name: str, tmp_path: Path) -> None:
    text, (right, wrong) = NETWORKS[name]
    assert text.count(right) == 1
    _, results = judged(tmp_path, text.replace(right, wrong))
    assert "is the derivative of its own forward" in [r.law for r in results if r.verdict == "FAIL"]


def test_a_penalty_that_spares_the_bias_is_nobodys_mistake(tmp_path: Path) -> None:
    _, results = judged(tmp_path, SPARED)
    assert [r.law for r in results if r.verdict not in ("PASS", "SKIP")] == []
