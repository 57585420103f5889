#!/usr/bin/python3
"""Reference values of the divergence of normals, by PyTorch in float64: writes kl.csv next to this file.

Eight pairs in three dimensions; each line is a number of a block: the inputs loc_p (8 x 3), tril_p (8 x 3 x 3), loc_q,
tril_q; full, the divergences by the factors, and their derivatives; diag, those by the factors' diagonals alone, and
mixed, of that diagonal p from the full q. Inputs are rounded to float32 first.
"""
import csv
import os

import numpy as np
import torch
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(20240610)
rows, d = 8, 3


def given(array):
    return torch.tensor(np.asarray(array, np.float32).astype(np.float64), requires_grad=True)


def factor():
    lower = np.tril(rng.normal(0, 1, (rows, d, d)), -1)
    return given(lower + np.eye(d) * 10 ** rng.uniform(-0.7, 0.7, (rows, 1, d)))


x = {"loc_p": given(rng.normal(0, 1, (rows, d))), "tril_p": factor(), "loc_q": given(rng.normal(0, 1, (rows, d))),
     "tril_q": factor()}
full = [MultivariateNormal(x[f"loc_{s}"], scale_tril=torch.tril(x[f"tril_{s}"])) for s in "pq"]
diagonal = [Independent(Normal(x[f"loc_{s}"], torch.diagonal(x[f"tril_{s}"], dim1=-2, dim2=-1)), 1) for s in "pq"]
as_full = MultivariateNormal(x["loc_p"], scale_tril=torch.diag_embed(torch.diagonal(x["tril_p"], dim1=-2, dim2=-1)))
blocks = dict(x)
for name, value in (("full", kl_divergence(*full)), ("diag", kl_divergence(*diagonal)),
                    ("mixed", kl_divergence(as_full, full[1]))):
    blocks[name] = value
    for key, g in zip(x, torch.autograd.grad(value.sum(), list(x.values()), retain_graph=True)):
        blocks[f"{name}_d{key}"] = g

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "kl.csv"), "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["block", "number"])
    for block, tensor in blocks.items():
        writer.writerows([block, repr(v)] for v in tensor.detach().reshape(-1).tolist())
