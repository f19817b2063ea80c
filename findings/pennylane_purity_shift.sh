#!/usr/bin/env bash
# pennylane.purity with diff_method="parameter-shift". PennyLane 0.45.1, default.qubit, autograd 1.8.0, CPU.
# Seen: two qubits, the first rotated by x, the second entangled with it. The purity of the first has the gradient 0 by
#   parameter shift; correct is -0.466, which "backprop", "adjoint" and "finite-diff" give. Nothing is warned of.
#   vn_entropy and mutual_info raise an error with this method, as they say that it cannot work.
# A good engineer would guess: -0.466, or the same error.
# Why: the shift rule holds for expectation values, which are linear in the state, and purity is quadratic in it. The
#   list of what the method refuses lacks purity. Pass diff_method="backprop", or "finite-diff".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    pennylane==0.45.1 autograd==1.8.0 numpy==2.4.6 scipy==1.17.1
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore - <<'PY'
import sys

import numpy
import pennylane as qml
from pennylane import numpy as np

print("pennylane", qml.version())
x = np.array([0.6], requires_grad=True)


def gradient(measure, method):
    @qml.qnode(qml.device("default.qubit", wires=2), diff_method=method)
    def circuit(x):
        qml.RY(x[0], 0)
        qml.CNOT([0, 1])
        return measure()

    try:
        return round(float(qml.grad(circuit)(x)[0]), 3)
    except ValueError as error:
        return type(error).__name__


MEASURES = {
    "purity": lambda: qml.purity(wires=[0]),
    "vn_entropy": lambda: qml.vn_entropy(wires=[0]),
    "mutual_info": lambda: qml.mutual_info(wires0=[0], wires1=[1]),
    "expval": lambda: qml.expval(qml.PauliZ(0)),
    "var": lambda: qml.var(qml.PauliZ(0)),
}
seen = {}
for name, measure in MEASURES.items():
    for method in ("backprop", "adjoint", "finite-diff", "parameter-shift"):
        seen[name, method] = gradient(measure, method)
        print(f"{name}, {method}: gradient {seen[name, method]}")
correct = round(-float(numpy.sin(1.2)) / 2, 3)
if any(abs(seen["purity", method] - correct) > 2e-3 for method in ("backprop", "adjoint", "finite-diff")):
    sys.exit("changed: another method is off")
if abs(seen["var", "parameter-shift"] - seen["var", "backprop"]) > 2e-3:
    sys.exit("changed: the variance is off by parameter shift")
EXPECTED = {"purity": 0.0, "vn_entropy": "ValueError", "mutual_info": "ValueError"}
if {name: seen[name, "parameter-shift"] for name in EXPECTED} != EXPECTED:
    sys.exit("changed: purity is right by parameter shift, or refused")
PY
