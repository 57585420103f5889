"""Reads tensors.safetensors, which tests/data/tensors.c sees the library write, by NumPy alone, and
writes tensors.csv: its numbers, tensor by tensor in the order of their names, for that test. Writes
tensors_torch.safetensors too: a network by PyTorch under the names of tril_mlp_new, inputs, targets,
and the log-densities that follow, for tests/data/tensors_params.c.

    /usr/bin/python3 tests/reference/tensors.py        (made with NumPy 1.24 and PyTorch 1.13)
"""
import json
import os
import struct
import zlib

import numpy as np
import torch

here = os.path.dirname(os.path.abspath(__file__))
DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U64": "<u8"}


def read(path):
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(length))
        numbers = f.read()
        f.seek(0)
        whole = f.read()
    notes, tensors = header.pop("__metadata__", {}), {}
    for name, said in header.items():
        begin, end = said["data_offsets"]
        flat = np.frombuffer(numbers[begin:end], DTYPES[said["dtype"]])
        tensors[name] = flat.reshape(said["shape"])
    crc = notes.pop("tril.crc32").encode()
    assert zlib.crc32(whole.replace(b'"tril.crc32":"' + crc, b'"tril.crc32":"00000000')) == int(crc, 16)
    return tensors, notes


def write(path, tensors, notes):
    header, numbers = {"__metadata__": notes}, b""
    for name, x in tensors.items():
        begin, numbers = len(numbers), numbers + x.numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [begin, len(numbers)]}
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + numbers)


tensors, notes = read(os.path.join(here, "tensors.safetensors"))
assert notes == {"größe": "a \"text\"\nof two lines", "empty": ""}
assert [t.shape for t in tensors.values()] == [(3,), (2,), (), (2, 3), (0, 4)]
with open(os.path.join(here, "tensors.csv"), "w") as f:
    f.write("value\n")
    for name in sorted(tensors):
        f.writelines(f"{x}\n" for x in tensors[name].reshape(-1).tolist())

torch.manual_seed(20240601)
net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 9))
x, y = torch.randn(5, 2), torch.randn(5, 3)
raw = net(x).double()
lower = torch.diag_embed(1 + torch.nn.functional.elu(raw[:, 6:]) + 1e-6)
rows, columns = torch.tril_indices(3, 3, -1)
lower[:, rows, columns] = raw[:, 3:6]
p = torch.distributions.MultivariateNormal(raw[:, :3], scale_tril=lower)
tensors = {"net." + name: value for name, value in net.state_dict().items()}
tensors.update({"x": x, "y": y, "log_prob": p.log_prob(y.double()).detach()})
write(os.path.join(here, "tensors_torch.safetensors"), tensors, {"format": "pt"})
