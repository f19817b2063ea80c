"""Every law of the battery, on everything of the core: one test a law, as others run it on theirs."""

from __future__ import annotations

import pytest
from hypothesis import settings

from mlp_core.testing import Law, laws
from mlp_core.testing.verification.names import core_subjects


def every_law() -> list[object]:
    """All laws of all subjects of the core, each under the name of its subject."""
    return [pytest.param(law, id=f"{name}-{law}") for name, subject in core_subjects().items() for law in laws(subject)]


@pytest.mark.parametrize("law", every_law())
def test_law(law: Law, request: pytest.FixtureRequest) -> None:
    seed = int(request.config.getoption("--hypothesis-seed") or 0)
    law.check(examples=2 * settings().max_examples, seed=seed)
