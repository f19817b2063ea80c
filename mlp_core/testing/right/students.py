"""Correct training functions that make their batches, compute their losses or use a global model. No law may fail for
them."""

from __future__ import annotations

import copy
import random
from typing import Any

import torch
import torch.nn.functional as F

model: Any = None


def train(model, device, train_loader, optimizer, epoch, log_interval=10):  # type: ignore[no-untyped-def]
    """Like torch's example for MNIST: one epoch per call, a loss for probabilities, and the losses are only printed."""
    for index, (data, target) in enumerate(train_loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        if index % log_interval == 0:
            print(f"Train Epoch: {epoch} [{index * len(data)}/{len(train_loader.dataset)}]\tLoss: {loss.item():.6f}")


def train_one_epoch(epoch, model, loader, criterion, optimizer):  # type: ignore[no-untyped-def]
    """Returns the mean of the batches' losses; one call per epoch."""
    running = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item()
    return running / len(loader)


def train_many(model, loader, epoch=10, lr=0.1):  # type: ignore[no-untyped-def]
    """`epoch` is the number of epochs."""
    for _ in range(epoch):
        for x, y in loader:
            model.zero_grad()
            F.cross_entropy(model(x), y).backward()
            for p in model.parameters():
                p.data -= lr * p.grad


def descend(net, X, Y, epochs, eta, mu=0.0):  # type: ignore[no-untyped-def]
    """Half of the summed squares over all samples at once."""
    v = [torch.zeros_like(p) for p in net.parameters()]
    costs = []
    for _ in range(epochs):
        cost = 0.5 * ((net(X) - Y) ** 2).sum()
        net.zero_grad()
        cost.backward()
        with torch.no_grad():
            for p, velocity in zip(net.parameters(), v, strict=True):
                velocity.mul_(mu).add_(p.grad)
                p.sub_(eta * velocity)
        costs.append(cost.item())
    return costs


def train_on_random_batches(model, x_train, y_train, lr, n_iters=1000, batch_size=32, momentum=0.9):  # type: ignore[no-untyped-def]
    """Draws every batch with replacement."""
    buffers = [torch.zeros_like(p) for p in model.parameters()]
    losses = []
    for _ in range(n_iters):
        rows = torch.tensor(random.choices(range(len(x_train)), k=batch_size))  # noqa: S311
        loss = F.cross_entropy(model(x_train[rows]), y_train[rows])
        grads = torch.autograd.grad(loss, list(model.parameters()))
        buffers = [momentum * b + g for b, g in zip(buffers, grads, strict=True)]
        with torch.no_grad():
            for p, b in zip(model.parameters(), buffers, strict=True):
                p -= lr * b
        losses.append(loss.item())
    return losses


def fit_in_batches(model, X_train, y_train, epochs=20, batch_size=16, lr=0.05, momentum=0.0, l2=0.0, seed=None):  # type: ignore[no-untyped-def]
    """Shuffles; the last batch is short."""
    if seed is not None:
        torch.manual_seed(seed)
    velocity = [torch.zeros_like(p) for p in model.parameters()]
    history = []
    for _ in range(epochs):
        order, running = torch.randperm(len(X_train)), 0.0
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            loss = F.cross_entropy(model(X_train[rows]), y_train[rows])
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for p, v in zip(model.parameters(), velocity, strict=True):
                    v *= momentum
                    v += p.grad + l2 * p
                    p -= lr * v
            running += loss.item() * len(rows)
        history.append(running / len(order))
    return {"loss": history}


def train_one_hot(model, train_loader, n_epochs, lr, weight_decay=0.0, num_classes=10):  # type: ignore[no-untyped-def]
    """Squared errors for classes; the losses are printed with few digits."""
    for epoch in range(n_epochs):
        total = 0.0
        for images, labels in train_loader:
            out = model(images.view(images.shape[0], -1))
            loss = F.mse_loss(out, F.one_hot(labels, num_classes).to(out.dtype))
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= lr * (p.grad + weight_decay * p)
            total += loss.item() * len(images)
        print(f"epoch {epoch}: loss {total / len(train_loader.dataset):.4f}")


def train_with_average(model, loss_fn, train_loader, epochs, lr, momentum, ema_decay=0.999):  # type: ignore[no-untyped-def]
    """Also returns an average of the weights, with a warm-up."""
    ema, buffers, step = copy.deepcopy(model), [0.0] * len(list(model.parameters())), 0
    for _ in range(epochs):
        for x, y in train_loader:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            step += 1
            decay = min(ema_decay, (1 + step) / (10 + step))
            with torch.no_grad():
                for k, (p, e) in enumerate(zip(model.parameters(), ema.parameters(), strict=True)):
                    buffers[k] = momentum * buffers[k] + p.grad
                    p -= lr * buffers[k]
                    e.mul_(decay).add_(p, alpha=1 - decay)
    return model, ema


def train_without_bias_decay(model, train_loader, loss_fn, lr, n_epochs, momentum=0.0, weight_decay=0.0):  # type: ignore[no-untyped-def]
    """Weights have decay, biases do not."""
    v: dict[str, Any] = {}
    for _ in range(n_epochs):
        for x, y in train_loader:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            with torch.no_grad():
                for name, p in model.named_parameters():
                    g = p.grad if name.endswith("bias") else p.grad + weight_decay * p
                    v[name] = momentum * v.get(name, 0) + g
                    p -= lr * v[name]


def train_by_phases(dataloaders, criterion, optimizer, num_epochs=3, scheduler=None):  # type: ignore[no-untyped-def]
    """The model is a global variable, and every phase has a loader."""
    for _ in range(num_epochs):
        for phase in ("train", "val"):
            model.train(phase == "train")
            for x, y in dataloaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    loss = criterion(model(x), y)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()


def tren_modell(modell, tap_fn, treningsdata, antall_epoker, laeringsrate, momentum=0.0, vektreduksjon=0.0):  # type: ignore[no-untyped-def]
    """Names are Norwegian."""
    fart = [torch.zeros_like(p) for p in modell.parameters()]
    for _ in range(antall_epoker):
        for x, y in treningsdata:
            modell.zero_grad()
            tap_fn(modell(x), y).backward()
            with torch.no_grad():
                for k, p in enumerate(modell.parameters()):
                    fart[k] = momentum * fart[k] + p.grad + vektreduksjon * p
                    p -= laeringsrate * fart[k]


EVERY = (
    train, train_one_epoch, train_many, descend, train_on_random_batches, fit_in_batches, train_one_hot,
    train_with_average, train_without_bias_decay, train_by_phases, tren_modell,
)  # fmt: skip
