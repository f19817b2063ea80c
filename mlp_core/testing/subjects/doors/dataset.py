"""Replaces LightGBM's Dataset and XGBoost's DMatrix for an objective."""

from __future__ import annotations

from typing import Any

import numpy as np


class Dataset:
    """Labels and weights. Without weights LightGBM returns None, and XGBoost an empty array (`empty`)."""

    def __init__(self, labels: Any, weights: Any = None, empty: bool = False) -> None:
        self.label, self.weight = labels, np.zeros(0, np.float32) if weights is None and empty else weights
        self.asked = False  # whether the weights were read

    def get_label(self) -> Any:
        return self.label

    def get_weight(self) -> Any:
        self.asked = True
        return self.weight

    def get_float_info(self, field: str) -> Any:
        return self.get_label() if field == "label" else self.get_weight()

    def num_data(self) -> int:
        return len(self.label)

    def num_row(self) -> int:
        return len(self.label)

    get_field = get_float_info


SOURCE = """\
class Dataset:  # in place of LightGBM's and XGBoost's
    def __init__(self, labels, weights=None, empty=False):
        self.label, self.weight = labels, np.zeros(0) if weights is None and empty else weights
        self.get_label, self.get_weight = lambda: self.label, lambda: self.weight
        self.num_data = self.num_row = lambda: len(self.label)
        self.get_float_info = self.get_field = lambda field: self.label if field == "label" else self.weight"""
"""for a snippet"""
