"""Activation and loss records as subjects. Their examples are numbers, outputs with targets, and misfits."""

from __future__ import annotations

from dataclasses import dataclass

from mlp_core import activations, losses
from mlp_core.activations import Activation
from mlp_core.losses import Loss
from mlp_core.testing.examples.points import Points


@dataclass(frozen=True)
class RecordSubject:
    """An activation or a loss."""

    record: Activation | Loss

    @property
    def name(self) -> str:
        return self.record.name

    def snippet(self, example: Points, closing: str) -> str:
        """A snippet that reproduces the failure."""
        kind = "activations" if isinstance(self.record, Activation) else "losses"
        known = activations if isinstance(self.record, Activation) else losses
        if self.record.name in known.names() and known.get(self.record.name) is self.record:
            found = f'record = {kind}.get("{self.record.name}")'
        else:
            found = f"# record: {self.record.name}, yours, as passed to verify"
        head = ["import torch", f"from mlp_core import {kind}, gradcheck", found]
        return "\n".join([*head, *example.setup(), closing or CALL[kind]])


CALL = {"activations": "record.df(z, record.f(z))", "losses": "record.value_and_grad(z, y)"}
"""the end of a snippet for a record that raises"""
