#!/usr/bin/env bash
# safetensors.torch.save_file of a tensor that is conjugated or negated lazily. safetensors 0.8.0, torch 2.15.0, CPU.
# Seen: save(x.conj()) writes x: 1+2j comes back for 1-2j, without an error. A negated view, as the imaginary part of
#   the conjugate of one number, comes back with the other sign. torch.save writes both right.
#   So a checkpoint of complex weights or gradients can hold other numbers than the ones that were trained.
# A good engineer would guess: the numbers that print(x.conj()) shows, as x.conj() is an ordinary tensor.
# Why: torch only marks the tensor and leaves the memory as it is. safetensors copies the memory and asks for
#   contiguity alone. Call .resolve_conj().resolve_neg() before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    safetensors==0.8.0 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import io
import sys

import safetensors
import safetensors.torch
import torch

print("safetensors", safetensors.__version__, "torch", torch.__version__)


def through_safetensors(tensor):
    return safetensors.torch.load(safetensors.torch.save({"it": tensor}))["it"]


def through_torch(tensor):
    file = io.BytesIO()
    torch.save(tensor, file)
    file.seek(0)
    return torch.load(file)


x = torch.tensor([1 + 2j, 3 - 1j])
tensors = {
    "x.conj()": x.conj(),
    "x.conj().imag": x[:1].conj().imag,
    "x.conj(), resolved": x.conj().resolve_conj(),
}
changed = []
for name, tensor in tensors.items():
    back = through_safetensors(tensor)
    print(f"{name}: {tensor.tolist()}, from safetensors {back.tolist()}, from torch {through_torch(tensor).tolist()}")
    if not torch.equal(through_torch(tensor), tensor):
        sys.exit(f"changed: torch.save loses {name}")
    if not torch.equal(back, tensor):
        changed.append(name)
EXPECTED = ["x.conj()", "x.conj().imag"]
if changed != EXPECTED:
    sys.exit(f"changed: safetensors alters {changed}")
PY
