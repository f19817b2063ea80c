"""How a wrong optimizer is verified, with its reference known before its subject is made, which takes long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlp_core.testing import subjects


@dataclass(frozen=True)
class Against:
    """Makes the subject of an optimizer, as mlp_core.testing.subjects.optimizer does with these arguments."""

    reference: Any = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    claims: tuple[str, ...] = ()

    def __call__(self, optimizer: Any) -> Any:
        return subjects.optimizer(optimizer, self.reference, self.hyperparameters, self.claims)
