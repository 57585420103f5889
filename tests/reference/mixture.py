"""Writes mixture.csv: PyTorch's MixtureSameFamily in float64, for tests/distributions/mixture.c.

    python3 tests/reference/mixture.py        (made with PyTorch 1.13)

One number a row, tensors one behind the other; the C test has the same table of cases and reads
them in the same order. d = 0 stands for components that are numbers, by loc and scale; others are
vectors, by loc and scale_tril. Inputs are exact in float32.
"""
import itertools
import os

import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal, Normal

torch.manual_seed(20240612)
out = []


def put(*tensors):
    for tensor in tensors:
        out.extend(tensor.detach().reshape(-1).tolist())


def dyadic(*shape):
    return torch.round(torch.randn(shape, dtype=torch.float64) * 64) / 64


def positive(*shape):
    return torch.round((0.25 + torch.rand(shape, dtype=torch.float64) * 1.5) * 64) / 64


def method(value, *inputs):
    seed = dyadic(*value.shape)
    put(seed, value, *torch.autograd.grad(value, inputs, seed, retain_graph=True))


def case(d, k, probs, weight_batch, loc_batch, factor_batch, y_batch):
    event = (d,) if d else ()
    weights = dyadic(*weight_batch, k)
    weights = (torch.softmax(weights, -1).float().double() if probs else weights).requires_grad_()
    loc = (dyadic(*loc_batch, *event) * 2).requires_grad_()
    if d:
        lower = torch.tril(dyadic(*factor_batch, d, d), -1)
        factor = lower + torch.diag_embed(positive(*factor_batch, d))
    else:
        factor = positive(*factor_batch)
    factor.requires_grad_()
    y = (dyadic(*y_batch, *event) * 2).requires_grad_()
    components = MultivariateNormal(loc, scale_tril=torch.tril(factor)) if d else Normal(loc, factor)
    batch = torch.broadcast_shapes(components.batch_shape[:-1], tuple(weight_batch))
    components = components.expand((*batch, k))
    shares = weights.expand(*batch, k)
    p = MixtureSameFamily(Categorical(probs=shares) if probs else Categorical(logits=shares), components)
    put(weights, loc, factor, y)
    method(p.log_prob(y), weights, loc, factor, y)
    method(p.mean, weights, loc)
    method(p.variance, weights, loc, factor)
    if not d:
        method(p.cdf(y), weights, loc, factor, y)


for d in 0, 1, 3:
    for n, (w, l, y) in enumerate(itertools.product(((), (2,)), repeat=3)):
        case(d, 2, n % 2, w, (*l, 2), (2,), y)
case(2, 3, 0, (2, 1), (2, 3), (2, 3), (2, 2))
case(2, 3, 1, (), (3,), (2, 3), (2, 1))
case(2, 1, 0, (2,), (1,), (), ())
case(8, 2, 1, (), (2,), (2,), (2,))
case(33, 2, 0, (), (2,), (), (2,))

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "mixture.csv"), "w") as f:
    f.write("value\n")
    f.writelines(f"{x:.17g}\n" for x in out)
