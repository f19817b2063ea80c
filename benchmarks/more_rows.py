"""Rows of docs/same-name.md of libraries in `more_libraries.py`, and of rules that need more than one parameter."""

from __future__ import annotations

from typing import Any

from more_libraries import of_ensmallen, of_numpyro, of_onnx, of_paddle, of_tfjs
from other_libraries import EPS, LR, TB, B, Row, made, of_keras, of_mlx, of_optax, of_thinc, of_tinygrad, of_torch

P, N, E, J, T = of_paddle, of_numpyro, of_ensmallen, of_tfjs, of_torch
PB: dict[str, Any] = {"beta1": 0.9, "beta2": 0.95, "epsilon": EPS}
EB = {"beta1": 0.9, "beta2": 0.95, "eps": EPS}
MUON = made(T, "Muon", weight_decay=0.0)

MORE: dict[str, Row] = {
    "paddle SGD": (made(P, "SGD"), made(T, "SGD"), None),
    "paddle SGD weight_decay": (made(P, "SGD", weight_decay=0.1), made(T, "SGD", weight_decay=0.1), None),
    "paddle Momentum": (made(P, "Momentum", momentum=0.9), made(T, "SGD", momentum=0.9), None),
    "paddle Momentum use_nesterov": (
        made(P, "Momentum", momentum=0.9, use_nesterov=True), made(T, "SGD", momentum=0.9, nesterov=True), None),
    "paddle Momentum weight_decay": (
        made(P, "Momentum", momentum=0.9, weight_decay=0.1), made(T, "SGD", momentum=0.9, weight_decay=0.1), None),
    "paddle Adam": (made(P, "Adam", **PB), made(T, "Adam", **TB), None),
    "paddle Adam amsgrad": (made(P, "Adam", amsgrad=True, **PB), made(T, "Adam", amsgrad=True, **TB), None),
    "paddle Adam weight_decay": (
        made(P, "Adam", weight_decay=0.1, **PB), made(T, "Adam", weight_decay=0.1, **TB), None),
    "paddle AdamW": (made(P, "AdamW", weight_decay=0.1, **PB), made(T, "AdamW", weight_decay=0.1, **TB), None),
    "paddle Adagrad": (made(P, "Adagrad", epsilon=EPS), made(T, "Adagrad", eps=EPS), None),
    "paddle Adadelta": (made(P, "Adadelta", rho=0.9, epsilon=EPS), made(T, "Adadelta", rho=0.9, eps=EPS), None),
    "paddle RMSProp": (made(P, "RMSProp", rho=0.9, epsilon=EPS), made(T, "RMSprop", alpha=0.9, eps=EPS), None),
    "paddle RMSProp eps to 0": (
        made(P, "RMSProp", rho=0.9, epsilon=1e-15), made(T, "RMSprop", alpha=0.9, eps=1e-15), None),
    "paddle Adamax": (made(P, "Adamax", **PB), made(T, "Adamax", **TB), None),
    "paddle NAdam": (made(P, "NAdam", **PB), made(T, "NAdam", **TB), None),
    "paddle RAdam": (made(P, "RAdam", **PB), made(T, "RAdam", **TB), None),
    "paddle Rprop": (
        made(P, "Rprop", learning_rate_range=(1e-6, 50.0)), made(T, "Rprop"), None),
    "paddle ASGD batch_num=1": (made(P, "ASGD", batch_num=1), made(T, "ASGD"), made(T, "SGD")),
    "numpyro Adagrad": (made(N, "Adagrad"), made(T, "Adagrad", eps=0.0), None),
    "numpyro Adagrad momentum=0": (made(N, "Adagrad", 0.0), made(T, "Adagrad", eps=0.0), None),
    "numpyro Adam": (made(N, "Adam", **B), made(T, "Adam", **TB), None),
    "numpyro Momentum": (made(N, "Momentum", 0.9), made(T, "SGD", momentum=0.9), None),
    "numpyro RMSProp": (made(N, "RMSProp", 0.9, EPS), made(T, "RMSprop", alpha=0.9, eps=EPS), None),
    "onnx Adam T from 0": (
        made(of_onnx, "Adam", 2, alpha=0.9, beta=0.95, epsilon=EPS), made(T, "Adam", **TB), None),
    "onnx Adam T from 1": (
        made(of_onnx, "Adam", 2, 1, alpha=0.9, beta=0.95, epsilon=EPS), made(T, "Adam", **TB), None),
    "onnx Momentum": (
        made(of_onnx, "Momentum", 1, alpha=0.9, beta=0.5, mode="standard", norm_coefficient=0.0),
        made(T, "SGD", momentum=0.9), made(T, "SGD", momentum=0.9, dampening=0.5)),
    "onnx Momentum nesterov": (
        made(of_onnx, "Momentum", 1, alpha=0.9, beta=1.0, mode="nesterov", norm_coefficient=0.0),
        made(T, "SGD", momentum=0.9, nesterov=True), None),
    "onnx Adagrad decay_factor": (
        made(of_onnx, "Adagrad", 1, decay_factor=0.1, epsilon=EPS), made(T, "Adagrad", eps=EPS),
        made(T, "Adagrad", eps=EPS, lr_decay=0.1)),
    "ensmallen Adam": (made(E, "Adam", **EB), made(T, "Adam", **TB), None),
    "ensmallen AdaMax": (made(E, "AdaMax", **EB), made(T, "Adamax", **TB), None),
    "ensmallen AMSGrad": (made(E, "AMSGrad", **EB), made(T, "Adam", amsgrad=True, **TB), None),
    "ensmallen Nadam": (made(E, "Nadam", **EB), made(T, "NAdam", **TB), None),
    "ensmallen OptimisticAdam": (made(E, "OptimisticAdam", **EB), made(T, "Adam", **TB), None),
    "keras Adafactor": (made(of_keras, "Adafactor"), made(T, "Adafactor"), None),
    "keras Muon": (made(of_keras, "Muon", weight_decay=0.0), MUON, made(
        T, "Muon", weight_decay=0.0, adjust_lr_fn="match_rms_adamw")),
    "optax adafactor": (made(of_optax, "adafactor", min_dim_size_to_factor=1), made(T, "Adafactor"), None),
    "optax muon": (made(of_optax, "muon"), MUON, None),
    "optax muon nesterov=False": (
        made(of_optax, "muon", nesterov=False), made(T, "Muon", weight_decay=0.0, nesterov=False), None),
    "mlx Adafactor": (made(of_mlx, "Adafactor"), made(T, "Adafactor"), made(T, "Adafactor", lr=0.01)),
    "mlx Adafactor relative_step=False": (made(of_mlx, "Adafactor", relative_step=False), made(T, "Adafactor"), None),
    "mlx Muon": (made(of_mlx, "Muon", weight_decay=0.0), MUON, None),
    "mlx Muon weight_decay": (made(of_mlx, "Muon", weight_decay=0.1), made(T, "Muon", weight_decay=0.1), None),
    "tinygrad Muon": (made(of_tinygrad, "Muon", weight_decay=0.0), MUON, None),
    "thinc RAdam": (
        made(of_thinc, "RAdam", beta1=0.9, beta2=0.95, eps=EPS, grad_clip=0.0), made(T, "RAdam", **TB), None),
    "thinc Adam L2": (
        made(of_thinc, "Adam", beta1=0.9, beta2=0.95, eps=1e-12, grad_clip=0.0, L2=0.1),
        made(T, "AdamW", betas=(0.9, 0.95), eps=1e-12, weight_decay=0.1), None),
    "thinc SGD L2": (made(of_thinc, "SGD", grad_clip=0.0, L2=0.1), made(T, "SGD", weight_decay=0.1), None),
    "tfjs sgd": (made(J, "sgd", LR), made(T, "SGD"), None),
    "tfjs momentum": (made(J, "momentum", LR, 0.9), made(T, "SGD", momentum=0.9), None),
    "tfjs momentum useNesterov": (
        made(J, "momentum", LR, 0.9, True), made(T, "SGD", momentum=0.9, nesterov=True), None),
    "tfjs adagrad": (
        made(J, "adagrad", LR), made(T, "Adagrad", initial_accumulator_value=0.1, eps=1e-7), None),
    "tfjs adadelta": (made(J, "adadelta", LR, 0.9, EPS), made(T, "Adadelta", rho=0.9, eps=EPS), made(T, "SGD")),
    "tfjs adam": (made(J, "adam", LR, 0.9, 0.95, EPS), made(T, "Adam", **TB), None),
    "tfjs adamax": (made(J, "adamax", LR, 0.9, 0.95, EPS), made(T, "Adamax", **TB), None),
    "tfjs rmsprop": (made(J, "rmsprop", LR, 0.9, 0.0, EPS), made(T, "RMSprop", alpha=0.9, eps=EPS), None),
    "tfjs rmsprop centered": (
        made(J, "rmsprop", LR, 0.9, 0.0, EPS, True), made(T, "RMSprop", alpha=0.9, eps=EPS, centered=True), None),
}  # fmt: skip
"""by the words of a command: the rule, torch's of that name, and what equals it after all"""
