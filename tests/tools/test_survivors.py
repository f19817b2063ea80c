"""The end of `nox -s mutation`: an unexplained survivor fails it, and so does an explanation of none."""

from __future__ import annotations

from pathlib import Path

import mutation_survivors
import pytest
from mutation_survivors import Mutant, judge

TOUCHED, LOOSE = Mutant("mlp_core.a.f", "x + 1", "x - 1"), Mutant("mlp_core.a.C.g", "n < 2", "n <= 2")
NAMES = {"mlp_core.a.x_f__mutmut_1": "killed", "mlp_core.a.x_f__mutmut_2": "survived"}
ALIVE = {"mlp_core.a.x_f__mutmut_2": TOUCHED}


def test_explained_survivors_pass_and_leave_the_score_alone() -> None:
    verdict = judge(NAMES, ALIVE, {"equivalent": [TOUCHED]})
    assert verdict.wrong == ()
    assert verdict.counts == {"mutants": 2, "killed": 1, "equivalent": 1, "endless": 0}
    assert verdict.text().endswith("mutation score 100.00%")


def test_an_unexplained_survivor_fails() -> None:
    verdict = judge(NAMES, ALIVE, {"equivalent": [LOOSE]})
    assert verdict.wrong == (
        "not explained as equivalent: mlp_core.a.f\n    - x + 1\n    + x - 1",
        "explained as equivalent, but dead: mlp_core.a.C.g\n    - n < 2\n    + n <= 2",
    )
    assert verdict.text().endswith("mutation score 50.00%")


def test_an_explanation_serves_as_many_mutants_as_it_lists() -> None:
    twice = {**NAMES, "mlp_core.a.x_f__mutmut_3": "survived"}
    alive = {**ALIVE, "mlp_core.a.x_f__mutmut_3": TOUCHED}
    assert len(judge(twice, alive, {"equivalent": [TOUCHED]}).wrong) == 1
    assert judge(twice, alive, {"equivalent": [TOUCHED, TOUCHED]}).wrong == ()


def test_a_survivor_is_not_explained_by_being_endless_nor_the_other_way() -> None:
    timed = {"mlp_core.a.x_f__mutmut_2": "timeout"}
    assert judge(timed, ALIVE, {"endless": [TOUCHED]}).wrong == ()
    assert len(judge(timed, ALIVE, {"equivalent": [TOUCHED]}).wrong) == 2
    assert len(judge(NAMES, ALIVE, {"endless": [TOUCHED]}).wrong) == 2


def test_a_part_of_the_mutants_says_nothing_of_the_others() -> None:
    part = {**NAMES, "mlp_core.a.xǁCǁg__mutmut_1": "not checked"}
    assert judge(part, ALIVE, {"equivalent": [TOUCHED, LOOSE]}, wanted=["mlp_core.a.x_f*"]).wrong == ()
    assert judge(part, ALIVE, {"equivalent": [TOUCHED]}).wrong == ("not checked: mlp_core.a.xǁCǁg__mutmut_1",)


def test_no_tests_at_all_fail() -> None:
    assert judge({"m": "no tests"}, {}, {}).wrong == ("no tests: m",)
    assert judge({"m": "suspicious"}, {}, {}).wrong == ("suspicious: m",)
    assert judge({}, {}, {}).wrong == ("no mutant was tried",)


def test_a_mutant_is_known_by_its_function_and_its_lines() -> None:
    assert mutation_survivors.function_of("mlp_core.model.xǁMLPǁ__init____mutmut_7") == "mlp_core.model.MLP.__init__"
    assert mutation_survivors.function_of("mlp_core.equality.x_same__mutmut_12") == "mlp_core.equality.same"
    diff = "--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n def f(x):\n-    x = 1\n-    y = 2\n+    x = 2\n"
    assert mutation_survivors.changed_lines(diff) == ("x = 1\ny = 2", "x = 2")


@pytest.mark.parametrize("file", sorted(Path(__file__).parent.glob("survivors*.toml")), ids=lambda file: file.stem)
def test_every_explanation_has_a_proof(file: Path) -> None:
    for kind, mutants in mutation_survivors.read(file).items():
        assert kind in ("equivalent", "endless")
        assert len(mutants) == sum(len(proof["mutants"]) for proof in mutation_survivors.proofs(file)[kind])
