"""The optimizer of a rule: what it accepts and refuses, keeps and forgets."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from stepped_rules import RULE, SGD, assert_same, parameters, set_grads
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from mlp_core import MLP, ArgumentError, fit, rules


def refusal(rule: Any, params: Any) -> str:
    with pytest.raises(ArgumentError) as caught:
        rule.optimizer(params)
    return str(caught.value)


@dataclass(frozen=True)
class Flatland(SGD):
    """SGD of vectors and matrices that have entries."""

    ndims: ClassVar = (1, 2)
    empty: ClassVar = False


def parameter(*shape: int) -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(shape))


def test_shapes_that_a_rule_does_not_take() -> None:
    assert (
        refusal(Flatland(), [parameter()])
        == "params: got shape (), expected parameters of 1 or 2 dimensions for Flatland"
    )
    message = "params: got shape (2, 1, 2), expected parameters of 1 or 2 dimensions for Flatland"
    assert refusal(Flatland(), [parameter(2), parameter(2, 1, 2)]) == message
    message = "params: got shape (0, 2), expected parameters with entries for Flatland"
    assert refusal(Flatland(), [parameter(0, 2)]) == message
    assert refusal(rules.get("muon")(), [parameter(3)]).endswith("expected parameters of 2 dimensions for Muon")
    Flatland().optimizer([parameter(3), parameter(2, 2)])
    SGD().optimizer([parameter(), parameter(0), parameter(1, 1, 1)])


def test_names_of_parameters_and_an_initial_lr_belong_to_torch() -> None:
    model = MLP([2, 1])
    optimizer = RULE.optimizer([{"params": list(model.named_parameters()), "initial_lr": 0.5}])
    assert optimizer.param_groups[0]["param_names"] == ["W1", "b1"]
    assert optimizer.param_groups[0]["initial_lr"] == 0.5
    again = RULE.optimizer([dict(group) for group in optimizer.param_groups])
    assert again.param_groups[0]["param_names"] == ["W1", "b1"]


@pytest.mark.parametrize("refused", [{"lr": -1.0}, {"momentum": -1.0}, {"speed": 1.0}], ids=str)
def test_a_refused_group_leaves_every_other(refused: dict[str, float]) -> None:
    params = parameters(1, 2, 3, 4)
    optimizer = RULE.optimizer([{"params": [p]} for p in params[:3]])
    with pytest.raises(ArgumentError):
        optimizer.add_param_group({"params": params[3:], **refused})
    assert [group["params"][0].numel() for group in optimizer.param_groups] == [1, 2, 3]


def test_a_step_without_a_closure_returns_none() -> None:
    assert RULE.optimizer(parameters(2)).step() is None


def test_a_rule_is_made_anew_only_when_its_hyperparameters_change() -> None:
    made: list[Any] = []

    @dataclass(frozen=True)
    class Counted(SGD):
        def __post_init__(self) -> None:
            made.append(self.lr)
            super().__post_init__()

    params = parameters(2)
    optimizer = Counted(lr=0.5).optimizer(params)
    set_grads(params, 0)
    for lr in (0.5, 0.5, 0.25, 0.25):
        optimizer.param_groups[0]["lr"] = lr
        optimizer.step()
    assert made == [0.5, 0.5, 0.25]  # by us; by the optimizer


def test_another_parameter_in_the_same_memory_begins_anew() -> None:
    (p,) = parameters(3)
    optimizer = RULE.optimizer([p])
    p.grad = torch.ones_like(p)
    optimizer.step()
    q = torch.nn.Parameter(p.detach())
    q.grad = p.grad
    optimizer.param_groups[0]["params"][0] = q
    optimizer.step()
    assert (optimizer.state[p]["step"], optimizer.state[q]["step"]) == (1, 1)


def stepped(params: list[Any], rule: Any = RULE) -> Any:
    optimizer = rule.optimizer(params)
    set_grads(params, 0)
    optimizer.step()
    return optimizer


def test_a_loaded_state_is_a_copy_in_the_dtype_and_place_of_the_parameters() -> None:
    saved = stepped([torch.nn.Parameter(torch.ones(3))]).state_dict()
    kept = copy.deepcopy(saved)
    double = parameters(3)
    optimizer = RULE.optimizer(double)
    optimizer.load_state_dict(saved)
    buffer = optimizer.state[double[0]]["momentum_buffer"]
    assert (buffer.dtype, buffer.tolist()) == (torch.float64, kept["state"][0]["momentum_buffer"].tolist())
    same = [torch.nn.Parameter(torch.ones(3))]
    optimizer = RULE.optimizer(same)
    optimizer.load_state_dict(saved)
    set_grads(same, 1)
    optimizer.step()
    assert saved["state"][0]["momentum_buffer"].tolist() == kept["state"][0]["momentum_buffer"].tolist()
    elsewhere = [torch.nn.Parameter(torch.ones(3, device="meta"))]
    optimizer = RULE.optimizer(elsewhere)
    optimizer.load_state_dict(saved)
    assert optimizer.state[elsewhere[0]]["momentum_buffer"].device.type == "meta"


def xy() -> tuple[Tensor, Tensor]:
    return torch.linspace(-1, 1, 4).view(4, 1), torch.ones(4, 1)


def test_momentum_may_be_switched_off_but_not_on_at_a_checkpoint() -> None:
    options: dict[str, Any] = {"loss": "mse", "epochs": 1, "batch_size": 2}
    with_momentum = fit(MLP([1, 1]), *xy(), rule=SGD(lr=0.5, momentum=0.5), **options).checkpoint
    without = fit(MLP([1, 1]), *xy(), rule=SGD(lr=0.5), **options).checkpoint
    with pytest.raises(ArgumentError, match="momentum_buffer switched on from the first step, or not at all"):
        fit(MLP([1, 1]), *xy(), rule=SGD(lr=0.5, momentum=0.5), start=without, **options)
    gone_on = MLP([1, 1])
    fit(gone_on, *xy(), rule=SGD(lr=0.5), start=with_momentum, **options)
    plain = MLP([1, 1])
    plain.load_state_dict({"W1": with_momentum["flat"][:1, None], "b1": with_momentum["flat"][16:17]})
    fit(plain, *xy(), rule=SGD(lr=0.5), **options)
    assert torch.equal(gone_on.flat, plain.flat)


def test_the_momentum_of_muon_is_not_made_orthogonal_in_16_bits() -> None:
    p = torch.nn.Parameter(torch.zeros(2, 3, dtype=torch.bfloat16))
    p.grad = torch.arange(6, dtype=torch.bfloat16).view(2, 3)
    muon: Any = rules.get("muon")(momentum=0.5, nesterov=False)
    optimizer = muon.optimizer([p])
    optimizer.step()
    assert torch.equal(optimizer.state[p]["momentum_buffer"], p.grad / 2)


@pytest.mark.parametrize("size", [3, 7, 16])
def test_muon_takes_a_square_matrix_as_it_lies(size: int) -> None:
    ours, theirs = ([torch.nn.Parameter(torch.zeros(size, size))] for _ in range(2))
    muon: Any = rules.get("muon")()
    for params, optimizer in ((ours, muon.optimizer(ours)), (theirs, muon.twin(theirs))):
        params[0].grad = torch.randn(size, size, generator=torch.Generator().manual_seed(size))
        optimizer.step()
    assert torch.equal(*ours, *theirs)


def test_hooks_and_profilers_are_told_of_a_step_once() -> None:
    told: list[str] = []
    (p,) = parameters(2)
    optimizer = RULE.optimizer([p])
    set_grads([p], 0)
    optimizer.step()
    handles = [
        optimizer.register_step_pre_hook(lambda *_: told.append("before")),
        optimizer.register_step_post_hook(lambda *_: told.append("after")),
        register_optimizer_step_pre_hook(lambda *_: told.append("before any")),
        register_optimizer_step_post_hook(lambda *_: told.append("after any")),
    ]
    for handle, left in zip(handles, (4, 3, 2, 1), strict=True):
        told.clear()
        optimizer.step()
        assert len(told) == left
        handle.remove()
    told.clear()
    optimizer._announced_step = lambda *_: told.append("announced")  # type: ignore[assignment]
    optimizer.step()
    del optimizer._announced_step
    assert told == []  # nobody listens
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        optimizer.step()
    assert [e.count for e in profile.key_averages() if e.key == "Optimizer.step#RuleOptimizer.step"] == [1]
    assert told == []


def test_a_hook_may_change_what_a_step_is_asked() -> None:
    (p,) = parameters(2)
    optimizer = RULE.optimizer([p])
    set_grads([p], 0)
    optimizer.register_step_pre_hook(lambda _, args, options: ((args[0], lambda: 5.0), {}))
    assert optimizer.step() == 5.0


def test_what_a_closure_returns_is_returned_where_hooks_listen() -> None:
    (p,) = parameters(2)
    optimizer = RULE.optimizer([p])
    set_grads([p], 0)
    optimizer.register_step_post_hook(lambda *_: None)
    assert optimizer.step(lambda: 3.0) == 3.0


def test_schedulers_of_torch_move_the_rate() -> None:
    (p,), (q,) = parameters(2), parameters(2)
    ours, theirs = RULE.optimizer([p]), RULE.twin([q])
    schedulers = [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5) for optimizer in (ours, theirs)]
    for step in range(3):
        set_grads([p], step)
        set_grads([q], step)
        for optimizer, scheduler in zip((ours, theirs), schedulers, strict=True):
            optimizer.step()
            scheduler.step()
        assert_same([p], [q])
    assert ours.param_groups[0]["lr"] == theirs.param_groups[0]["lr"] == RULE.lr / 8


def test_every_method_that_torch_hides_from_its_compiler_is_taken_plain() -> None:
    """The wrapper imports the compiler at its first call: seconds in which nobody trains."""
    methods = vars(torch.optim.Optimizer).items()
    hidden = [name for name, method in methods if hasattr(method, "__wrapped__") and not name.startswith("_")]
    assert "state_dict" in hidden
    assert not [name for name in hidden if hasattr(getattr(rules.RuleOptimizer, name), "__wrapped__")]
