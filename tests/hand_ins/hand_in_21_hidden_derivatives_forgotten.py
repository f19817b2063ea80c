# Oblig 1
import torch
from torch import nn
import torch.optim
import matplotlib.pyplot as plt, numpy as np
from math import *

torch.set_default_dtype(torch.float64)


class MyNet(nn.Module):
    def __init__(self, n_l=[2, 3, 2]):
        super().__init__()
        self.L = len(n_l) - 1
        self.n_l = n_l
        self.z = {}
        self.a = {}
        self.dL_dw = {}
        self.dL_db = {}
        self.f = {i: torch.tanh for i in range(1, self.L + 1)}
        self.df = {i: (lambda x: 1.0 - torch.tanh(x) ** 2) for i in range(1, self.L + 1)}
        self.fc = nn.ModuleDict({str(i): nn.Linear(n_l[i - 1], n_l[i]) for i in range(1, self.L + 1)})

    def forward(self, x):
        self.a[0] = x
        for i in range(1, self.L + 1):
            self.z[i] = self.fc[str(i)](self.a[i - 1])
            self.a[i] = self.f[i](self.z[i])
        return self.a[self.L]


def kolonne(v):
    # radvektor -> kolonnevektor
    return v.reshape(-1, 1)


def rad(v):
    return v.reshape(1, -1)


def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        N = y_true.shape[0]
        siste = model.L
        g = {l: model.df[l](model.z[l]) for l in range(1, siste + 1)}
        for l in range(1, siste + 1):
            model.dL_dw[l] = 0
            model.dL_db[l] = 0
        for n in range(N):
            # ytterste lag
            d = kolonne(-2 * (y_true[n] - y_pred[n]) * g[siste][n])
            model.dL_dw[siste] = model.dL_dw[siste] + d @ rad(model.a[siste - 1][n])
            model.dL_db[siste] = model.dL_db[siste] + d.flatten()
            # skjulte lag
            for l in range(siste - 1, 0, -1):
                d = model.fc[str(l + 1)].weight.T @ d
                model.dL_dw[l] = model.dL_dw[l] + d @ rad(model.a[l - 1][n])
                model.dL_db[l] = model.dL_db[l] + d.flatten()


# Test mot numerisk derivasjon
nett = MyNet([3, 4, 2])
x = torch.randn(1, 3)
t = torch.randn(1, 2)
ut = nett(x)
backpropagation(nett, t, ut)
h = 1e-6
with torch.no_grad():
    nett.fc["1"].bias[0] += h
    pluss = ((t - nett(x)) ** 2).sum()
    nett.fc["1"].bias[0] -= 2 * h
    minus = ((t - nett(x)) ** 2).sum()
    nett.fc["1"].bias[0] += h
print("numerisk", (pluss - minus) / (2 * h), "min", nett.dL_db[1][0])

# lang kjøring, tar ca. en time på min maskin
feil = []
for runde in range(1000000):
    ut = nett(x)
    backpropagation(nett, t, ut)
    with torch.no_grad():
        for l in range(1, nett.L + 1):
            nett.fc[str(l)].weight -= 1e-5 * nett.dL_dw[l]
            nett.fc[str(l)].bias -= 1e-5 * nett.dL_db[l]
    feil.append(sqrt(float(((t - ut) ** 2).sum())))
plt.plot(np.log10(feil))
plt.show()
