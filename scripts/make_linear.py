#!/usr/bin/env python3
"""Make data/linear.h5, the data set that `dtrain` trains on when it is told nothing else.

A linear law with noise: y = x . w + b + e, x and e normal. The same bytes on every run.

    scripts/make_linear.py [OUT.h5]         write it (default: data/linear.h5)
    scripts/make_linear.py --check          show the loss of a PyTorch nn.Linear trained on it
"""
import sys
from pathlib import Path

import h5py
import numpy as np

SAMPLES, FEATURES = 1000, 10
NOISE = 0.5  # standard deviation, so the loss that can be reached is 0.25
DEFAULT = Path(__file__).resolve().parent.parent / "data" / "linear.h5"


def make(path):
    rng = np.random.Generator(np.random.PCG64(2026))  # no step of the job has a loss that four digits could show in two ways
    x = rng.standard_normal((SAMPLES, FEATURES))
    w = np.array([0.6, -0.5, 0.4, -0.4, 0.3, -0.3, 0.2, -0.2, 0.1, 0.0])
    b = 0.5
    y = x @ w + b + NOISE * rng.standard_normal(SAMPLES)
    with h5py.File(path, "w", libver=("earliest", "v110")) as f:
        f.attrs["title"] = "Linear regression example"
        f.attrs["law"] = "y = x . w + b + e,  x ~ N(0, 1),  e ~ N(0, %g^2)" % NOISE
        f.attrs["w"] = w
        f.attrs["b"] = b
        f.attrs["made_by"] = "scripts/make_linear.py"
        for name, a, what in (("x", x, "features"), ("y", y[:, None], "target")):
            d = f.create_dataset(name, data=a.astype("<f4"))
            d.attrs["description"] = what
    print(f"{path}: {Path(path).stat().st_size} bytes")


def check(path):
    import torch

    with h5py.File(path) as f:
        x, y = (torch.from_numpy(f[k][...]) for k in "xy")
    rows = []
    for seed in range(20):
        torch.manual_seed(seed)
        model = torch.nn.Linear(FEATURES, 1)
        sgd = torch.optim.SGD(model.parameters(), lr=0.01)
        losses = []
        for _ in range(5):
            for i in torch.randperm(SAMPLES).split(100):
                loss = torch.nn.functional.mse_loss(model(x[i]), y[i])
                sgd.zero_grad()
                loss.backward()
                sgd.step()
                losses.append(loss.item())
        rows.append(losses)
    a = np.array(rows)
    print("step   mean    min    max   (20 seeds)")
    for s in (1, 5, 10, 20, 30, 40, 50):
        print(f"{s:4d} {a[:, s - 1].mean():6.3f} {a[:, s - 1].min():6.3f} {a[:, s - 1].max():6.3f}")


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        check(DEFAULT)
    else:
        make(sys.argv[1] if len(sys.argv) > 1 else DEFAULT)
