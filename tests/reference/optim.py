"""Writes optim.csv and clip.csv: 50 steps of torch.optim's optimizers and the clipping of
torch.nn.utils, in float64, for tests/optim.

    python3 tests/reference/optim.py        (made with PyTorch 1.13)

optim.csv has six parameters' values per optimizer and step; clip.csv a gradient, the two bounds
(0 for none) and the clipped gradient.
"""
import math
import os

import torch
from torch.optim import SGD, Adam, AdamW

here = os.path.dirname(os.path.abspath(__file__))
STEPS = (1, 2, 3, 10, 25, 50)
START = [0.5, -1.25, 2.0, 0.75, -0.5, 1.5]
STEEPNESS = [1.0, 0.5, 2.0, 0.25, 1.5, 3.0]


def write(file, columns):
    with open(os.path.join(here, file), "w") as f:
        f.write(",".join(columns) + "\n")
        for row in zip(*columns.values()):
            f.write(",".join(f"{x:.17g}" for x in row) + "\n")


def run(make, groups, schedule):
    """Values after each of STEPS; the gradients are formulas, so that C has the same ones."""
    parameters = [torch.tensor(START[i:j], dtype=torch.float64) for i, j in ((0, 3), (3, 5), (5, 6))]
    a, b, c = parameters
    # b has a rate and a decay of its own, c does not move
    groups = (
        [{"params": [a]}, {"params": [b], "lr": 0.01, "weight_decay": 0.3}, {"params": [c], "lr": 0.0}]
        if groups
        else parameters
    )
    optimizer = make(groups)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 - t / 64) if schedule else None
    rows = []
    for step in range(1, max(STEPS) + 1):
        i = 0
        for p in parameters:
            p.grad = torch.empty_like(p)
            for k in range(len(p)):
                w = p[k].item()
                p.grad[k] = STEEPNESS[i] * (w - 0.25 * i) + 0.5 * math.sin(3 * w + step)
                i += 1
        optimizer.step()
        if scheduler:
            scheduler.step()
        if step in STEPS:
            rows.append(torch.cat(parameters).tolist())
    return rows


optimizers = {
    "sgd": (lambda p: SGD(p, lr=0.05),),
    "sgd momentum": (lambda p: SGD(p, lr=0.02, momentum=0.9),),
    "sgd nesterov": (lambda p: SGD(p, lr=0.02, momentum=0.9, nesterov=True),),
    "sgd decay": (lambda p: SGD(p, lr=0.05, weight_decay=0.1),),
    "sgd all": (lambda p: SGD(p, lr=0.03, momentum=0.8, nesterov=True, weight_decay=0.05),),
    "sgd groups": (lambda p: SGD(p, lr=0.02, momentum=0.5, weight_decay=0.1), True),
    "sgd schedule": (lambda p: SGD(p, lr=0.05), False, True),
    "adam": (lambda p: Adam(p),),
    "adam betas": (lambda p: Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3),),
    "adam decay": (lambda p: Adam(p, lr=0.05, weight_decay=0.1),),
    "adam groups": (lambda p: Adam(p, lr=0.05, weight_decay=0.1), True),
    "adam schedule": (lambda p: Adam(p, lr=0.05), False, True),
    "adamw": (lambda p: AdamW(p, lr=0.05),),
    "adamw decay": (lambda p: AdamW(p, lr=0.05, weight_decay=0.5, betas=(0.8, 0.95)),),
    "adamw groups": (lambda p: AdamW(p, lr=0.05, weight_decay=0.1), True),
}
columns = {"step": STEPS}
for name, (make, *options) in optimizers.items():
    rows = run(make, *(options + [False] * (2 - len(options))))
    columns.update({f"{name} w{i}": column for i, column in enumerate(zip(*rows))})
write("optim.csv", columns)

rows = []
for gradient in [3, -4, 0.5, 0, 12, -0.25], [0.01, 0.02, -0.01, 0, 0, 0.03], [0] * 6:
    for value, norm in (0, 0), (1, 0), (0, 1), (0, 100), (0.75, 1.25), (5, 0.5):
        p = torch.zeros(6, dtype=torch.float64)
        p.grad = torch.tensor(gradient, dtype=torch.float64)
        if value:
            torch.nn.utils.clip_grad_value_([p], value)
        if norm:
            torch.nn.utils.clip_grad_norm_([p], norm)
        rows.append(gradient + [value, norm] + p.grad.tolist())
names = [f"g{i}" for i in range(6)] + ["value", "norm"] + [f"clipped{i}" for i in range(6)]
write("clip.csv", dict(zip(names, zip(*rows))))
