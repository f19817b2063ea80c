"""docs/power.md has one section per kind of known mistake, with the title that benchmarks/power.py gives it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))
try:
    import power
finally:
    del sys.path[0]


def test_every_kind_of_mistake_has_a_section() -> None:
    page = (ROOT / "docs" / "power.md").read_text(encoding="utf-8")
    kinds = dict.fromkeys(power.kind_of(fault) for _, fault in power.EVERY)
    assert kinds.keys() == power.HEADS.keys()
    assert re.findall(r"^## (.+)\n\n(.+)\n\n\| law ", page, re.MULTILINE) == [power.HEADS[kind] for kind in kinds]
