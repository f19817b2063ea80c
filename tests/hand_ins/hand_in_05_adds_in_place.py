#!/usr/bin/env python
# INNLEVERING 1 ... på nytt
import torch, math, sys
from torch import nn
import pandas as pd
import matplotlib.pyplot as plt

torch.set_default_dtype(torch.double)


class MyNet(nn.Module):
    def __init__(self, n_l):
        super(MyNet, self).__init__()
        self.L = len(n_l) - 1
        self.n_l = n_l
        self.z = {}
        self.a = {}
        self.dL_dw = {}
        self.dL_db = {}
        self.f = {}
        self.df = {}
        self.fc = nn.ModuleDict()
        for l in range(1, self.L + 1):
            self.f[l] = torch.relu if l < self.L else (lambda x: x)
            self.df[l] = (lambda x: (x > 0).to(x.dtype)) if l < self.L else torch.ones_like
            self.fc[str(l)] = nn.Linear(n_l[l - 1], n_l[l])

    def forward(self, x):
        self.a[0] = x
        for l in range(1, self.L + 1):
            self.z[l] = self.fc[str(l)](self.a[l - 1])
            self.a[l] = self.f[l](self.z[l])
        return self.a[self.L]


def backpropagation(model, y_true, y_pred):
    m = y_true.size(0)  # hvor mange eksempler
    with torch.no_grad():
        # nullstill lagringsplassene foerst
        for l in range(1, model.L + 1):
            model.dL_dw[l] = torch.zeros(model.n_l[l], model.n_l[l - 1])
            model.dL_db[l] = torch.zeros(model.n_l[l])

        deriv = {l: model.df[l](model.z[l]) for l in range(1, model.L + 1)}
        for i in range(m):  # ett og ett eksempel
            d = (y_pred[i] - y_true[i]) * 2
            for l in range(model.L, 0, -1):
                d = d * deriv[l][i]
                model.dL_dw[l].addr_(d, model.a[l - 1][i])  # += d a^T
                model.dL_db[l].add_(d)
                if l > 1:
                    d = torch.mv(model.fc[str(l)].weight.t(), d)


# --- les data
df = pd.read_csv("https://archive.ics.uci.edu/ml/machine-learning-databases/iris/iris.data", header=None)
x = torch.tensor(df.iloc[:, :4].values)
y = torch.tensor(pd.get_dummies(df[4]).values.astype("float64"))
model = MyNet([4, 10, 3])
historie = []
for epoke in range(2000):
    ut = model(x)
    backpropagation(model, y, ut)
    with torch.no_grad():
        for l in range(1, model.L + 1):
            model.fc[str(l)].weight -= 1e-4 * model.dL_dw[l]
            model.fc[str(l)].bias -= 1e-4 * model.dL_db[l]
    historie.append(float(((y - ut) ** 2).sum()))
plt.plot(historie)
plt.title("Tap på iris")
plt.savefig("tap.png")
print("ferdig!", historie[-1])
