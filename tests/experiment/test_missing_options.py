"""A command without an option that it needs shows a command that works. torchvision is not needed for that."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from mlp_core.cli import app


@pytest.mark.parametrize("command", ["train", "search"])
@pytest.mark.parametrize(("given", "missing"), [((), "--data"), (("--data", "cifar2"), "--out")])
def test_a_missing_option_is_named_with_a_command_that_works(
    command: str, given: tuple[str, ...], missing: str
) -> None:  # fmt: skip
    result = CliRunner().invoke(app, [command, *given])
    words = " ".join(result.output.replace("│", " ").split())
    assert result.exit_code == 2
    assert f"Missing option '{missing}'. For example: " in words
    assert f"{command} --data cifar2 --out run. This downloads CIFAR-10 (170 MB)." in words


def test_a_wrong_value_gets_no_example() -> None:
    result = CliRunner().invoke(app, ["train", "--data", "cifar2", "--out", "run", "--epochs", "many"])
    assert result.exit_code == 2
    assert "For example" not in result.output
