"""Every path that CONTRIBUTING.md names exists, and it names everything that can be run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([\w.*/-]+)`|\b((?:benchmarks|docs|mlp_core|tests)/[\w./-]*\w)")
BARE = re.compile(r"[\w*]+\.(?:py|md|toml|txt)|\w+/")


def test_every_path_named_is_there() -> None:
    made = [line for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines() if line.endswith("/")]
    missing, folder = [], "."
    for match in NAMED.finditer(GUIDE):
        named = match[1] or match[2]
        if f"{named}/".startswith(tuple(made)):
            continue
        if "/" in named and (ROOT / named.split("/")[0]).exists():
            folder = named.rpartition("/")[0]
            missing += [] if list(ROOT.glob(named)) else [named]
        elif BARE.fullmatch(named):  # at the top, or in the folder named last
            missing += [] if list(ROOT.glob(named)) or list((ROOT / folder).glob(named)) else [f"{folder}/{named}"]
        else:
            missing += [named] if "/" in named else []
    assert missing == []


def test_every_session_is_named() -> None:
    named = re.findall(r"^    nox -s (\w+)", GUIDE, re.MULTILINE)
    sessions = re.findall(r"@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8"))
    assert sorted([*named, "tests"]) == sorted(sessions)  # `nox` alone runs the tests
