"""Rules of libraries that keep their state in graphs, files or another language, each as a function of a gradient."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
from functools import cache
from typing import Any

import torch
from other_libraries import GRADIENTS, LR, START, STEPS, Step, tensor


def of_paddle(name: str, **hyper: Any) -> Step:
    paddle = importlib.import_module("paddle")
    paddle.set_default_dtype("float64")
    p = paddle.create_parameter(START.shape, "float64")
    p.set_value(START.numpy())
    rule = getattr(paddle.optimizer, name)(learning_rate=LR, parameters=[p], **hyper)

    def step(g: torch.Tensor) -> torch.Tensor:
        (p * paddle.to_tensor(g.numpy())).sum().backward()
        rule.step()
        rule.clear_grad()
        return tensor(p.numpy())

    return step


def of_numpyro(name: str, *args: Any, **hyper: Any) -> Step:
    jnp = importlib.import_module("jax.numpy")
    rule = getattr(importlib.import_module("numpyro.optim"), name)(LR, *args, **hyper)
    state = rule.init(jnp.asarray(START.numpy()))

    def step(g: torch.Tensor) -> torch.Tensor:
        nonlocal state
        state = rule.update(jnp.asarray(g.numpy()), state)
        return tensor(rule.get_params(state))

    return step


def of_onnx(name: str, states: int, first: int = 0, **attributes: Any) -> Step:
    """An operator of ai.onnx.preview.training by onnx's reference; `first`: the T of the first step."""
    onnx, np = importlib.import_module("onnx"), importlib.import_module("numpy")
    reference = importlib.import_module("onnx.reference")
    names = ["R", "T", "X", "G", *(f"S{k}" for k in range(states))]
    outputs = ["X_new", *(f"S{k}_new" for k in range(states))]
    node = onnx.helper.make_node(name, names, outputs, domain="ai.onnx.preview.training", **attributes)
    double, whole = onnx.TensorProto.DOUBLE, onnx.TensorProto.INT64
    given = [onnx.helper.make_tensor_value_info(n, whole if n == "T" else double, None) for n in names]
    made = [onnx.helper.make_tensor_value_info(n, double, None) for n in outputs]
    domains = [onnx.helper.make_opsetid("ai.onnx.preview.training", 1), onnx.helper.make_opsetid("", 18)]
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "g", given, made), opset_imports=domains)
    run, count = reference.ReferenceEvaluator(model), first
    values = [START.numpy().copy(), *(np.zeros_like(START.numpy()) for _ in range(states))]

    def step(g: torch.Tensor) -> torch.Tensor:
        nonlocal values, count
        p, *kept = values
        inputs = dict(zip(names, [np.array(LR), np.array(count), p, g.numpy(), *kept], strict=True))
        values, count = run.run(None, inputs), count + 1
        return tensor(values[0])

    return step


def of_ensmallen(name: str, **hyper: Any) -> Step:
    np, seen = importlib.import_module("numpy"), list[Any]()

    def objective(params: Any, gradient: Any) -> float:
        seen.append(np.array(params))
        gradient[:] = GRADIENTS[min(len(seen), STEPS) - 1].flatten().numpy()
        return -float(len(seen))  # falls without end: it does not stop before its last step

    make = getattr(importlib.import_module("pyensmallen"), name)
    rule = make(stepSize=LR, batchSize=1, maxIterations=STEPS, tolerance=-1.0, shuffle=False, **hyper)
    seen.append(np.array(rule.optimize(objective, START.flatten().numpy().copy())))
    after = iter([tensor(p).view(2, 3) for p in seen[1 : STEPS + 1]])
    return lambda g: next(after)


def of_tfjs(name: str, *args: Any) -> Step:
    """The rules of TF.js, run by node: `npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu`, and
    NODE_PATH."""
    steps = _run_by_node(name, json.dumps(args))
    nan = float("nan")  # of which JSON makes null
    after = iter([torch.tensor([nan if v is None else v for v in p]).double().view(2, 3) for p in steps])
    return lambda g: next(after)


TFJS = """
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
const {name, args, start, gradients} = JSON.parse(process.argv[1]);
const p = tf.variable(tf.tensor2d(start)), rule = tf.train[name](...args), after = [];
for (const g of gradients) {
  rule.applyGradients({[p.name]: tf.tensor2d(g)});
  after.push(Array.from(p.dataSync()));
}
console.log(JSON.stringify(after));
"""


@cache
def _run_by_node(name: str, args: str) -> list[list[float | None]]:
    rows = [g.tolist() for g in GRADIENTS]
    given = {"name": name, "args": json.loads(args), "start": START.tolist(), "gradients": rows}
    asked = ["node", "-e", TFJS, json.dumps(given)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)  # noqa: S603  our own lines
    found: list[list[float | None]] = json.loads(done.stdout.splitlines()[-1])
    return found


def has_tfjs() -> bool:
    """Whether node finds TF.js."""
    if shutil.which("node") is None:
        return False
    asked = ["node", "-e", 'require("@tensorflow/tfjs-core"); require("@tensorflow/tfjs-backend-cpu")']
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0  # noqa: S603  our own lines
