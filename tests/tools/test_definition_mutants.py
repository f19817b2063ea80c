"""Code that mutmut skips becomes mutants here, and code that mutmut tries does not."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("mutmut", reason="needs mutmut: the dependency group mutation")
from definition_mutants import Source, sources
from mutation_survivors import Mutant

CODE = '''
LIMIT = 3


def tried(x, n=1):
    return x + n


register("halved", lambda x: x / 2)


class Rule:
    """Words."""

    lr: float = 0.5

    def tried(self):
        return self.lr > 1

    @property
    def twice(self):
        return self.lr * 2

    @staticmethod
    def tried_too():
        return 7


def formula_as_default(x=-1):
    return x
'''


def made() -> Source:
    return Source(Path("mlp_core/example.py"), CODE)


def test_definitions_become_mutants() -> None:
    lines = {(c.mutant.function.removeprefix("mlp_core.example"), c.mutant.now) for c in made().changes}
    assert lines >= {
        ("", "LIMIT = 4"),
        ("", 'register("XXhalvedXX", lambda x: x / 2)'),
        ("", 'register("halved", lambda x: x * 2)'),
        ("", 'register("halved", lambda x: None)'),
        (".Rule", "lr: float = 1.5"),
        (".Rule.twice", "return self.lr / 2"),
        (".formula_as_default", "def formula_as_default(x=+1):"),
    }


def test_what_mutmut_tries_and_what_it_leaves_alone_on_purpose_does_not() -> None:
    was = {c.mutant.was for c in made().changes}
    assert not any("tried" in line or "x + n" in line or "> 1" in line or "return 7" in line for line in was)
    assert not any("Words" in line or "@" in line for line in was)


def test_several_mutants_fit_into_one_text() -> None:
    source = made()
    two = [c for c in source.changes if c.mutant.now in ("LIMIT = 4", "return self.lr / 2")]
    assert source.with_changes(two) == CODE.replace("LIMIT = 3", "LIMIT = 4").replace("lr * 2", "lr / 2")
    assert source.with_changes([]) == CODE


def test_a_mutant_is_known_by_its_definition_and_its_lines() -> None:
    (change,) = [c for c in made().changes if c.mutant.now == "return self.lr / 2"]
    assert change.mutant == Mutant("mlp_core.example.Rule.twice", "return self.lr * 2", "return self.lr / 2")
    assert change.name.startswith("mlp_core.example.Rule.twice__")
    assert len({c.name for c in made().changes}) == len(made().changes)
    record = next(c for c in made().changes if "halved" in c.mutant.was)
    assert (record.quoted(), "register" in record.mentioned()) == ({"halved"}, True)


def test_the_core_has_definitions_to_change() -> None:
    files = sources(Path(__file__).parents[2])
    names = {change.mutant.function for source in files for change in source.changes}
    assert {"mlp_core.activations", "mlp_core.rules.adam.Adam", "mlp_core.model.MLP.flat"} <= names
