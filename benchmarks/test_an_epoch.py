"""A whole epoch of the experiment beside the usual way: DataLoader, transforms image by image, autograd, torch's SGD.

Both train 3072-512-128-32-2 on 8,000 images of 32 x 32 that are in memory as bytes, mirrored at random, batch 256.
The usual way decodes nothing here; from files it would decode every image in every epoch besides.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from rounds import OURS, REPLAY, Figures, figures

from mlp_core.experiment.data import Known
from mlp_core.experiment.draws import Range
from mlp_core.experiment.plan import Plan
from mlp_core.experiment.sealed import Split
from mlp_core.experiment.trial import Trial
from mlp_core.normalise import normalise

IMAGES, BATCH, ROUNDS = 8000, 256, 7
HYPERPARAMETERS = {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-3}


def pixels() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (IMAGES, 3, 32, 32), generator=generator, dtype=torch.uint8)
    return images, torch.randint(2, (IMAGES,), generator=generator)


def of_ours() -> Callable[[], object]:
    images, y = pixels()
    few = images[:256].float() / 255
    (training, validation, _), how = normalise(images.float() / 255, few, few)
    known = Known(
        Split(training.flatten(1), y, how), Split(validation.flatten(1), y[:256], how), ("a", "b"), (3, 32, 32)
    )
    ranges = {name: Range(value, value) for name, value in HYPERPARAMETERS.items()}
    plan = Plan(ranges=ranges, trials=1, epochs=10**6, batch_size=BATCH, mirror=True)
    trial = Trial(plan, known, 0)
    both = trial._images()
    return lambda: trial._epoch(*both)


def the_usual_way(workers: int) -> Callable[[], object]:
    from PIL import Image
    from torchvision import transforms

    bytes_, y = pixels()
    change = transforms.Compose([
        transforms.RandomHorizontalFlip(), transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.25,) * 3),
    ])  # fmt: skip

    class Dataset(torch.utils.data.Dataset[Any]):
        """As torchvision's CIFAR10: an image made of its bytes, then transformed."""

        rows = bytes_.permute(0, 2, 3, 1).numpy()

        def __len__(self) -> int:
            return IMAGES

        def __getitem__(self, index: int) -> Any:
            return change(Image.fromarray(self.rows[index])), int(y[index])

    loader = torch.utils.data.DataLoader(Dataset(), BATCH, shuffle=True, num_workers=workers)
    layers: list[torch.nn.Module] = [torch.nn.Flatten()]
    for n, m in ((3072, 512), (512, 128), (128, 32), (32, 2)):
        layers += [torch.nn.Linear(n, m), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), **HYPERPARAMETERS)  # type: ignore[arg-type]

    def epoch() -> None:
        total = 0.0
        for x, target in loader:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), target)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)

    return epoch


MAKERS: dict[str, Callable[[], Callable[[], object]]] = {
    OURS: of_ours,
    "DataLoader, autograd, torch SGD": lambda: the_usual_way(0),
    "the same, two loading workers": lambda: the_usual_way(2),
}


@cache
def measured() -> Figures:
    shape = f"3072-512-128-32-2, batch {BATCH}, {IMAGES} images"
    return figures("an epoch", MAKERS, rounds=ROUNDS, repeats=1, kind="an epoch", shape=shape)


@pytest.mark.benchmark(timer=REPLAY)
@pytest.mark.parametrize("name", list(MAKERS))
def test_an_epoch(benchmark: Any, name: str) -> None:
    measured().hand_to(benchmark, name)
