"""Writes mlp.csv: networks by PyTorch's nn.Sequential in float64, for tests/nn/mlp.c.

    python3 tests/reference/mlp.py        (made with PyTorch 1.13)

One number a row: for each activation the parameters in the order of the module's state_dict, the
input, the output, a gradient of the output to start from, and the parameters' and the input's
gradients. All but output and gradients are multiples of 1/64, exact in float too.
"""
import os

import torch
from torch import nn

torch.manual_seed(20240503)
INPUTS, HIDDEN, OUTPUTS, ROWS = 3, (5, 4), 2, 6
out = []


def put(tensor):
    out.extend(tensor.detach().reshape(-1).tolist())


def dyadic(*shape):
    return torch.round(torch.randn(*shape, dtype=torch.float64) * 64) / 64


for activation in nn.Tanh, nn.ReLU, nn.ELU, nn.Softplus, nn.SiLU, nn.Sigmoid:
    net = nn.Sequential(
        nn.Linear(INPUTS, HIDDEN[0]),
        activation(),
        nn.Linear(HIDDEN[0], HIDDEN[1]),
        activation(),
        nn.Linear(HIDDEN[1], OUTPUTS),
    ).double()
    assert list(net.state_dict()) == [
        "0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"
    ]
    for parameter in net.parameters():
        parameter.data = dyadic(*parameter.shape)
        put(parameter)
    x, seed = dyadic(ROWS, INPUTS).requires_grad_(), dyadic(ROWS, OUTPUTS)
    y = net(x)
    for tensor in x, y, seed, *torch.autograd.grad(y, (*net.parameters(), x), seed):
        put(tensor)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "mlp.csv"), "w") as f:
    f.write("value\n")
    f.writelines(f"{x:.17g}\n" for x in out)
