#!/usr/bin/env bash
# torch.linalg.det: the gradient at a singular matrix depends on whether its own graph is kept.
#
# Guess:    the gradient of det is the matrix of cofactors, with create_graph=True and without.
# Measured: at [[1, 2], [2, 4]] backward gives zeros; with create_graph=True it gives the cofactors (4, -2, -2, 1).
# Versions: torch 2.15.0 (2.13.0 alike), on the CPU.
#
# Ends with 0 and prints the numbers if the behaviour is still so; with 1 if it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 numpy==2.2.6
cat > "$folder/run.py" <<'PYTHON'
import torch

def gradient(create_graph):
    A = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(torch.linalg.det(A), A, create_graph=create_graph)[0].detach().flatten().tolist()

plain, kept = gradient(False), gradient(True)
print("backward alone:", plain, " with create_graph=True:", kept)
assert plain == [0.0, 0.0, 0.0, 0.0], "changed: backward alone"
assert max(abs(a - b) for a, b in zip(kept, [4, -2, -2, 1])) < 1e-14, "changed: create_graph=True"
PYTHON
"$folder/venv/bin/python" "$folder/run.py"
