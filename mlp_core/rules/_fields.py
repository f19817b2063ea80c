"""Hyperparameters that several rules share, with their domains."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Lt

from mlp_core.rules._domains import Decay, Epsilon, Typical

LearningRate = Annotated[float, Ge(0), Typical(1e-4, 1)]
Beta = Annotated[float, Ge(0), Lt(1), Typical(0.3, 0.999)]
"""the fraction of a running average that remains after a step"""
Momentum = Annotated[float, Ge(0), Typical(1e-2, 0.99)]
Eps = Annotated[float, Ge(0), Typical(1e-8, 0.1), Epsilon()]
WeightDecay = Annotated[float, Ge(0), Typical(1e-4, 1), Decay()]
