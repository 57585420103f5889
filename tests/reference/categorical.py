"""Writes categorical.csv: PyTorch's Categorical in float64, for tests/distributions/categorical.c.

    python3 tests/reference/categorical.py        (made with PyTorch 1.13)

One number a row, tensors one behind the other; the C test has the same table of cases and reads
them in the same order. Inputs are exact in float32.
"""
import os

import torch
from torch.distributions import Categorical, kl_divergence

torch.manual_seed(20240611)
out = []


def put(*tensors):
    for tensor in tensors:
        out.extend(tensor.detach().reshape(-1).tolist())


def dyadic(*shape):
    return torch.round(torch.randn(shape, dtype=torch.float64) * 64) / 64


def parameter(probs, batch, k):
    x = dyadic(*batch, k) * 2
    return (torch.softmax(x, -1).float().double() if probs else x).requires_grad_()


def made_of(probs, x):
    return Categorical(probs=x) if probs else Categorical(logits=x)


def log_prob(probs, k, batch, y_batch):
    x = parameter(probs, batch, k)
    y = torch.randint(k, y_batch)
    p = made_of(probs, x)
    put(x, y)
    for value in p.log_prob(y), p.entropy():
        seed = dyadic(*value.shape)
        put(seed, value, *torch.autograd.grad(value, x, seed, retain_graph=True))


def kl(probs_p, probs_q, k, batch_p, batch_q):
    x, z = parameter(probs_p, batch_p, k), parameter(probs_q, batch_q, k)
    value = kl_divergence(made_of(probs_p, x), made_of(probs_q, z))
    seed = dyadic(*value.shape)
    put(x, z, seed, value, *torch.autograd.grad(value, (x, z), seed))


BATCHES = ((), ()), ((2,), ()), ((), (2,)), ((2,), (2,)), ((2, 1), (3,))
for k in 1, 2, 3, 8, 33:
    for probs in False, True:
        for batches in BATCHES:
            log_prob(probs, k, *batches)
for k in 1, 3, 8:
    for probs in (False, False), (False, True), (True, False), (True, True):
        for batches in BATCHES:
            kl(*probs, k, *batches)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "categorical.csv"), "w") as f:
    f.write("value\n")
    f.writelines(f"{x:.17g}\n" for x in out)
