#!/usr/bin/env bash
# transformers.Trainer with gradient_accumulation_steps, a model for classification. transformers 5.24.0, accelerate
#   1.15.0, torch 2.15.0, CPU.
# Seen: BertForSequenceClassification, 8 examples in one step. As one batch of 8 the norm of the gradient is 0.114 and
#   the logged loss 1.099. As 4 batches of 2 with gradient_accumulation_steps=4 both are 4 times as large: 0.457 and
#   4.397. With max_grad_norm=1 a larger part of the gradient is cut off too. LlamaForCausalLM gives the same gradient
#   both ways, and so does BERT with label_smoothing_factor=0.1.
# A good engineer would guess: the same gradient, as accumulation is there to repeat a large batch with less memory.
# Why: a model whose forward takes **kwargs is expected to divide the loss by num_items_in_batch itself. The loss of
#   the classifier ignores that number and takes the mean of its small batch. Then nobody divides by 4.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    transformers==5.24.0 accelerate==1.15.0 torch==2.15.0 numpy==2.4.6
OMP_NUM_THREADS=1 OUT="$folder/out" "$folder/venv/bin/python" -W ignore - <<'PY'
import contextlib
import io
import os
import sys

import torch
import transformers

transformers.logging.set_verbosity_error()
print("transformers", transformers.__version__, "torch", torch.__version__)
tiny = {"vocab_size": 11, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}


def classifier():
    config = transformers.BertConfig(
        **tiny, num_labels=3, hidden_dropout_prob=0, attention_probs_dropout_prob=0
    )
    return transformers.BertForSequenceClassification(config)


def causal():
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**tiny, num_key_value_heads=1))


class Watch(transformers.TrainerCallback):
    def on_pre_optimizer_step(self, args, state, control, model=None, **others):
        self.norm = torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]).norm().item()


def step(make, batch, accumulated, smoothing=0.0):
    torch.manual_seed(0)
    model, watch, words = make(), Watch(), torch.randint(0, 11, (8, 6))
    labels = words if make is causal else torch.arange(8) % 3
    data = [{"input_ids": w, "labels": y} for w, y in zip(words, labels)]
    settings = transformers.TrainingArguments(
        os.environ["OUT"], per_device_train_batch_size=batch, gradient_accumulation_steps=accumulated, max_steps=1,
        label_smoothing_factor=smoothing, max_grad_norm=1e9, use_cpu=True, report_to=[], save_strategy="no",
        disable_tqdm=True, logging_steps=1,
    )
    trainer = transformers.Trainer(model=model, args=settings, train_dataset=data, callbacks=[watch])
    with contextlib.redirect_stdout(io.StringIO()):
        trainer.train()
    return watch.norm, next(float(entry["loss"]) for entry in trainer.state.log_history if "loss" in entry)


EXPECTED = {"classifier": 4.0, "classifier, label smoothing": 1.0, "causal": 1.0}
for name, (make, smoothing) in zip(EXPECTED, [(classifier, 0.0), (classifier, 0.1), (causal, 0.0)]):
    whole, parts = step(make, 8, 1, smoothing), step(make, 2, 4, smoothing)
    print(f"{name}: norm and loss {whole[0]:.4f}, {whole[1]:.4f} of one batch; {parts[0]:.4f}, {parts[1]:.4f} of four")
    if any(abs(b / a - EXPECTED[name]) > 0.01 for a, b in zip(whole, parts)):
        sys.exit(f"changed: {name}: accumulation has another factor")
PY
