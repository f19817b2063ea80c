#!/usr/bin/env python
# coding: utf-8

# # Project 1 - group 12

# In[1]:

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torchvision import datasets, transforms
import numpy as np
import matplotlib.pyplot as plt
from datetime import datetime
from tests_project1 import main_test

get_ipython().run_line_magic("matplotlib", "inline")

seed = 123
torch.manual_seed(seed)
torch.set_default_dtype(torch.double)


# In[2]:


class MyNet(nn.Module):
    def __init__(self, n_l=[2, 3, 2]):
        super().__init__()

        # number of layers in our network
        self.L = len(n_l) - 1
        self.n_l = n_l

        # Where we will store our neuron values
        self.z = {i: None for i in range(1, self.L + 1)}
        self.a = {i: None for i in range(self.L + 1)}

        # Where we will store the gradients for our custom backpropagation algo
        self.dL_dw = {}
        self.dL_db = {}

        # Our activation functions and their derivatives
        self.f = {i: lambda x: torch.tanh(x) for i in range(1, self.L + 1)}
        self.df = {i: lambda x: 1 / (torch.cosh(x) ** 2) for i in range(1, self.L + 1)}

        # fully connected layers
        self.fc = nn.ModuleDict({str(i): None for i in range(1, self.L + 1)})
        for i in range(1, self.L + 1):
            self.fc[str(i)] = nn.Linear(in_features=n_l[i - 1], out_features=n_l[i])

    def forward(self, x):
        # Input layer
        self.a[0] = torch.flatten(x, 1)

        # Hidden layers until output layer
        for i in range(1, self.L + 1):
            # fully connected layer
            self.z[i] = self.fc[str(i)](self.a[i - 1])
            # activation
            self.a[i] = self.f[i](self.z[i])

        return self.a[self.L]


# ## 2.1 Backpropagation

# In[3]:


def backpropagation(model, y_true, y_pred):
    with torch.no_grad():
        # output layer
        L = model.L
        local_grad = -2 * (y_true - y_pred) * model.df[L](model.z[L])
        model.dL_dw[L] = local_grad.T * model.a[L - 1]
        model.dL_db[L] = local_grad[0]

        # hidden layers
        for l in range(L - 1, 0, -1):
            W = model.fc[str(l + 1)].weight
            local_grad = torch.sum(local_grad.T * W, dim=0) * model.df[l](model.z[l])
            model.dL_dw[l] = local_grad.T * model.a[l - 1]
            model.dL_db[l] = local_grad[0]


# In[4]:

model = MyNet([24, 16, 2])
main_test(backpropagation, model, verbose=True, data="toy")


# ## 2.2 Training

# In[5]:

train = datasets.CIFAR10("../data", train=True, download=True, transform=transforms.ToTensor())
device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")
print(f"Training on device {device}.")
model = MyNet([3072, 512, 128, 10]).to(device=device)
for epoch in range(1, 31):
    for img, label in torch.utils.data.DataLoader(train, batch_size=1, shuffle=True):
        y = F.one_hot(label, 10).double().to(device=device)
        out = model(img.double().to(device=device))
        backpropagation(model, y, out)
    print(datetime.now().time(), epoch)
