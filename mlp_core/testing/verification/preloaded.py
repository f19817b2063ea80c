"""Imported by the process that those of hand-ins are copied from: torch, the laws, and modules that both import late.

Nothing is computed here: torch's threads do not survive the copying.
"""

from __future__ import annotations

import gc

import torch.fx.experimental.symbolic_shapes  # noqa: F401  # the first torch.autograd.grad imports it, with sympy
from hypothesis import strategies as st

import mlp_core.testing.foreign.child
import mlp_core.testing.laws.books  # noqa: F401
from mlp_core.testing.examples.sample import sample

sample(st.binary(), 1)  # Hypothesis reads the sources of imported modules for constants
gc.collect()
gc.freeze()  # so that garbage collection in a copy does not scan these objects
