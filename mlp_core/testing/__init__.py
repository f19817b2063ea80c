"""The battery: laws that a hand-written gradient or update must obey, run on generated examples.

verify(subject) -> Report         run every law, say what holds
assert_lawful(subject)            raise one AssertionError that lists every law that is broken or could not be tested
laws(subject) -> list[Law]        for pytest.mark.parametrize("law", laws(subject), ids=str)
"""

import sys
from typing import TYPE_CHECKING

from mlp_core.base.extras import need_installed
from mlp_core.base.lazy import Lazy

for _library in ("hypothesis", "rich"):  # now, because a later error would say less
    need_installed(_library)

if TYPE_CHECKING:
    from mlp_core.testing import subjects
    from mlp_core.testing.engine.law import Law
    from mlp_core.testing.engine.result import Result
    from mlp_core.testing.report.report import Report
    from mlp_core.testing.verification.verify import assert_lawful, laws, verify

__all__ = ["Law", "Report", "Result", "assert_lawful", "laws", "subjects", "verify"]

_where = {
    "Law": "engine.law", "Report": "report.report", "Result": "engine.result", "assert_lawful": "verification.verify",
    "laws": "verification.verify", "verify": "verification.verify",
}  # fmt: skip
"""the modules that define the public names; `subjects` is a package"""

sys.modules[__name__].__class__ = Lazy
