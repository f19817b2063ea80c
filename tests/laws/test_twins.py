"""Twins: two functions of the same arguments; what is written otherwise passes, what is another function does not."""

from __future__ import annotations

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from mlp_core.base.errors import ArgumentError
from mlp_core.testing import subjects, verify
from mlp_core.testing.engine import runner
from mlp_core.testing.faults import twins
from mlp_core.testing.subjects import arrays

CASES = Path(os.environ.get("MLP_CORE_CASES", "")) / "doors"


@pytest.fixture(autouse=True)
def few_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SHRINKS", 5)


def mean(x: Any) -> Any:
    return x.mean(0)


def soft(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def product(a: Any, b: Any) -> Any:
    return {"out": a @ b, "shape": str((a @ b).shape)}


def step(w: Any, g: Any) -> None:
    w -= 0.1 * g


def noisy(x: Any) -> Any:
    return x + torch.randn(x.shape, dtype=torch.float64)


RIGHT = {
    "in a loop": (lambda x: sum(x[k] for k in range(len(x))) / len(x), mean, arrays("(n,d)")),
    "shifted": (lambda x: np.exp(x - x.max(-1, keepdims=True)) / np.exp(x - x.max(-1, keepdims=True)).sum(-1)[:, None],
                soft, arrays("(n,d)")),
    "einsum": (lambda a, b: {"out": np.einsum("ij,jk", a, b), "shape": str((a @ b).shape)}, product,
               arrays("(n,d),(d,h)")),
    "torch for numpy": (lambda x: torch.from_numpy(x).softmax(-1), soft, arrays("(n,d)")),
    "single precision": (lambda x: soft(x.astype(np.float32)), soft, arrays("(n,d)")),
    "in place": (lambda w, g: np.add(w, -0.1 * g, out=w) is None or None, step, arrays("(n),(n)")),
    "the same random numbers": (lambda x: torch.randn(x.shape, dtype=torch.float64) + x, noisy,
                                arrays("(n)", lib="torch")),
    "a number": (lambda n: n * (n - 1) // 2, lambda n: sum(range(n)), st.integers(0, 99)),
}  # fmt: skip

WRONG = {
    "a sum for a mean": (lambda x: x.sum(0), mean, arrays("(n,d)"), "a sum instead of a mean"),
    "another axis": (lambda x: np.exp(x) / np.exp(x).sum(0), soft, arrays("(n,3)"), ""),
    "transposed": (lambda a, b: {"out": (a @ b).T, "shape": "(3, 3)"}, lambda a, b: {"out": a @ b, "shape": "(3, 3)"},
                   arrays("(3,d),(d,3)"), "it is transposed"),
    "a sign": (lambda x: -x.mean(0), mean, arrays("(n,d)"), "the sign is wrong"),
    "half of it": (lambda x: x.mean(0) / 2, mean, arrays("(n,d)"), "it is 0.5 times"),
    "another key": (lambda a, b: {"oot": a @ b, "shape": ""}, product, arrays("(n,d),(d,h)"), ""),
    "a column": (lambda x: x.mean(0)[:, None], mean, arrays("(n,d)"), ""),
    "nothing": (lambda x: None, mean, arrays("(n,d)"), ""),
    "it copies": (lambda w, g: w - 0.1 * g, step, arrays("(n),(n)"), ""),
    "one minus": (lambda x: 1 - soft(x), soft, arrays("(n,d)"), "it is one minus"),
    "a billionth": (lambda x: x.mean(0) * (1 + 1e-9), mean, arrays("(n,d)"), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_the_same_function_written_otherwise_passes(name: str) -> None:
    report = verify(subjects.twin(*RIGHT[name]), examples=10)
    assert report.ok, [result.text() for result in report.results if result.verdict == "FAIL"]


@pytest.mark.parametrize("name", WRONG)
def test_another_function_is_told_and_the_relation_named(name: str) -> None:
    mine, reference, inputs, words = WRONG[name]
    failed = [r for r in verify(subjects.twin(mine, reference, inputs), examples=10).results if r.verdict == "FAIL"]
    assert failed
    assert words in str(failed[0].diagnosis)


def test_a_function_held_to_itself_is_right() -> None:
    for fault in twins.CATALOGUE.faults:
        assert verify(fault.make(fault.right), examples=10).ok


def test_what_it_raises_is_told_and_what_the_reference_raises_is_not_held_against_it() -> None:
    def raises(x: Any) -> Any:
        raise IndexError("out of range")

    assert "IndexError" in verify(subjects.twin(raises, mean, arrays("(n,d)")), examples=3).results[0].got
    for arguments in ((3, mean, arrays("(n)")), (mean, None, arrays("(n)")), (mean, mean, "(n)")):
        with pytest.raises(ArgumentError):
            subjects.twin(*arguments)  # type: ignore[arg-type]


def of(file: str, name: str) -> list[Any]:
    """A function of a given case, wrong and corrected."""
    found = []
    for path in (CASES / file, CASES / "mended" / file):
        spec = spec_from_file_location(f"case_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(getattr(module, name))
    return found


def network(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.LayerNorm(3), torch.nn.Linear(3, 3)).double()


def accumulated(step_of: Any) -> Any:
    """The weights of a network after a step over micro-batches of unlike numbers of tokens."""

    def run(x: Any, targets: Any) -> Any:
        model = network(0)
        optimizer = torch.optim.SGD(model.parameters(), 0.5)
        hidden = torch.where(targets % 2 == 0, targets, -100)
        step_of(model, optimizer, [(x[:1], targets[:1] * 0), (x[1:], hidden[1:] * 1)])
        return model

    return run


def whole_batch(model: Any, optimizer: Any, micro_batches: Any) -> None:
    tokens, targets = (torch.cat(part) for part in zip(*micro_batches, strict=True))
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(tokens), targets, ignore_index=-100).backward()
    optimizer.step()


def decays(make: Any) -> Any:
    def run(x: Any) -> Any:
        model = network(0)
        names = {id(p): n for n, p in model.named_parameters()}
        groups = make(model).param_groups
        return {names[id(p)]: g["weight_decay"] for g in groups for p in g["params"]}, x

    return run


def of_a_network(f: Any) -> Any:
    return lambda x, y: f(network(0), x, y)


def averaged(kind: Any) -> Any:
    def run(*weights: Any) -> Any:
        average = kind([torch.zeros_like(weights[0])], 0.9)
        for w in weights * 7:  # the two part where the decay is half
            average.step([w])
        return average.shadow

    return run


@pytest.mark.skipif(not CASES.is_dir(), reason="MLP_CORE_CASES names no folder with cases of doors")
@pytest.mark.parametrize("case", ["25", "27", "28", "29"])
def test_handed_cases_are_judged(case: str) -> None:
    tokens = arrays("(n,2),(n)<3", lib="torch", sizes={"n": (3, 5)})
    wrong, mended = {
        "25": lambda: (accumulated(of("25_accumulation.py", "train_step")[0]), accumulated(whole_batch)),
        "27": lambda: tuple(map(averaged, of("27_ema.py", "EMA"))),
        "28": lambda: tuple(map(decays, of("28_no_decay_names.py", "make_optimizer"))),
        "29": lambda: tuple(map(of_a_network, of("29_fisher_diagonal.py", "fisher_diagonal"))),
    }[case]()
    inputs = {"27": arrays("(n),(n),(n)", lib="torch"), "28": arrays("(n)", lib="torch")}.get(case, tokens)
    assert not verify(subjects.twin(wrong, mended, inputs), examples=10).ok
    report = verify(subjects.twin(mended, mended, inputs), examples=10)
    assert report.ok, [result.text() for result in report.results if result.verdict == "FAIL"]
