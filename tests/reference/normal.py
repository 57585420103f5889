#!/usr/bin/python3
"""Reference values of the normal with loc and scale, by PyTorch in float64: writes normal.csv next to this file.

Each line is one normal and one number y: log_prob, cdf, entropy, and the derivatives of log_prob and cdf with respect
to loc, scale and y. Inputs are rounded to float32 first, so that both builds of the library read the same numbers.
"""
import csv
import os

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(20240609)
n = 48
scale = 10 ** rng.uniform(-3, 3, n)
loc = rng.normal(0, 2, n)
z = np.concatenate([rng.normal(0, 1.5, n - 8), [0, -6, 6, -3, 3, 8, -1e3, 1e3]])


def given(array):
    return torch.tensor(np.asarray(array, np.float32).astype(np.float64), requires_grad=True)


loc, scale = given(loc), given(scale)
y = given((loc + scale * torch.tensor(z)).detach().numpy())
p = torch.distributions.Normal(loc, scale)
log_prob = p.log_prob(y)
# torch's own cdf has no digits left in the lower tail
cdf = torch.special.erfc(-(y - loc) / scale * 0.5 ** 0.5) / 2
columns = {"loc": loc, "scale": scale, "y": y, "log_prob": log_prob, "cdf": cdf, "entropy": p.entropy()}
for name, f in (("log_prob", log_prob), ("cdf", cdf)):
    for x, g in zip(("loc", "scale", "y"), torch.autograd.grad(f.sum(), (loc, scale, y), retain_graph=True)):
        columns[f"d{name}_d{x}"] = g

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "normal.csv"), "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[repr(v) for v in row] for row in zip(*(c.detach().tolist() for c in columns.values()))])
