"""The check at the end of `nox -s mutation`: is every surviving mutant explained in survivors.toml, and the other
way?"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

REVIEWED = Path(__file__).with_name("survivors.toml")
KILLED = {"killed", "segfault"}  # a test failed; or the interpreter itself, over memory the mutant had no right to


@dataclass(frozen=True, order=True)
class Mutant:
    """A mutant by what it changes: the function, the lines that were there and the lines in their place."""

    function: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.function}\n    - {self.was}\n    + {self.now}"


@dataclass(frozen=True)
class Verdict:
    """The counts, and what is wrong: empty where every mutant was killed or is explained."""

    counts: Mapping[str, int]
    wrong: tuple[str, ...]

    def text(self) -> str:
        of = self.counts
        tried = of["mutants"] - of["equivalent"]
        score = f"{(of['killed'] + of['endless']) / tried:.2%}" if tried else "no mutant tried"
        return "\n".join([*self.wrong, ", ".join(f"{n} {what}" for what, n in of.items()), f"mutation score {score}"])


def judge(
    statuses: Mapping[str, str],
    alive: Mapping[str, Mutant],
    reviewed: Mapping[str, Iterable[Mutant]],
    wanted: Sequence[str] = (),
) -> Verdict:
    """statuses: by the tool's name of a mutant, what became of it; alive: those not killed; reviewed: the explained
    ones, `equivalent` (no test can detect it) and `endless` (a loop without end, killed by the clock); wanted: patterns
    of the mutants to judge, none for all."""
    tried = {name: status for name, status in statuses.items() if any(fnmatch(name, w) for w in wanted or "*")}
    wrong = [f"{status}: {name}" for name, status in tried.items() if name not in alive and status not in KILLED]
    counts = {"mutants": len(tried), "killed": sum(status in KILLED for status in tried.values())}
    for kind, outcome in (("equivalent", "survived"), ("endless", "timeout")):
        living = Counter(alive[name] for name, status in tried.items() if status == outcome)
        explained = Counter(reviewed.get(kind, ()))
        wrong += [f"not explained as {kind}: {mutant}" for mutant in sorted((living - explained).elements())]
        if not wanted:
            wrong += [f"explained as {kind}, but dead: {mutant}" for mutant in sorted((explained - living).elements())]
        counts[kind] = (living & explained).total()
    if not tried:
        wrong.append("no mutant was tried")
    return Verdict(counts, tuple(wrong))


def proofs(path: Path = REVIEWED) -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(path.read_text("utf-8"))


def read(path: Path = REVIEWED) -> dict[str, list[Mutant]]:
    """The explained mutants of each kind; a proof covers the mutants listed with it, all of one function."""
    return {
        kind: [
            Mutant(proof["function"], was, now) for proof in several if proof["why"] for was, now in proof["mutants"]
        ]
        for kind, several in proofs(path).items()
    }


def changed_lines(diff: str) -> tuple[str, str]:
    """The lines that a unified diff removes and those that it adds, without the white space around each line."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    was, now = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return "\n".join(was), "\n".join(now)


def function_of(name: str) -> str:
    """The function of a mutant by its name: mlp_core.model.xǁMLPǁtrace__mutmut_7, ...x_same__mutmut_1."""
    module, _, mangled = name.rpartition("__mutmut_")[0].rpartition(".")
    return f"{module}.{mangled.removeprefix('xǁ').replace('ǁ', '.') if 'ǁ' in mangled else mangled.removeprefix('x_')}"


def from_the_tool() -> tuple[dict[str, str], dict[str, Mutant]]:
    """The statuses of all mutants below mutants/, and those that lived or ran out of time."""
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.stats import status_by_exit_code
    from mutmut.utils.file_utils import walk_mutatable_files

    statuses, alive = {}, {}
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name, exit_code in data.exit_code_by_key.items():
            statuses[name] = status_by_exit_code[exit_code]
            if statuses[name] in ("survived", "timeout"):
                alive[name] = Mutant(function_of(name), *changed_lines(get_diff_for_mutant(name, path=path)))
    return statuses, alive


if __name__ == "__main__":
    verdict = judge(*from_the_tool(), read(), sys.argv[1:])
    print(verdict.text())
    sys.exit(bool(verdict.wrong))
