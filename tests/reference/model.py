"""Reads model.safetensors, made from iris by the command line below, by NumPy alone, and writes
model.csv: what it says of the rows of data/iris.csv. Then lets PyTorch train a network on
data/faithful.csv, writes it as a model that tril reads, model_torch.safetensors, and what it says of
its rows, model_torch.csv; for tests/cmd/predict.c.

    build/tril fit data/iris.csv --targets petal_length,petal_width --head full --hidden 6 --ensemble 1 \\
        --patience 10 -o tests/reference/model.safetensors
    /usr/bin/python3 tests/reference/model.py        (made with NumPy 1.24 and PyTorch 1.13)
"""
import csv
import json
import os
import struct

import numpy as np
import torch

here = os.path.dirname(os.path.abspath(__file__))
DTYPES = {"F32": "<f4", "F64": "<f8"}


def read(path):
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(length))
        numbers = f.read()
    notes, tensors = header.pop("__metadata__"), {}
    for name, said in header.items():
        begin, end = said["data_offsets"]
        flat = np.frombuffer(numbers[begin:end], DTYPES[said["dtype"]])
        tensors[name] = flat.reshape(said["shape"]).astype(np.float64)
    return tensors, json.loads(notes["tril"])


def rows_of(name):
    with open(os.path.join(here, "../../data", name)) as f:
        return list(csv.DictReader(f))


def numbers(row, columns):
    x = []
    for c in columns:
        cell = row[c["name"]]
        x += [float(cell == label) for label in c["labels"]] if "labels" in c else [float(cell)]
    return x


def say(path, loc, scale_tril, y, targets):
    covariance = scale_tril @ scale_tril.transpose(0, 2, 1)
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    p = torch.distributions.MultivariateNormal(torch.tensor(loc), scale_tril=torch.tensor(scale_tril))
    columns = [loc, sd]
    if len(targets) == 2:
        columns.append((covariance[:, 0, 1] / sd[:, 0] / sd[:, 1])[:, None])
    columns += [loc - 1.6448536269514722 * sd, p.log_prob(torch.tensor(y)).numpy()[:, None]]
    names = ["mean_" + t for t in targets] + ["sd_" + t for t in targets]
    names += ["corr_" + "_".join(targets)] * (len(targets) == 2)
    names += ["q0.05_" + t for t in targets] + ["log_prob"]
    with open(os.path.join(here, path), "w") as f:
        f.write(",".join(names) + "\n")
        for row in np.concatenate(columns, 1):
            f.write(",".join(f"{v:.7g}" for v in row) + "\n")


# a model of tril's: layers, 1 + ELU, scalers
tensors, said = read(os.path.join(here, "model.safetensors"))
rows, targets = rows_of("iris.csv"), said["targets"]
x = np.array([numbers(row, said["inputs"]) for row in rows])
low, high = tensors["inputs.bounds"].T
beyond, w = x - np.clip(x, low, high), high - low
x = np.clip(x, low, high) + w * beyond / (w + np.abs(beyond))
s = h = (x - tensors["inputs.mean"]) / tensors["inputs.scale"]
layers = len(said["hidden"]) + 1
for i in range(layers):
    h = h @ tensors[f"net.{2 * i}.weight"].T + tensors[f"net.{2 * i}.bias"]
    h = np.tanh(h) if i + 1 < layers else h
d, scale = len(targets), tensors["targets.scale"]
factor = np.zeros((len(rows), d, d))
factor[:, np.arange(d), np.arange(d)] = np.where(h[:, -d:] > 0, 1 + h[:, -d:], np.exp(h[:, -d:]))
factor[:, np.arange(d), np.arange(d)] += said["members"][0]["floor"]
lower = np.tril_indices(d, -1)
factor[:, lower[0], lower[1]] = h[:, d:-d]
if said["members"][0].get("relative_off_diagonal"):
    factor[:, lower[0], lower[1]] *= factor[:, lower[0], lower[0]]
y = np.array([[float(row[t]) for t in targets] for row in rows])
loc = s @ tensors["line.weight"].T + tensors["line.bias"] + h[:, :d] @ tensors["line.scale"].T
factor = tensors["line.scale"] @ factor
say("model.csv", tensors["targets.mean"] + scale * loc, scale[:, None] * factor, y, targets)

# a model of PyTorch's
torch.manual_seed(20240603)
rows = rows_of("faithful.csv")
u, y = (np.array([[float(row[c])] for row in rows]) for c in ("eruptions", "waiting"))
scalers = {"inputs.mean": u.mean(0), "inputs.scale": u.std(0)}
scalers.update({"targets.mean": y.mean(0), "targets.scale": y.std(0)})
net = torch.nn.Sequential(torch.nn.Linear(1, 5), torch.nn.SiLU(), torch.nn.Linear(5, 2))
scaled = [torch.tensor((v - v.mean(0)) / v.std(0), dtype=torch.float32) for v in (u, y)]
optim = torch.optim.Adam(net.parameters(), 1e-2)
for _ in range(300):
    raw = net(scaled[0])
    p = torch.distributions.Normal(raw[:, :1], torch.nn.functional.softplus(raw[:, 1:]) + 1e-3)
    optim.zero_grad()
    (-p.log_prob(scaled[1]).mean()).backward()
    optim.step()
tensors = {"net." + name: value.numpy() for name, value in net.state_dict().items()}
tensors.update(scalers)
said = {
    "version": 1,
    "inputs": [{"name": "eruptions"}],
    "targets": ["waiting"],
    "hidden": [5],
    "activation": "silu",
    "members": [{"form": "diagonal", "diagonal": "softplus", "floor": 1e-3}],
}
header, flat = {"__metadata__": {"tril": json.dumps(said)}}, b""
for name, value in sorted(tensors.items(), key=lambda t: -t[1].itemsize):
    dtype = "F64" if value.dtype == np.float64 else "F32"
    begin, flat = len(flat), flat + value.tobytes()
    header[name] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [begin, len(flat)]}
text = json.dumps(header).encode()
with open(os.path.join(here, "model_torch.safetensors"), "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + flat)
raw = net(scaled[0]).detach().double().numpy()
s = scalers["targets.scale"]
factor = s * (np.log1p(np.exp(raw[:, 1:])) + 1e-3)
say("model_torch.csv", scalers["targets.mean"] + s * raw[:, :1], factor[:, :, None], y, ["waiting"])
