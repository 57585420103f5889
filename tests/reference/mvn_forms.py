"""Writes mvn_forms.csv: PyTorch's MultivariateNormal by scale_tril, covariance_matrix and precision_matrix in float64, for
tests/distributions/mvn_forms.c.

    python3 tests/reference/mvn_forms.py        (made with PyTorch 1.13)

One number a row, tensors one behind the other; the C test asks for them in the same order. Inputs are float32 numbers.
Tensors of more than MANY numbers stand there as sums with fixed weights.
"""
import itertools
import os

import torch
from torch.distributions import MultivariateNormal, kl_divergence

torch.manual_seed(20240613)
torch.set_default_dtype(torch.float64)
MANY, SUMS = 18, 4
out = []


def put(tensor):
    out.extend(tensor.detach().reshape(-1).tolist())


def put_sums(tensor):
    flat = tensor.detach().reshape(-1)
    if len(flat) <= MANY:
        put(flat)
        return
    i = torch.arange(len(flat))
    for k in range(SUMS):
        put(((i * (2 * k + 3) % 13 - 6.0) * flat).sum())


def dyadic(*shape):
    return torch.round(torch.randn(shape) * 64) / 64


def factors(d):
    lower = torch.tril(torch.round(torch.randn(2, d, d) / d**0.5 * 64) / 64, -1)
    return lower + torch.diag_embed(torch.round((0.5 + torch.rand(2, d)) * 64) / 64)


def definite(d):
    x = torch.randn(2, d, d) / d**0.5
    return (x @ x.mT + 0.5 * torch.eye(d)).float().double()


for d in 1, 2, 3, 8, 33:
    loc, y, factor, matrix = dyadic(2, d), dyadic(2, d) * 2, factors(d), definite(d)
    q = MultivariateNormal(dyadic(d), scale_tril=factors(d)[0])
    put(loc), put(y)
    for tensor in factor, matrix, q.scale_tril[None]:
        i, j = torch.tril_indices(d, d)
        put(tensor[:, i, j])
    put(q.loc)
    for name in "scale_tril", "covariance_matrix", "precision_matrix":
        for batched in itertools.product((False, True), repeat=3):
            inputs = [x if b else x[0] for x, b in zip((loc, factor if name == "scale_tril" else matrix, y), batched)]
            inputs = [x.clone().requires_grad_() for x in inputs]
            p = MultivariateNormal(inputs[0], **{name: torch.tril(inputs[1]) if name == "scale_tril" else inputs[1]})
            log_prob = p.log_prob(inputs[2])
            put(log_prob)
            for gradient in torch.autograd.grad(log_prob.sum(), inputs):
                put_sums(gradient)
            if batched[2]:
                continue
            for tensor in p.entropy(), p.mean, p.variance, p.covariance_matrix, kl_divergence(p, q), kl_divergence(q, p):
                put_sums(tensor)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "mvn_forms.csv"), "w") as f:
    f.write("value\n")
    f.writelines(f"{x:.17g}\n" for x in out)
