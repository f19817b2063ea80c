"""Correct training functions as people write them, each in another way. No law may fail for them."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cpu")
loss_fn: Any = None
train_loader: Any = None


def train_manual_update(n_epochs, model, loss_fn, train_loader, lr=1e-2, momentum_coeff=0.0, weight_decay=0.0):  # type: ignore[no-untyped-def]
    """As the course requires: the losses are the means of the batches' losses."""
    n_batch = len(train_loader)
    losses_train = []
    model.train()
    velocities = [None for _ in model.parameters()]
    for epoch in range(1, n_epochs + 1):
        loss_train = 0.0
        for imgs, labels in train_loader:
            outputs = model(imgs.to(device))
            loss = loss_fn(outputs, labels.to(device))
            loss.backward()
            with torch.no_grad():
                for i, p in enumerate(model.parameters()):
                    grad = p.grad + weight_decay * p
                    velocities[i] = grad if velocities[i] is None else momentum_coeff * velocities[i] + grad
                    p -= lr * velocities[i]
                    p.grad.zero_()
            loss_train += loss.item()
        losses_train.append(loss_train / n_batch)
        if epoch == 1 or epoch % 5 == 0:
            print(f"Epoch {epoch} | Training loss {loss_train / n_batch:.5f}")
    return losses_train


def train_polyak(net, criterion, trainloader, epochs, learning_rate, mu, l2, verbose=True):  # type: ignore[no-untyped-def]
    """Velocities contain -lr v, and the L2 term is in the loss; it returns nothing."""
    v = {name: torch.zeros_like(p) for name, p in net.named_parameters()}
    for _ in range(epochs):
        for x, y in trainloader:
            net.zero_grad()
            loss = criterion(net(x), y) + l2 / 2 * sum((p**2).sum() for p in net.parameters())
            loss.backward()
            for name, p in net.named_parameters():
                v[name] = mu * v[name] - learning_rate * p.grad
                p.data += v[name]
        if verbose:
            print(loss)


def train_with_optimizer(model, optimizer, train_dl, val_dl, num_epochs, loss_function, device):  # type: ignore[no-untyped-def]
    """The usual loop, with an evaluation after every epoch; it returns losses per sample, in a dictionary."""
    history: dict[str, list[float]] = {"train": [], "val": []}
    for _ in range(num_epochs):
        model.train()
        running = 0.0
        for xb, yb in train_dl:
            xb, yb = xb.to(device), yb.to(device)
            optimizer.zero_grad(set_to_none=False)
            loss = loss_function(model(xb), yb)
            loss.backward()
            optimizer.step()
            running += loss.item() * xb.size(0)
        history["train"].append(running / len(train_dl.dataset))
        model.eval()
        with torch.no_grad():
            history["val"].append(sum(loss_function(model(xb), yb).item() * len(xb) for xb, yb in val_dl))
    return model, history


def train_by_globals(model, lr, n_epochs, momentum=None, weight_decay=None):  # type: ignore[no-untyped-def]
    """Loader and loss are global variables of the notebook."""
    buffers: list[Any] = []
    steps = []
    for _ in range(n_epochs):
        for x, y in train_loader:
            loss = loss_fn(model(x), y)
            grads = list(torch.autograd.grad(loss, list(model.parameters())))
            steps.append(loss.item())
            with torch.no_grad():
                grads = [g.add(p, alpha=weight_decay or 0) for g, p in zip(grads, model.parameters(), strict=True)]
                buffers = [b * (momentum or 0) + g for b, g in zip(buffers, grads, strict=True)] if buffers else grads
                for p, b in zip(model.parameters(), buffers, strict=True):
                    p.add_(b, alpha=-lr)
    return steps


def fit_on_tensors(X_train, y_train, model, epochs, lr, beta=0.0, lambda_=0.0, batch_size=32):  # type: ignore[no-untyped-def]
    """Makes its own loader, and computes its own cross-entropy."""
    loader = DataLoader(TensorDataset(X_train, y_train), batch_size=batch_size, shuffle=True)
    v = [torch.zeros_like(p) for p in model.parameters()]
    for _ in range(epochs):
        for xb, yb in loader:
            model.zero_grad()
            nn.functional.cross_entropy(model(xb), yb).backward()
            with torch.no_grad():
                for k, p in enumerate(model.parameters()):
                    v[k] = beta * v[k] + p.grad + lambda_ * p
                    p.copy_(p - lr * v[k])
    return model


def train_a_copy(model, loader, loss, lr, epochs):  # type: ignore[no-untyped-def]
    """Trains and returns a copy; the given module does not change."""
    own = copy.deepcopy(model)
    total = []
    for _ in range(epochs):
        summed = 0.0
        for x, y in loader:
            own.zero_grad()
            value = loss(own(x), y)
            value.backward()
            summed += float(value)
            for p in own.parameters():
                p.data.sub_(lr * p.grad)
        total.append(summed)
    return own, torch.tensor(total).numpy()


def train_one_epoch(model, data_loader, optimizer, criterion):  # type: ignore[no-untyped-def]
    """One epoch per call; the caller decides how many."""
    for inputs, targets in data_loader:
        optimizer.zero_grad()
        criterion(model(inputs), targets).backward()
        optimizer.step()


def train_regression(model, loader, n_epochs, lr, momentum):  # type: ignore[no-untyped-def]
    """Computes its own mean squared error, and updates with numpy."""
    v: list[Any] = [0.0] * len(list(model.parameters()))
    for _ in range(n_epochs):
        for x, y in loader:
            model.zero_grad()
            ((model(x) - y) ** 2).mean().backward()
            for k, p in enumerate(model.parameters()):
                v[k] = momentum * v[k] + p.grad.numpy()
                p.data = p.data - lr * torch.as_tensor(v[k])


def train_images(model, loss_fn, train_loader, n_epochs, lr, weight_decay):  # type: ignore[no-untyped-def]
    """Flattens images with fixed numbers, 3 times 32 times 32."""
    return [
        sum(_step(model, loss_fn, x.view(-1, 3 * 32 * 32), y, lr, weight_decay) for x, y in train_loader)
        / len(train_loader.dataset)
        for _ in range(n_epochs)
    ]


def _step(model: Any, loss_fn: Any, x: Any, y: Any, lr: float, weight_decay: float) -> float:
    loss = loss_fn(model(x), y)
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= lr * (p.grad + weight_decay * p)
            p.grad = None
    return float(loss.item() * len(x))


def train_in_floats(model, loss_fn, loader, epochs, lr, momentum, weight_decay):  # type: ignore[no-untyped-def]
    """Casts data to float32, and clips only gradients above any real size."""
    buffer = [torch.zeros(p.shape) for p in model.parameters()]
    for _ in range(epochs):
        for x, y in loader:
            loss = loss_fn(model(x.float()), y)
            model.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1e9)
            for p, b in zip(model.parameters(), buffer, strict=True):
                b.mul_(momentum).add_(p.grad + weight_decay * p.detach())
                p.data -= lr * b


EVERY = (
    train_manual_update, train_polyak, train_with_optimizer, train_by_globals, fit_on_tensors, train_a_copy,
    train_one_epoch, train_regression, train_images, train_in_floats,
)  # fmt: skip
