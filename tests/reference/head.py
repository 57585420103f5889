"""Writes head.csv and head_variants.csv: log-densities of rows of raw outputs by PyTorch's
MultivariateNormal(loc, scale_tril) in float64, and their gradients, for tests/nn/head.c.

    python3 tests/reference/head.py        (made with PyTorch 1.13)

Columns: raw0 ... raw8 (loc, strict lower triangle row by row, diagonal), y0 ... y2, and for each
variant of the head its log_prob, the gradients of the nine, g0 ... g8, and those of y, gy0 ... gy2.
Inputs are multiples of 1/64, exact in float too.
"""
import os

import torch
from torch.distributions import MultivariateNormal

torch.manual_seed(20240502)
D, FLOOR = 3, 1e-6
here = os.path.dirname(os.path.abspath(__file__))
diagonals = {
    # 1 + elu(s), without the digits that 1 + expm1(s) loses
    "elu": lambda s: torch.where(s > 0, 1 + s, torch.exp(s.clamp(max=0))),
    "exp": torch.exp,
    "softplus": torch.nn.functional.softplus,
}


def head(raw, diagonal, scaled, floor):
    loc, off, s = raw[:, :D], raw[:, D:-D], raw[:, -D:]
    diag = diagonals[diagonal](s) + (FLOOR if floor else 0)
    lower = raw.new_zeros(len(raw), D, D)
    rows, columns = torch.tril_indices(D, D, -1)
    lower[:, rows, columns] = off * diag[:, rows] if scaled else off
    return MultivariateNormal(loc, scale_tril=lower + torch.diag_embed(diag))


def columns_of(raw, y, variants):
    yield from ((f"raw{i}", raw[:, i]) for i in range(raw.shape[1]))
    yield from ((f"y{i}", y[:, i]) for i in range(D))
    for name, *options in variants:
        log_prob = head(raw, *options).log_prob(y)
        g_raw, g_y = torch.autograd.grad(log_prob.sum(), (raw, y))
        yield f"{name} log_prob", log_prob
        yield from ((f"{name} g{i}", g_raw[:, i]) for i in range(raw.shape[1]))
        yield from ((f"{name} gy{i}", g_y[:, i]) for i in range(D))


def write(file, raw, y, variants):
    names, columns = zip(*columns_of(raw.requires_grad_(), y.requires_grad_(), variants))
    with open(os.path.join(here, file), "w") as f:
        f.write(",".join(names) + "\n")
        for row in torch.stack([c.detach() for c in columns], 1).tolist():
            f.write(",".join(f"{x:.17g}" for x in row) + "\n")


def dyadic(rows, columns, scale):
    x = torch.randn((rows, columns), dtype=torch.float64) * scale
    return torch.round(x * 64) / 64


variants = [
    (diagonal + (" scaled" if scaled else "") + (" floor" if floor else ""), diagonal, scaled, floor)
    for diagonal in diagonals
    for scaled in (False, True)
    for floor in (False, True)
]
raw, y = dyadic(64, 9, 1.5), dyadic(64, 3, 2)
write("head.csv", raw.clone(), y.clone(), variants[:2])
write("head_variants.csv", raw[:10].clone(), y[:10].clone(), variants[2:])
