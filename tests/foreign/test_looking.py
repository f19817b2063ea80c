"""Another process looks into files. Its answer is that of a call in this one, and an error says if it ends early."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from mlp_core.base.errors import ArgumentError
from mlp_core.testing.foreign import looking
from mlp_core.testing.foreign.found import looked
from mlp_core.testing.foreign.looked import Looked
from mlp_core.testing.foreign.looking import looked_at

TWO = """
def f(x):
    return x**2


def f_prime(x):
    return 2 * x


def g(x):
    return x**3


def g_prime(x):
    raise NotImplementedError
"""


def ends(*_: Any) -> None:
    os._exit(3)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "two.py").write_text(TWO, encoding="utf-8")
    (tmp_path / "none.py").write_text("x = 1", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_another_process_finds_what_this_one_does(here: Path) -> None:
    """Names stay relative to the folder of the process that asked."""
    found = looked_at(["two.py", "none.py"])
    assert found == looked(["two.py", "none.py"])
    assert [name.partition(":")[0] for name in found.names] == ["two.py"]
    assert [hand_in.name.partition(":")[0] for hand_in in found.without] == ["two.py", "none.py"]


@pytest.mark.parametrize(("file", "shapes"), [("none.py", None), ("two.py", "no signature")])
def test_another_process_refuses_what_this_one_does(file: str, shapes: str | None, here: Path) -> None:
    with pytest.raises(ArgumentError) as own:
        looked([file], shapes)
    with pytest.raises(ArgumentError, match=re.escape(str(own.value))) as told:
        looked_at([file], shapes)
    assert (told.value.brief, told.value.paste) == (own.value.brief, own.value.paste)


def test_a_process_that_ends_without_an_answer_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "_look", ends)
    with pytest.raises(ArgumentError, match=r"subject: got two\.py, .*the process .* ended \(exit status 3\)"):
        looked_at(["two.py"])


def test_what_was_found_survives_the_way_through_json(here: Path) -> None:
    found = looked(["two.py"])
    assert found.notes.keys() == set(found.names)
    assert found.without
    assert Looked.of_json(found.to_json().encode()) == found
