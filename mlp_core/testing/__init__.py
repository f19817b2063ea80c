"""The battery: laws that a hand-written gradient or update must obey, run on generated examples.

verify(subject) -> Report         run every law, say what holds
assert_lawful(subject)            raise one AssertionError that lists every law that is broken or could not be tested
laws(subject) -> list[Law]        for pytest.mark.parametrize("law", laws(subject), ids=str)
"""

from mlp_core.base.extras import BASE, need

for _library in ("hypothesis", "rich"):  # before the imports below, which would say less
    need(_library, BASE)

import mlp_core.testing.laws  # noqa: F401  # the folder first: a later import of it would replace the function `laws`
from mlp_core.testing import subjects
from mlp_core.testing.engine.law import Law
from mlp_core.testing.engine.result import Result
from mlp_core.testing.report.report import Report
from mlp_core.testing.verification.verify import assert_lawful, laws, verify

__all__ = ["Law", "Report", "Result", "assert_lawful", "laws", "subjects", "verify"]
