"""Hypothesis profiles, one torch thread a worker, and a guard: no test may leave torch's globals changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, Phase, settings

from mlp_core.rules import _domains

collect_ignore = ["hand_ins"]  # material for test_hand_ins.py: it would train, download and import what is not there

# no deadline: the first example pays for torch's warming up. too_slow: it measures the machine, not the test
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=25, **_COMMON)
settings.register_profile("ci", max_examples=25, derandomize=True, database=None, print_blob=True, **_COMMON)
settings.register_profile("thorough", max_examples=500, print_blob=True, **_COMMON)
settings.register_profile("soak", max_examples=10_000, print_blob=True, **_COMMON)
# a mutant dies of the first example that shows it, and nobody reads the example
settings.register_profile(
    "mutation", max_examples=5, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate], **_COMMON
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))  # --hypothesis-profile goes before it


def pytest_configure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        torch.set_num_threads(1)  # the workers fill the cores


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Domains of rules are read afresh by every test: a mutant that reads them wrongly shows in each."""
    _domains._checked.cache_clear()


@pytest.fixture(autouse=True)
def torch_globals_stay() -> Iterator[None]:
    """Fail a test that leaves another default dtype, thread count or random state behind, and put it right again."""
    dtype, threads, random_state = torch.get_default_dtype(), torch.get_num_threads(), torch.get_rng_state()
    yield
    changed = []
    if torch.get_default_dtype() != dtype:
        changed.append(f"default dtype {dtype} -> {torch.get_default_dtype()}")
        torch.set_default_dtype(dtype)
    if torch.get_num_threads() != threads:
        changed.append(f"threads {threads} -> {torch.get_num_threads()}")
        torch.set_num_threads(threads)
    if not torch.equal(torch.get_rng_state(), random_state):
        changed.append("torch's global random state (wrap the drawing in torch.random.fork_rng())")
        torch.set_rng_state(random_state)
    if changed:
        pytest.fail("left changed: " + "; ".join(changed), pytrace=False)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder that holds cifar2/, CIFAR-2 in the ImageFolder layout, from the environment variable MLP_CORE_DATA."""
    named = os.environ.get("MLP_CORE_DATA")
    if not named:
        pytest.skip("needs CIFAR-2: set MLP_CORE_DATA to the folder that holds cifar2/")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"MLP_CORE_DATA names {named}, which is not a folder", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders `cat` and `dog` of 30 noisy images each, for commands to read."""
    from small_images import write_images  # needs Pillow, which the tests that ask for it have

    return write_images(tmp_path_factory.mktemp("images") / "all")


@pytest.fixture(autouse=True)
def nothing_stays_loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loading `hand_in.py` changes its process; in this process the changes are undone."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("hand_in", None)
