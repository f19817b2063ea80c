"""Resolves names: of something in the core, or in a module that can be imported."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from mlp_core import activations, losses, rules
from mlp_core.base.errors import ArgumentError, meant
from mlp_core.testing.report.names import FILES, beside
from mlp_core.testing.subjects import recognise
from mlp_core.testing.subjects.recognise import BATCH_SIZES


def core_subjects() -> dict[str, Any]:
    """Everything in the core that can be verified, by name."""
    from mlp_core.backprop import backprop
    from mlp_core.gradcheck import check_model
    from mlp_core.normalise import normalise
    from mlp_core.select import select
    from mlp_core.training import fit

    return {
        "backprop": backprop, "fit": fit, "gradcheck": check_model, "normalise": normalise, "select": select,
        **{name: rules.get(name) for name in rules.names()},
        **{name: losses.get(name) for name in losses.names()},
        **{name: activations.get(name) for name in activations.names()},
    }  # fmt: skip


def default_subjects() -> list[str]:
    """The subjects that are verified if none is named: the core's backprop, its training loop, and every rule."""
    return ["backprop", "fit", *rules.names()]


def resolve(thing: Any, batch_sizes: tuple[int, int] = BATCH_SIZES) -> Any:
    """The subject for a name or an object: see `mlp_core.testing.subjects.recognise`."""
    return recognise.resolve(_by_name(thing) if isinstance(thing, str) else thing, batch_sizes)


def _by_name(name: str) -> Any:
    if ":" not in name:
        known = core_subjects()
        if name not in known:
            file = name.replace(".", "/") + ".py"
            if Path(file).is_file():
                raise ArgumentError("subject", name, f"{file}, to verify that file, or {name}:NAME")
            if Path(name).is_file():
                raise ArgumentError("subject", name, f"a script or a notebook ({', '.join(FILES)})")
            if set(name) & set("*?["):
                raise ArgumentError("subject", name, "a pattern that matches a file")
            if "/" in name or "\\" in name:
                raise ArgumentError("subject", name, f"an existing file or folder{beside(Path(name))}")
            if one := _in_a_module(name):
                raise ArgumentError("subject", name, f"{one}, with a colon between the module and the name")
            expected = "a file, a folder, package.module:NAME, or a name that `mlp-core verify --list` prints"
            raise ArgumentError("subject", name, f"{expected}{meant(name, known)}")
        return known[name]
    module, _, attribute = name.partition(":")
    if Path(module).suffix in FILES:
        raise ArgumentError("subject", name, f"{module}:NAME, with one name after the file")
    if not module or not attribute:
        raise ArgumentError("subject", name, f"{module or 'MODULE'}:{attribute or 'NAME'}")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ArgumentError:
        raise  # of a call in the module, such as subjects.optimizer: its message names the argument
    except (ImportError, ValueError, TypeError) as error:  # "./file:x": not the name of a module
        raise ArgumentError("subject", name, f"a module that can be imported ({error})") from error
    except AttributeError as error:
        hint = meant(attribute, dir(sys.modules.get(module)))
        raise ArgumentError("subject", name, f"a name that module {module} defines ({error}){hint}") from error


def _in_a_module(name: str) -> str:
    """ "torch.optim.Adam" as "torch.optim:Adam", and "torch.optim" as "torch.optim:NAME"; "" if no module has the name.
    Nothing is imported.
    """
    module, _, attribute = name.rpartition(".")
    try:
        exists = importlib.util.find_spec(name.partition(".")[0]) is not None
    except ValueError:  # an empty name, or a module without a specification, such as __main__
        return ""
    if not exists:
        return ""
    return f"{module}:{attribute}" if module and attribute[:1].isupper() else f"{name}:NAME"
