import torch
from torch import nn
import plotting_helpers_uke5 as ph  # from the exercise in week 5 (not needed any more)
from torchsummaryX import summary
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import itertools
import pickle

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)


class MyNet(nn.Module):
    """fully connected network, sigmoid everywhere"""

    def __init__(self, n_l):
        super().__init__()
        self.n_l = n_l
        self.L = len(n_l) - 1
        self.z, self.a = dict(), dict()
        self.dL_dw, self.dL_db = dict(), dict()
        self.f = {l: torch.sigmoid for l in range(1, self.L + 1)}
        self.df = {l: (lambda z: torch.sigmoid(z) * (1 - torch.sigmoid(z))) for l in range(1, self.L + 1)}
        self.fc = nn.ModuleDict()
        for l, (n_in, n_out) in enumerate(zip(n_l[:-1], n_l[1:]), start=1):
            self.fc[str(l)] = nn.Linear(n_in, n_out)

    def forward(self, x):
        self.a[0] = x
        for l in range(1, self.L + 1):
            self.z[l] = self.fc[str(l)](self.a[l - 1])
            self.a[l] = self.f[l](self.z[l])
        return self.a[self.L]


def backpropagation(model, y_true, y_pred):
    # .data everywhere so that nothing ends up in the computational graph
    error = 2 * (y_pred.data - y_true.data)
    l = model.L
    while l > 0:
        z, a_below = model.z[l].data, model.a[l - 1].data
        W = model.fc[str(l)].weight.data
        ones = torch.ones(1, error.shape[0], dtype=error.dtype)

        error = torch.mul(error, model.df[l](z))  # now dL/dz
        model.dL_dw[l] = torch.mm(error.transpose(0, 1), a_below)
        model.dL_db[l] = torch.mm(ones, error).squeeze(0)  # 1^T * delta = column sums
        error = torch.mm(error, W)  # dL/da of the layer below
        l -= 1
    return model.dL_dw, model.dL_db


# XOR, all four samples at once
X = torch.tensor(list(itertools.product([0.0, 1.0], repeat=2)))
Y = (X[:, :1] != X[:, 1:]).double()

net = MyNet([2, 4, 1])
curve = []
for it in range(60000):
    out = net(X)
    backpropagation(net, Y, out)
    for l in range(1, net.L + 1):
        net.fc[str(l)].weight.data -= 0.5 * net.dL_dw[l]
        net.fc[str(l)].bias.data -= 0.5 * net.dL_db[l]
    curve.append(float(torch.sum((out.data - Y) ** 2)))

print(net(X).data.round(decimals=2))
plt.semilogy(curve)
plt.savefig("xor.pdf")
with open("xor.pkl", "wb") as fh:
    pickle.dump(net.state_dict(), fh)
