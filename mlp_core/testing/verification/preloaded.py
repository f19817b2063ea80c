"""What the process has imported that those of hand-ins are copied from: torch, the laws, and what both would load late.

Nothing is computed here: torch's threads do not survive the copying.
"""

from __future__ import annotations

import gc

import torch.fx.experimental.symbolic_shapes  # noqa: F401  # the first torch.autograd.grad imports it, with sympy
from hypothesis import strategies as st

import mlp_core.testing.foreign.child
import mlp_core.testing.laws.books  # noqa: F401
from mlp_core.testing.examples.sample import sample

sample(st.binary(), 1)  # Hypothesis reads the sources of what is imported, for numbers that they speak of
gc.collect()
gc.freeze()  # what is there by now stays: no copy looks through it again
