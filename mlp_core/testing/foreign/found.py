"""Finds everything in several files that can be verified, before anything of them runs."""

from __future__ import annotations

from collections.abc import Sequence

from mlp_core.base.errors import ArgumentError, Described
from mlp_core.base.lazy import later
from mlp_core.testing.foreign import offered
from mlp_core.testing.foreign.load import found_with_reasons, notes_of
from mlp_core.testing.foreign.looked import Looked
from mlp_core.testing.foreign.told import HandIn, Told, refused
from mlp_core.testing.report.escape import escaped

JUDGED = "can be judged", "The definition, and all that it reaches of its file, can be read and is filled in."


def looked(files: Sequence[str], shapes: str | None = None) -> Looked:
    """The definitions that `subjects_in` finds, with the notes about each. Raises ArgumentError as it does, and as
    `check_shapes` does.
    """
    names, without = subjects_in(files)
    check_shapes(shapes, names)
    return Looked(names, without, {name: notes(name) for name in names})


def subjects_in(files: Sequence[str]) -> tuple[list[str], list[HandIn]]:
    """Everything in the files that can be verified, as "file:name". Definitions that cannot be judged, and files
    without any, become hand-ins about which nothing is known. Raises ArgumentError for a single file in which nothing
    is recognised.
    """
    names, without = list[str](), list[HandIn]()
    for file in files:
        try:
            for name, reason in found_with_reasons(file):
                if reason is None:
                    names.append(name)
                else:
                    without.append(_not_judged(name, *reason))
        except ArgumentError as error:
            if len(files) == 1:
                raise
            brief = error.brief.removesuffix(offered.ADD).strip()
            without.append(refused(file, brief or f"{error.argument}: expected {error.expected}"))
        except (RecursionError, MemoryError, OSError, ValueError) as error:  # Python's own parser gives up on the file
            words = f"it is not valid Python ({type(error).__name__}: {error})"
            if len(files) == 1:
                raise ArgumentError("subject", Described(escaped(file)), f"a script or a notebook; {words}") from error
            without.append(refused(file, words))
    return names, without


def check_shapes(shapes: str | None, names: Sequence[str]) -> None:
    """Raises ArgumentError for shapes that are not a signature, or that are given with more or less than one
    definition.
    """
    if shapes is None:
        return
    later("mlp_core.testing.subjects.doors.asked", "check")(shapes)
    if len(names) != 1:
        found = escaped(", ".join(names)) or "none"
        expected = f"FILE:NAME with the one definition that they are for; found {found}"
        raise ArgumentError("shapes", shapes, expected)


def _not_judged(name: str, words: str, helps: str) -> HandIn:
    """A hand-in that cannot be judged before it is fixed."""
    words = escaped(words)
    hand_in = HandIn(name, notes=[one for one in notes(name) if one.removeprefix("not read: ") not in words])
    hand_in.results = [Told(*JUDGED).result(hand_in, verdict="UNTESTED", got=words, reason=f"{words}; {helps}")]
    return hand_in


def notes(name: str) -> list[str]:
    """Notes about a definition that depend on its file alone; empty if the file no longer exists."""
    try:
        return [escaped(words) for words in notes_of(name)]
    except ArgumentError:
        return []
