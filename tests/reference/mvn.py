"""Writes mvn.csv: PyTorch's MultivariateNormal(loc, scale_tril) in float64, for tests/distributions/mvn.c.

    python3 tests/reference/mvn.py        (made with PyTorch 1.13)

One number a row, tensors one behind the other; the C test has the same table of cases and reads
them in the same order. Inputs are multiples of 1/64, exact in float too.
"""
import itertools
import os

import torch
from torch.distributions import MultivariateNormal

torch.manual_seed(20240501)
out = []


def put(*tensors):
    for tensor in tensors:
        out.extend(tensor.detach().reshape(-1).tolist())


def dyadic(*shape):
    return torch.round(torch.randn(shape, dtype=torch.float64) * 64) / 64


def factor(batch, d):
    lower = torch.tril(dyadic(*batch, d, d), -1)
    diagonal = torch.round((0.25 + torch.rand((*batch, d), dtype=torch.float64) * 1.5) * 64) / 64
    return lower + torch.diag_embed(diagonal)


def case(d, loc_batch, factor_batch, y_batch):
    loc = dyadic(*loc_batch, d).requires_grad_()
    scale_tril = factor(factor_batch, d).requires_grad_()
    y = (dyadic(*y_batch, d) * 2).requires_grad_()
    p = MultivariateNormal(loc, scale_tril=torch.tril(scale_tril))
    put(loc, scale_tril, y)
    for value, inputs in (
        (p.log_prob(y), (loc, scale_tril, y)),
        (p.entropy(), (scale_tril,)),
        (p.mean, (loc,)),
        (p.covariance_matrix, (scale_tril,)),
    ):
        seed = dyadic(*value.shape)
        put(seed, value, *torch.autograd.grad(value, inputs, seed, retain_graph=True))


for d in 1, 2, 3:
    for batches in itertools.product(((), (2,)), repeat=3):
        case(d, *batches)
case(2, (2, 1), (3,), (2, 3))
case(3, (2,), (1, 1), (3, 1))
case(8, (), (), ())
case(8, (2,), (), (2,))
case(8, (1,), (2,), (2,))

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "mvn.csv"), "w") as f:
    f.write("value\n")
    f.writelines(f"{x:.17g}\n" for x in out)
