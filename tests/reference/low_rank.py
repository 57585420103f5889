"""Writes low_rank.csv: PyTorch's LowRankMultivariateNormal in float64, for tests/distributions/low_rank.c; for a tiny diagonal,
where that loses digits, the dense form with 60 digits by mpmath.

    python3 tests/reference/low_rank.py        (made with PyTorch 1.13, mpmath 1.2)

One number a row, tensors one behind the other; the C test has the same table of cases and reads them in the same order.
Inputs are float32 numbers.
"""
import itertools
import os

import mpmath
import torch
from torch.distributions import LowRankMultivariateNormal

torch.manual_seed(20240614)
torch.set_default_dtype(torch.float64)
mpmath.mp.dps = 60
out = []


def put(*tensors):
    for tensor in tensors:
        out.extend(tensor.detach().reshape(-1).tolist())


def dyadic(*shape):
    return torch.round(torch.randn(shape) * 64) / 64


def positive(*shape):
    return torch.round((0.5 + torch.rand(shape)) * 64) / 64


def case(d, r, batches):
    loc, factor, diag, y = (b if batched else () for b, batched in zip([(2,)] * 4, batches))
    inputs = [dyadic(*loc, d), dyadic(*factor, d, r), positive(*diag, d), dyadic(*y, d)]
    inputs = [x.requires_grad_() for x in inputs]
    put(*inputs)
    p = LowRankMultivariateNormal(*inputs[:3])
    for value, n in (p.log_prob(inputs[3]), 4), (p.entropy(), 3), (p.variance, 3), (p.covariance_matrix, 3):
        seed = dyadic(*value.shape)
        gradients = torch.autograd.grad(value, inputs[:n], seed, retain_graph=True, allow_unused=True)
        put(seed, value)
        put(*(torch.zeros_like(x) if g is None else g for x, g in zip(inputs, gradients)))


def tiny(d, r, size, apart=None):
    loc, factor, diag = dyadic(d), dyadic(d, r), (positive(d) * size).float().double()
    if apart:
        factor = (factor[:, :1] + factor * apart).float().double()
    y = (loc + factor @ torch.randn(r) + diag**0.5 * torch.randn(d)).float().double()
    put(loc, factor, diag, y)
    w = mpmath.matrix(factor.tolist())
    inverse = (w * w.T + mpmath.diag(diag.tolist())) ** -1
    residual = mpmath.matrix(y.tolist()) - mpmath.matrix(loc.tolist())
    a = inverse * residual
    log_det = -mpmath.log(mpmath.det(inverse))
    out.append(float(-((residual.T * a)[0] + log_det + d * mpmath.log(2 * mpmath.pi)) / 2))
    of_covariance = (a * a.T - inverse) / 2
    out.extend(map(float, a))
    out.extend(map(float, 2 * of_covariance * w))
    out.extend(float(of_covariance[i, i]) for i in range(d))
    out.extend(map(float, -a))


for d, r in (1, 1), (2, 1), (3, 2), (8, 3), (33, 4):
    for batches in itertools.product((False, True), repeat=4):
        if d < 8 or sum(batches) in (0, 4):
            case(d, r, batches)
for size in 1e-4, 1e-8, 1e-12:
    for d, r in (2, 1), (3, 1), (3, 2), (8, 3):
        tiny(d, r, size)
for d, r in (4, 2), (8, 3):
    tiny(d, r, 1e-8, apart=1 / 1024)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "low_rank.csv"), "w") as f:
    f.write("value\n")
    f.writelines(f"{x:.17g}\n" for x in out)
