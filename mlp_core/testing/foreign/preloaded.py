"""What the process has imported that those of hand-ins are copied from: torch, the laws, and what both would load late.

Nothing is computed here: torch's threads do not survive the copying.
"""

from __future__ import annotations

import gc

from hypothesis import strategies as st

from mlp_core.testing.examples.sample import sample

sample(st.binary(), 1)  # Hypothesis reads the sources of what is imported, for numbers that they speak of

gc.collect()

gc.freeze()  # what is there by now stays: no copy looks through it again
