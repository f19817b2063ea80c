# -*- coding: utf-8 -*-
# Oblig 1
# Nevralt nett fra bunnen av. Jeg skriver alt med løkker, da ser jeg hva som skjer.
import torch
import torch.nn as nn
import torch.optim as optim  # brukes bare i treningen
import matplotlib.pyplot as plt
import random, time, os
import numpy as np

torch.manual_seed(42)
torch.set_default_dtype(torch.double)

VERBOSE = False


class MyNet(nn.Module):
    def __init__(self, n_l=[2, 3, 2]):
        super().__init__()
        self.L = len(n_l) - 1
        self.n_l = n_l
        self.z = {i: None for i in range(1, self.L + 1)}
        self.a = {i: None for i in range(self.L + 1)}
        self.dL_dw = {}
        self.dL_db = {}
        self.f = {i: lambda x: torch.tanh(x) for i in range(1, self.L + 1)}
        self.df = {i: lambda x: 1 / torch.cosh(x) ** 2 for i in range(1, self.L + 1)}
        self.fc = nn.ModuleDict()
        for i in range(1, self.L + 1):
            self.fc[str(i)] = nn.Linear(n_l[i - 1], n_l[i])

    def forward(self, x):
        self.a[0] = torch.flatten(x, 1)
        for i in range(1, self.L + 1):
            self.z[i] = self.fc[str(i)](self.a[i - 1])
            self.a[i] = self.f[i](self.z[i])
        return self.a[self.L]


def backpropagation(model, y_true, y_pred):
    """Fyller model.dL_dw og model.dL_db. Tapet er summen av (y_true - y_pred)^2."""
    antall = y_true.shape[0]  # antall eksempler i bunken
    with torch.no_grad():
        # feil[l][n][j] = dL/dz for enhet j i lag l, eksempel n
        feil = {}
        for l in range(model.L, 0, -1):
            fderiv = model.df[l](model.z[l])
            feil[l] = []
            for n in range(antall):
                rad = []
                for j in range(model.n_l[l]):
                    if l == model.L:
                        s = -2.0 * (float(y_true[n, j]) - float(y_pred[n, j]))
                    else:
                        # summen over alle enhetene i laget over
                        s = 0.0
                        W_over = model.fc[str(l + 1)].weight
                        for k in range(model.n_l[l + 1]):
                            s += feil[l + 1][n][k] * float(W_over[k, j])
                    rad.append(s * float(fderiv[n, j]))
                feil[l].append(rad)

            dw = torch.zeros_like(model.fc[str(l)].weight)
            db = torch.zeros_like(model.fc[str(l)].bias)
            for n in range(antall):
                for j in range(model.n_l[l]):
                    db[j] += feil[l][n][j]
                    for i in range(model.n_l[l - 1]):
                        dw[j, i] += feil[l][n][j] * model.a[l - 1][n, i]
            model.dL_dw[l] = dw
            model.dL_db[l] = db
            if VERBOSE:
                print("lag", l, dw, db)


# ------------------------------------------------------------------
# Trening på månedata
# ------------------------------------------------------------------
def tren(model, loader, lr=1e-2, epoker=500):
    tap = []
    for e in range(epoker):
        sum_tap = 0
        for x, y in loader:
            ut = model(x)
            backpropagation(model, y, ut)
            with torch.no_grad():
                for l in range(1, model.L + 1):
                    model.fc[str(l)].weight -= lr * model.dL_dw[l]
                    model.fc[str(l)].bias -= lr * model.dL_db[l]
            sum_tap += ((y - ut) ** 2).sum().item()
        tap.append(sum_tap)
        if e % 50 == 0:
            print("epoke %d, tap %.4f" % (e, sum_tap))
    return tap


from sklearn.datasets import make_moons

X, Y = make_moons(2000, noise=0.1)
X = torch.tensor(X)
Y = torch.nn.functional.one_hot(torch.tensor(Y)).double()
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), batch_size=1, shuffle=True)
nett = MyNet([2, 8, 8, 2])
start = time.time()
tap = tren(nett, loader)
print("brukte", time.time() - start, "sekunder")
plt.plot(tap)
plt.xlabel("epoke")
plt.ylabel("tap")
plt.show()
