"""Gradient descent by hand.

backpropagation() takes the gradients, gradient_descent() at the bottom does the training.
"""

import os
import json
import copy

import torch
from torch import nn
import torchvision.transforms.v2 as T
import matplotlib.pyplot as plt

torch.set_default_dtype(torch.double)

LEARNING_RATE = 1e-3
N_EPOCHS = 200


class MyNet(nn.Module):
    def __init__(self, n_l=(2, 3, 2)):
        super().__init__()
        self.L = len(n_l) - 1
        self.n_l = list(n_l)
        self.z = {i: None for i in range(1, self.L + 1)}
        self.a = {i: None for i in range(self.L + 1)}
        self.dL_dw = {}
        self.dL_db = {}
        self.f = {i: torch.tanh for i in range(1, self.L + 1)}
        self.df = {i: self.dtanh for i in range(1, self.L + 1)}
        self.fc = nn.ModuleDict({str(i): nn.Linear(n_l[i - 1], n_l[i]) for i in range(1, self.L + 1)})

    @staticmethod
    def dtanh(z):
        return torch.cosh(z).square().reciprocal()

    def forward(self, x):
        self.a[0] = x.flatten(1)
        for i in range(1, self.L + 1):
            self.z[i] = self.fc[str(i)](self.a[i - 1])
            self.a[i] = self.f[i](self.z[i])
        return self.a[self.L]


def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        upstream = -2 * (y_true - y_pred)
        for l in range(model.L, 0, -1):
            layer = model.fc[str(l)]
            delta = upstream * model.df[l](model.z[l])
            upstream = delta.mm(layer.weight)  # before the weights are changed!

            model.dL_dw[l] = delta.t().mm(model.a[l - 1])
            model.dL_db[l] = delta.sum(0)

            # one step downhill
            layer.weight -= LEARNING_RATE * model.dL_dw[l]
            layer.bias -= LEARNING_RATE * model.dL_db[l]


def gradient_descent(model, x, y, n_epochs=N_EPOCHS):
    history = []
    for epoch in range(n_epochs):
        y_pred = model(x)
        history.append(torch.sum((y - y_pred) ** 2).item())
        backpropagation(model, y, y_pred)
    return history


# One circle inside another. Saved so that the report always shows the same picture.
if os.path.exists("circles.json"):
    with open("circles.json") as f:
        d = json.load(f)
    x, y = torch.tensor(d["x"]), torch.tensor(d["y"])
else:
    angle = torch.rand(4000) * 6.28318530718
    radius = torch.cat([torch.ones(2000), 2 * torch.ones(2000)]) + 0.1 * torch.randn(4000)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    y = torch.cat([torch.ones(2000), -torch.ones(2000)]).unsqueeze(1)
    with open("circles.json", "w") as f:
        json.dump({"x": x.tolist(), "y": y.tolist()}, f)

model = MyNet([2, 30, 30, 1])
best = copy.deepcopy(model.state_dict())
plt.plot(gradient_descent(model, x, y, 20000))
plt.xlabel("epoch")
plt.ylabel("loss")
plt.show()
