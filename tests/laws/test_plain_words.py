"""The words of the project keep to some habits of plain English that a machine can check: statements and reasons of
laws, known mistakes and dialects, which users read, and docstrings and comments of the package, its tests, benchmarks
and documents."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import cleandoc
from io import StringIO
from pathlib import Path
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


UNITS = "batch|call|class|entry|epoch|example|file|form|hand-in|law|layer|line|name|rule|row|sample|step|subject|worker"
COUNTED = "call|file|image|line|loss|number|row|step|tensor|trial"

INSIDE = {
    r"^(What|Those|That|Whose|Of|Inside|But|If so|Who|Whoever)\b": "the noun, or a verb, at the beginning",
    r"\b(stands?|stood|lies?|lay)\b(?!-)": "is, exists, contains",
    r"\b(manners|accus\w+|blam\w+|hears?|heard|heeds?|told|tells?|mend\w*|whoever|somebody|anybody|everybody)\b":
        "a verb for code, or the user",
    r"\bin place of\b|\btaken? for\b|\bbut for\b|\banew\b|\b(are|is|was) handed\b":
        "instead of, used as, except, again, gets",
    r"\b(that that|that which|those which)\b": "the noun",
    rf"\b(one|once|several|seconds|bytes|({COUNTED})(e?s)?) an? ({UNITS})\b": "per",
    r"\bNone where\b|\b[Rr]aises? \w+ where\b|\bwhere (none|nobody|there is|there are|it is not|no)\b": "if",
    r"\bsays? nothing\b|\bsay of\b": "what is known",
    r"[\u2013\u2014]": "a full stop, or a colon",
}  # fmt: skip
"""the same for docstrings and comments, in which names of variables are not words"""

LONGEST = 40
"""words in a sentence of a docstring, some of which list many errors"""

NAMES = re.compile(r"`[^`]*`|\b[a-z_]\w*(?=:\s)")
"""code in a docstring, and the names of parameters before their descriptions"""

ROOT = Path(__file__).parents[2]
FOLDERS = ("mlp_core", "tests", "benchmarks", "docs")
FOREIGN = ("tests/hand_ins/", "benchmarks/mistaken/", "docs/_build/")
"""code that other people write, or that looks so, and generated pages"""


@cache
def inside() -> dict[str, str]:
    """Every paragraph of a docstring, and every comment, with its place."""
    found: dict[str, str] = {}
    for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))):
        source, place = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        if place.startswith(FOREIGN):
            continue
        for line, text in (*_docstrings(source), *_comments(source)):
            found.setdefault(" ".join(NAMES.sub("", text).split()), f"{place}:{line}")
    return found


def _docstrings(source: str) -> Iterator[tuple[int, str]]:
    """The paragraphs of all docstrings, also of those below a variable; no examples, and no formulas."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for text in re.split(r"\n\s*\n", cleandoc(node.value.value)):
                if ">>>" not in text and not text.startswith("    "):
                    yield node.lineno, text


def _comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(StringIO(source).readline):
        if token.type == tokenize.COMMENT and not re.match(r"#\s*(noqa|fmt:|type:)", token.string):
            yield token.start[0], token.string.lstrip("# ")


@pytest.mark.parametrize("pattern", INSIDE)
def test_docstrings_and_comments_have_no_words_that_readers_stumble_over(pattern: str) -> None:
    found = [f"{place}: {text}" for text, place in inside().items() if re.search(pattern, text)]
    assert not found, (f"write {INSIDE[pattern]}", found)


def test_sentences_of_docstrings_are_short() -> None:
    long = [(place, s) for text, place in inside().items() for s in SENTENCE.split(text) if len(s.split()) > LONGEST]
    assert not long


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("What is broken", "the noun"), ("The place where the error stands", "is, exists"),
        ("The laws that a user is told of", "a verb for code"),
        ("The number of rows, one a subject", "per"), ("The gradient; None where there is none", "if"),
        ("The value is put in place of the old one", "instead of"),
    ],
)
def test_planted_words_are_found(words: str, instead: str) -> None:
    found = [advice for pattern, advice in INSIDE.items() if re.search(pattern, words)]
    assert any(advice.startswith(instead) for advice in found), found
