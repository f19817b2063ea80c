"""Words that users read: statements and reasons of laws, known mistakes, dialects. They keep to a few habits of plain
English, which a machine can check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import walk_packages

import pytest

from mlp_core.testing import faults
from mlp_core.testing.diagnosis.dialects import DIALECTS
from mlp_core.testing.diagnosis.doors import CUT
from mlp_core.testing.diagnosis.objective_mistakes import GROUPS
from mlp_core.testing.diagnosis.twins import RELATIONS
from mlp_core.testing.engine.law import Law, LawBook

INSTEAD = {
    r"\b(stands?|stood|lie|lies|lay)\b": "is, exists, contains",
    r"\b(manners|accus\w+|blam\w+|lawful|hears?|heard|heeds?|told|tells)\b": "a verb for code, not for people",
    r"comes? from above": "the upstream gradient",
    r"\bin place of\b": "instead of ('in place' is another thing)",
    r"\btaken? for\b": "used as, treated as",
    r"\b(those|that) (that|which)\b": "the noun",
    r"[\u2013\u2014]": "a full stop, or a colon",
    r"\bbut (for|that)\b": "except",
    r"\bonce an? (epoch|step|batch|call|row)\b": "once per",
    r", where (it|they|equality|the others|others)\b": "instead of, but",
    r"\bsays? nothing\b": "what is known",
    r"\bis turned\b": "is wrong, is changed",
    r"\bmend\w*": "fix",
}
"""what was found to make native speakers stumble, and what to write"""

MOST = 30
"""words in a sentence"""

SENTENCE = re.compile(r"(?<=[.:;]) ")


@cache
def words() -> dict[str, str]:
    """Every text with what it is."""
    return dict(_texts())


def _laws() -> Iterator[Law]:
    """The laws of every book."""
    package = import_module("mlp_core.testing.laws")
    for found in walk_packages(package.__path__, f"{package.__name__}."):
        for book in vars(import_module(found.name)).values():
            yield from book.laws if isinstance(book, LawBook) else ()


def _texts() -> Iterator[tuple[str, str]]:
    for fault in faults.every():
        yield fault.words, f"the known mistake {fault.name}"
    for law in _laws():
        yield law.statement, f"the statement of '{law.name}'"
        yield law.why, f"the reason of '{law.name}'"
        yield law.beside, f"beside= of '{law.name}'"
    for dialect in DIALECTS:
        yield dialect.words, f"a dialect of {dialect.library}"
    for text in (CUT, *RELATIONS, *(text for _, relations, _ in GROUPS for text in relations)):
        yield text, "a relation that a diagnosis names"


@pytest.mark.parametrize("pattern", INSTEAD)
def test_words_that_readers_stumble_over_are_not_used(pattern: str) -> None:
    found = [f"{what}: {text}" for text, what in words().items() if re.search(pattern, text)]
    assert not found, (f"write {INSTEAD[pattern]}", found)


def test_sentences_are_short() -> None:
    long = [s for text in words() for s in SENTENCE.split(text) if len(s.split()) > MOST]
    assert not long


def test_statements_and_reasons_are_sentences() -> None:
    for text, what in words().items():
        if what.startswith(("the statement", "the reason")):
            assert text.endswith("."), (what, text)
            assert not text.startswith(("If so", "Of ", "But ", "What ")), (what, text)


def test_known_mistakes_begin_with_what_is_wrong() -> None:
    for text, what in words().items():
        if what.startswith("the known mistake"):
            assert not text.endswith("."), (what, text)
            assert not text.startswith(("of ", "where ", "what ")), (what, text)
