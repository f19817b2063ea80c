"""Multi-layer perceptron with hand-written gradients.

Run with

    python hand_in_03_decorated.py --epochs 30
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

log = logging.getLogger(__name__)


@dataclass
class Config:
    """What the command line can change."""

    widths: list[int] = field(default_factory=lambda: [3072, 64, 10])
    lr: float = 1e-3
    data: Path = Path("../data")


class MyNet(nn.Module):
    def __init__(self, n_l: Sequence[int] = (2, 3, 2)) -> None:
        super().__init__()
        self.L = len(n_l) - 1
        self.n_l = list(n_l)
        self.z: dict[int, Tensor] = {}
        self.a: dict[int, Tensor] = {}
        self.dL_dw: dict[int, Tensor] = {}
        self.dL_db: dict[int, Tensor] = {}
        self.f: dict[int, Callable[[Tensor], Tensor]] = {i: torch.tanh for i in range(1, self.L + 1)}
        self.df: dict[int, Callable[[Tensor], Tensor]] = {i: dtanh for i in range(1, self.L + 1)}
        self.fc = nn.ModuleDict({str(i): nn.Linear(n_l[i - 1], n_l[i]) for i in range(1, self.L + 1)})

    def forward(self, x: Tensor) -> Tensor:
        self.a[0] = x.flatten(start_dim=1)
        for i in range(1, self.L + 1):
            self.z[i] = self.fc[str(i)](self.a[i - 1])
            self.a[i] = self.f[i](self.z[i])
        return self.a[self.L]


def dtanh(z: Tensor) -> Tensor:
    return 1 - torch.tanh(z) ** 2


@torch.no_grad()
def backpropagation(model: MyNet, y_true: Tensor, y_pred: Tensor) -> None:
    """Fill ``model.dL_dw`` and ``model.dL_db`` for the summed squared error."""
    grad_a = -2.0 * (y_true - y_pred)
    for layer in reversed(range(1, model.L + 1)):
        grad_z = grad_a * model.df[layer](model.z[layer])
        model.dL_dw[layer] = torch.matmul(grad_z.t(), model.a[layer - 1])
        model.dL_db[layer] = grad_z.sum(dim=0)
        grad_a = torch.matmul(grad_z, model.fc[str(layer)].weight)


@torch.no_grad()
def step(model: MyNet, lr: float) -> None:
    for i in range(1, model.L + 1):
        model.fc[str(i)].weight.sub_(lr * model.dL_dw[i])
        model.fc[str(i)].bias.sub_(lr * model.dL_db[i])


def load(data: Path) -> DataLoader:
    from torchvision import datasets, transforms

    tf = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)])
    return DataLoader(datasets.CIFAR10(data, train=True, download=True, transform=tf), batch_size=32, shuffle=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=30)
    args = parser.parse_args()
    cfg = Config()
    model = MyNet(cfg.widths)
    loader = load(cfg.data)
    for epoch in range(args.epochs):
        for imgs, labels in loader:
            y = nn.functional.one_hot(labels, 10).to(imgs.dtype)
            backpropagation(model, y, model(imgs))
            step(model, cfg.lr)
        log.info("epoch %d done", epoch)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
