"""Running the catalogue of known mistakes: what a law says of one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from hypothesis import Phase

from mlp_core.testing import faults
from mlp_core.testing.engine import runner as engine
from mlp_core.testing.engine.guards import globals_kept
from mlp_core.testing.engine.result import Result
from mlp_core.testing.faults.catalogue import Fault
from mlp_core.testing.laws.books import laws_of

UNSHRUNK = SimpleNamespace(generate=Phase.generate, shrink=Phase.generate, reuse=Phase.reuse)
"""instead of Hypothesis's phases in the engine"""


@dataclass(frozen=True)
class Planted:
    """A mistake before one of the laws that must catch it."""

    fault: Fault
    law: str

    def __str__(self) -> str:
        return f"{self.law}: {self.fault.name}".replace(" ", "-")

    @cached_property
    def result(self) -> Result:
        """The result of the law. Nothing is shrunk: that takes most of the time, and snippets must work for any
        example."""
        (law,) = (law for law in laws_of(self.fault.subject) if law.name == self.law)
        with globals_kept(), patch.object(engine, "Phase", UNSHRUNK):
            return engine.run(law, examples=self.fault.examples)

    @property
    def wrong(self) -> dict[str, Any]:
        """The name that the snippet cannot import: "record", for records that are not registered."""
        return {"record": self.fault.thing} if "record" in self.fault.names else {}


PLANTED = [Planted(fault, law) for fault in faults.every() for law in fault.laws]
