"""Losses of gradient boosting by raw score, summed over rows: an objective without a loss is compared with them.

`times` is a factor that an objective may have on its gradient and its hessian together; it changes no tree.
"""

from __future__ import annotations

import torch
from torch import Tensor


def half_squared_error(labels: Tensor, scores: Tensor, times: float = 1.0) -> Tensor:
    return times * ((scores - labels) ** 2 / 2).sum()


def asymmetric_squared_error(labels: Tensor, scores: Tensor, above: float, below: float) -> Tensor:
    d = scores - labels
    return (torch.where(d > 0, above, below) * d**2 / 2).sum()


def log_cosh(labels: Tensor, scores: Tensor, times: float = 1.0) -> Tensor:
    d = (scores - labels).abs()
    return times * (d + torch.log1p(torch.exp(-2 * d))).sum()


def quantile(labels: Tensor, scores: Tensor, alpha: float, times: float = 1.0) -> Tensor:
    d = labels - scores
    return times * torch.maximum(alpha * d, (alpha - 1) * d).sum()


def huber(labels: Tensor, scores: Tensor, delta: float, times: float = 1.0) -> Tensor:
    d = (scores - labels).abs()
    return times * torch.where(d <= delta, d**2 / 2, delta * (d - delta / 2)).sum()


def pseudo_huber(labels: Tensor, scores: Tensor, delta: float, times: float = 1.0) -> Tensor:
    return times * (delta**2 * torch.sqrt(1 + ((scores - labels) / delta) ** 2)).sum()


def fair(labels: Tensor, scores: Tensor, c: float, times: float = 1.0) -> Tensor:
    r = (scores - labels).abs() / c
    return times * (c**2 * (r - torch.log1p(r))).sum()


def squared_log_error(labels: Tensor, scores: Tensor, times: float = 1.0) -> Tensor:
    return times * ((torch.log1p(scores) - torch.log1p(labels)) ** 2 / 2).sum()


def logistic(labels: Tensor, scores: Tensor, positive: float = 1.0, times: float = 1.0) -> Tensor:
    zero = torch.zeros_like(scores)
    return times * (positive * labels * torch.logaddexp(zero, -scores)
                    + (1 - labels) * torch.logaddexp(zero, scores)).sum()  # fmt: skip


def logistic_of_signs(labels: Tensor, scores: Tensor, times: float = 1.0) -> Tensor:
    return times * torch.logaddexp(torch.zeros_like(scores), -labels * scores).sum()


def exponential(labels: Tensor, scores: Tensor, times: float = 1.0) -> Tensor:
    return times * torch.exp(-labels * scores).sum()


def focal(labels: Tensor, scores: Tensor, gamma: float, alpha: float, times: float = 1.0) -> Tensor:
    sign = 2 * labels - 1
    weight = torch.where(labels > 0, alpha, 1 - alpha)
    missed = torch.sigmoid(-sign * scores)  # 1 - p of the label
    return times * (weight * missed**gamma * -torch.nn.functional.logsigmoid(sign * scores)).sum()


def poisson(labels: Tensor, scores: Tensor, times: float = 1.0) -> Tensor:
    return times * (torch.exp(scores) - labels * scores).sum()


def gamma(labels: Tensor, scores: Tensor, times: float = 1.0) -> Tensor:
    return times * (labels * torch.exp(-scores) + scores).sum()


def tweedie(labels: Tensor, scores: Tensor, power: float, times: float = 1.0) -> Tensor:
    one, two = 1 - power, 2 - power
    return times * (-labels * torch.exp(one * scores) / one + torch.exp(two * scores) / two).sum()


def softmax_cross_entropy(labels: Tensor, scores: Tensor, times: float = 1.0) -> Tensor:
    return times * torch.nn.functional.cross_entropy(scores, labels.long(), reduction="sum")
