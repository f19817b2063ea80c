"""Rules of other libraries, each as a function that takes a gradient and gives the parameter after the step."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import torch

STEPS, LR = 10, 0.1
NOISE = torch.Generator().manual_seed(3)
GRADIENTS = [torch.randn(2, 3, generator=NOISE, dtype=torch.float64) for _ in range(STEPS)]
START = torch.randn(2, 3, generator=NOISE, dtype=torch.float64)

Step = Callable[[torch.Tensor], torch.Tensor]
"""takes a gradient, gives the parameter after the step"""

Row = tuple[Callable[[], Step], Callable[[], Step], Callable[[], Step] | None]
"""a rule, torch's of that name, and what equals it after all"""

EPS = 1e-2
B = {"b1": 0.9, "b2": 0.95, "eps": EPS}
TB: dict[str, Any] = {"betas": (0.9, 0.95), "eps": EPS}
KB = {"beta_1": 0.9, "beta_2": 0.95, "epsilon": EPS}
MB: dict[str, Any] = {"betas": [0.9, 0.95], "eps": EPS}


def made(kind: Any, name: str, *args: Any, **hyper: Any) -> Callable[[], Step]:
    return lambda: kind(name, *args, **hyper)


def of_torch(name: str, **hyper: Any) -> Step:
    p = START.clone().requires_grad_()
    optimizer = getattr(torch.optim, name)([p], **{"lr": LR, **hyper})

    def step(g: torch.Tensor) -> torch.Tensor:
        p.grad = g.clone()
        optimizer.step()
        return p.detach().clone()

    return step


def of_ours(name: str, **hyper: Any) -> Step:
    """A rule that torch does not have."""
    p = START.clone().requires_grad_()
    optimizer = importlib.import_module("mlp_core").rules.get(name)(lr=LR, **hyper).optimizer([p])

    def step(g: torch.Tensor) -> torch.Tensor:
        p.grad = g.clone()
        optimizer.step()
        return p.detach().clone()

    return step


def of_optax(name: str, *args: Any, **hyper: Any) -> Step:
    optax, jnp = importlib.import_module("optax"), importlib.import_module("jax.numpy")
    module = optax.contrib if name == "muon" else optax
    rule = getattr(module, name)(LR, *args, **hyper)
    p = jnp.asarray(START.numpy())
    state = rule.init(p)

    def step(g: torch.Tensor) -> torch.Tensor:
        nonlocal p, state
        change, state = rule.update(jnp.asarray(g.numpy()), state, p)
        p = optax.apply_updates(p, change)
        return tensor(p)

    return step


def of_keras(name: str, **hyper: Any) -> Step:
    keras = importlib.import_module("keras")
    keras.config.set_floatx("float64")
    p = keras.Variable(START.numpy())
    rule = getattr(keras.optimizers, name)(learning_rate=LR, **hyper)
    rule.build([p])

    def step(g: torch.Tensor) -> torch.Tensor:
        rule.apply([keras.ops.convert_to_tensor(g.numpy())], [p])
        return tensor(p.numpy())

    return step


def of_mlx(name: str, **hyper: Any) -> Step:
    mx, optimizers = importlib.import_module("mlx.core"), importlib.import_module("mlx.optimizers")
    rule = getattr(optimizers, name)(learning_rate=LR, **hyper)
    params = {"w": mx.array(START.float().numpy())}

    def step(g: torch.Tensor) -> torch.Tensor:
        nonlocal params
        params = rule.apply_gradients({"w": mx.array(g.float().numpy())}, params)
        return tensor(params["w"])

    return step


def of_tinygrad(name: str, **hyper: Any) -> Step:
    grad = importlib.import_module("tinygrad")
    p = grad.Tensor(START.float().numpy().tolist())
    rule = getattr(importlib.import_module("tinygrad.nn.optim"), name)([p], lr=LR, **hyper)

    def step(g: torch.Tensor) -> torch.Tensor:
        p.grad = grad.Tensor(g.float().numpy().tolist())
        rule.step()
        return torch.tensor(p.tolist(), dtype=torch.float64)

    return step


def of_autograd(name: str, **hyper: Any) -> Step:
    rule, seen = getattr(importlib.import_module("autograd.misc.optimizers"), name), []
    rule(
        lambda x, i: GRADIENTS[i].numpy(),
        START.numpy().copy(),
        lambda x, i, g: seen.append(x.copy()),
        STEPS,
        LR,
        **hyper,
    )
    ended = rule(lambda x, i: GRADIENTS[i].numpy(), START.numpy().copy(), None, STEPS, LR, **hyper)
    after = iter([*map(tensor, seen[1:]), tensor(ended)])  # it reports before each step
    return lambda g: next(after)


def of_jax(name: str, *args: Any) -> Step:
    jnp = importlib.import_module("jax.numpy")
    init, update, params = getattr(importlib.import_module("jax.example_libraries.optimizers"), name)(LR, *args)
    state, count = init(jnp.asarray(START.numpy())), 0

    def step(g: torch.Tensor) -> torch.Tensor:
        nonlocal state, count
        state, count = update(count, jnp.asarray(g.numpy()), state), count + 1
        return tensor(params(state))

    return step


def of_sklearn(name: str, **hyper: Any) -> Step:
    np = importlib.import_module("numpy")
    module = importlib.import_module("sklearn.neural_network._stochastic_optimizers")
    p = START.numpy().copy()
    rule = getattr(module, name)([p], learning_rate_init=LR, **hyper)

    def step(g: torch.Tensor) -> torch.Tensor:
        rule.update_params([p], [g.numpy()])
        return tensor(np.array(p))

    return step


def of_thinc(name: str, **hyper: Any) -> Step:
    made = getattr(importlib.import_module("thinc.api"), name)(LR, **hyper)
    p = START.float().numpy().copy()

    def step(g: torch.Tensor) -> torch.Tensor:
        nonlocal p
        p, _ = made((0, "w"), p.copy(), g.float().numpy().copy())
        return tensor(p)

    return step


def tensor(array: Any) -> torch.Tensor:
    return torch.from_numpy(importlib.import_module("numpy").array(array)).double().clone()
