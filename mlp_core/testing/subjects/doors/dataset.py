"""Replaces LightGBM's Dataset and XGBoost's DMatrix for an objective."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp_core.testing.subjects.doors.calls import Call


def sizes(n: int) -> Any:
    """The sizes of the groups of n rows, in order: two groups, if there are two rows. An objective that ranks compares
    the rows of a group with each other."""
    return np.array([size for size in (n - n // 2, n // 2) if size])


def further(call: Call, weights: Any, rows: int) -> tuple[Any, ...]:
    """The arguments after labels and scores: weights and groups, if they are taken."""
    return (*((weights,) if call.weighted else ()), *((sizes(rows),) if call.meets else ()))


class Dataset:
    """Labels and weights. Without weights LightGBM returns None, and XGBoost an empty array (`empty`)."""

    def __init__(self, labels: Any, weights: Any = None, empty: bool = False) -> None:
        self.label, self.weight = labels, np.zeros(0, np.float32) if weights is None and empty else weights
        self.asked = self.grouped = False  # whether the weights or the groups were read

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

    def get_group(self) -> Any:
        self.grouped = True
        return sizes(len(self.label))

    def get_uint_info(self, field: str) -> Any:
        return np.append(0, np.cumsum(self.get_group()))

    def get_field(self, field: str) -> Any:
        return self.get_uint_info(field) if field in ("group", "query") else self.get_float_info(field)


SOURCE = """\
class Dataset:  # in place of LightGBM's and XGBoost's
    def __init__(self, labels, weights=None, empty=False):
        self.label, self.weight = labels, np.zeros(0) if weights is None and empty else weights
        self.get_label, self.get_weight = lambda: self.label, lambda: self.weight
        self.num_data = self.num_row = lambda: len(self.label)
        self.get_float_info = lambda field: self.label if field == "label" else self.weight
        self.get_group = lambda: sizes(len(labels))
        self.get_uint_info = lambda field: np.append(0, np.cumsum(sizes(len(labels))))
        ends, other = self.get_uint_info, self.get_float_info
        self.get_field = lambda field: (ends if field in ("group", "query") else other)(field)"""
"""for a snippet"""

GROUPS = """\
def sizes(n):  # of the groups of n rows
    return np.array([size for size in (n - n // 2, n // 2) if size])"""
