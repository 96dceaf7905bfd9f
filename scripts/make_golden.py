#!/usr/bin/env python3
"""Make tests/golden/*.h5: what PyTorch computes, for dtrain's tests to compare with.

    scripts/make_golden.py [CASE...]        write all cases, or only those named

and then scripts/golden-tolerances.sh, for how close dtrain has to come to them.

One file is one training run in file order, float32 on one CPU thread:

    x, y            the data set
    model/          the weights before the first step, under the names of the nn.Sequential's
                    state_dict; so the file itself does for --init-from
    final/          the weights after the last step, under the same names
    loss            [steps] float64: the mean loss of each step's batch, before the update
    lr              [steps] float64: the learning rate of each step
    @options        the options for dtrain, one word a line: "--hidden\\n32,16\\n--no-shuffle\\n"
    @torch          the version that computed it

The attributes are fixed-length ASCII. Each run is done in float64 too, and has to agree with
float32: a run that amplifies rounding would say nothing about another implementation's. Of LARS and
LAMB, which PyTorch does not have, the float64 run of the papers' formulas is kept.

Needs PyTorch, scikit-learn and h5py; the files are kept in the repository, so nobody has to run this.
"""
import sys
from pathlib import Path

import h5py
import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "golden"
TOLERANCE = 2e-5  # between float32 and float64: losses, and weights relative to their tensor's max
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU}


# ---- Data ---------------------------------------------------------------------------------------
def features(rng, n, f):
    """[n,f] normal features whose scales go from 0.25 to 2 and whose means differ."""
    scale = np.geomspace(0.25, 2.0, f)
    return (rng.normal(size=(n, f)) * scale + rng.uniform(-0.5, 0.5, f)).astype(np.float32)


def response(rng, x, k):
    """[n,k]: a smooth function of the features, with noise."""
    f = x.shape[1]
    a, b = rng.normal(size=(f, k)) / np.sqrt(f), rng.normal(size=(f, k)) / np.sqrt(f)
    return x @ a + np.sin(2 * (x @ b)) + 0.3 * rng.normal(size=(len(x), k))


def regression(n, f, k, flat=False):
    def make(rng):
        x = features(rng, n, f)
        y = response(rng, x, k).astype(np.float32)
        return x, y[:, 0] if flat else y

    return make


def times(factor, data):
    """The same with larger y."""

    def make(rng):
        x, y = data(rng)
        return x, y * np.float32(factor)

    return make


def classes(n, f, c, dtype=np.int64, shape=None):
    def make(rng):
        x = features(rng, n, f)
        y = response(rng, x, c).argmax(1)
        assert len(np.unique(y)) == c
        return x.reshape((n,) + shape) if shape else x, y.astype(dtype)

    return make


def probabilities(n, f, c):
    """The probability of each class; they add up to 1."""

    def make(rng):
        x = features(rng, n, f)
        y = np.exp(3 * response(rng, x, c).astype(np.float64))
        return x, (y / y.sum(1, keepdims=True)).astype(np.float32)

    return make


def truths(n, f, k, dtype):
    """Labels 0 and 1 of any type, [n] or [n,k]."""

    def make(rng):
        x = features(rng, n, f)
        y = response(rng, x, max(k, 1)) > 0.4
        return x, (y if k else y[:, 0]).astype(dtype)

    return make


def gaps(data, fraction, fill=np.nan, weighted=False):
    """The same with a part of y missing, and with weights of samples, of which some are 0."""

    def make(rng):
        x, y = data(rng)
        y[rng.random(y.shape) < fraction] = fill
        weight = rng.gamma(1.0, size=len(x)) * (rng.random(len(x)) < 0.9)
        return (x, y, weight.astype(np.float32)) if weighted else (x, y)

    return make


def units(data, *factors):
    """The same with targets in units of their own, far from 0."""

    def make(rng):
        x, y = data(rng)
        return x, (y * factors + 3 * np.array(factors)).astype(np.float32)

    return make


def images(n, c, height, width):
    """Labelled noisy grey pictures, one pattern a class, uint8."""

    def make(rng):
        y = rng.integers(0, c, n)
        y[:c] = np.arange(c)
        pattern = rng.uniform(0, 200, size=(c, height, width))
        x = np.clip(pattern[y] + rng.normal(0, 40, size=(n, height, width)), 0, 255)
        return x.astype(np.uint8), y.astype(np.uint8)

    return make


# ---- Cases: data, and the options as dtrain takes them -----------------------------------------------
MLP = dict(hidden=[24, 16])
WIDE = dict(hidden=[64, 64])
CASES = {
    # Regression
    "linear_mse": (regression(1037, 10, 1), dict(batch_size=100, epochs=10, lr=0.02)),
    "linear_mse_flat_y": (
        regression(217, 7, 1, flat=True),
        dict(batch_size=10, epochs=5, lr=0.02),
    ),
    "linear_mse_k3": (regression(517, 12, 3), dict(batch_size=32, epochs=7, lr=0.02)),
    "mlp1_mse_k3": (
        regression(1037, 9, 3),
        dict(hidden=[20], activation="tanh", loss="mse", batch_size=64, epochs=7, lr=0.05),
    ),
    "mlp_relu": (regression(1037, 10, 1), dict(MLP, batch_size=64, epochs=7, lr=0.02)),
    "mlp_tanh": (
        regression(1037, 10, 1),
        dict(MLP, activation="tanh", batch_size=64, epochs=7, lr=0.05),
    ),
    "mlp_sigmoid": (
        regression(1037, 10, 1),
        dict(MLP, activation="sigmoid", batch_size=64, epochs=7, lr=0.1),
    ),
    "mlp_gelu": (
        regression(1037, 10, 1),
        dict(MLP, activation="gelu", batch_size=64, epochs=7, lr=0.05),
    ),
    "mlp3_tanh": (
        regression(733, 11, 2),
        dict(hidden=[17, 33, 5], activation="tanh", batch_size=48, epochs=8, lr=0.05),
    ),
    # Classes
    "linear_xent": (classes(1037, 10, 4), dict(batch_size=100, epochs=10, lr=0.1)),
    "mlp_xent": (
        classes(1037, 10, 5, np.int32),
        dict(hidden=[32, 16], activation="relu", batch_size=64, epochs=7, lr=0.05),
    ),
    "mlp_xent_gelu": (
        classes(517, 8, 3, np.int16),
        dict(hidden=[19], activation="gelu", loss="cross-entropy", batch_size=20, epochs=5, lr=0.05),
    ),
    "uint8_xent": (
        images(203, 10, 9, 7),
        dict(hidden=[21], activation="relu", batch_size=5, epochs=3, lr=0.02),
    ),
    "shape3_xent": (
        classes(419, 24, 3, np.int64, shape=(2, 3, 4)),
        dict(hidden=[13], activation="tanh", batch_size=25, epochs=6, lr=0.05),
    ),
    # The optimizer
    "momentum": (
        regression(1037, 10, 1),
        dict(MLP, activation="tanh", batch_size=64, epochs=7, lr=0.01, momentum=0.9),
    ),
    "nesterov": (
        regression(1037, 10, 1),
        dict(MLP, activation="tanh", batch_size=64, epochs=7, lr=0.01, momentum=0.9, nesterov=True),
    ),
    "weight_decay": (
        regression(1037, 10, 1),
        dict(MLP, activation="tanh", batch_size=64, epochs=7, lr=0.05, weight_decay=0.02),
    ),
    "sgd_all": (
        classes(1037, 10, 4),
        dict(
            hidden=[24],
            activation="gelu",
            batch_size=64,
            epochs=7,
            lr=0.02,
            momentum=0.8,
            nesterov=True,
            weight_decay=0.01,
        ),
    ),
    # The batches
    "drop_last": (
        regression(517, 6, 1),
        dict(hidden=[12], activation="tanh", batch_size=50, epochs=11, lr=0.05, drop_last=True),
    ),
    "batch_over_n": (regression(91, 5, 1), dict(batch_size=100, epochs=110, lr=0.02)),
    "batch_1": (regression(37, 3, 2), dict(batch_size=1, epochs=3, lr=0.01)),
    "max_steps": (regression(211, 7, 1), dict(batch_size=10, epochs=9, max_steps=123, lr=0.02)),
    # Other optimizers (a case's number seeds its data: new ones go to the end)
    "adam": (
        regression(1037, 10, 3),
        dict(MLP, activation="tanh", batch_size=64, epochs=7, optimizer="adam", lr=0.005),
    ),
    "adam_l2": (
        classes(1037, 10, 4),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, optimizer="adam", lr=0.005,
            weight_decay=0.01, beta1=0.8, beta2=0.99, eps=1e-6,
        ),
    ),
    "adamw": (
        regression(1037, 10, 2),
        dict(
            MLP, activation="gelu", batch_size=64, epochs=7, optimizer="adamw", lr=0.005,
            weight_decay=0.1,
        ),
    ),
    "lars": (
        classes(1037, 10, 4),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, optimizer="lars", lr=5,
            momentum=0.9, weight_decay=0.01,
        ),
    ),
    "lamb": (
        classes(1037, 10, 4),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, optimizer="lamb", lr=0.02,
            weight_decay=0.01,
        ),
    ),
    # Other losses
    "mae": (
        regression(1037, 10, 2),
        dict(MLP, activation="tanh", loss="mae", batch_size=64, epochs=7, lr=0.05),
    ),
    "huber": (
        regression(1037, 10, 2),
        dict(MLP, activation="tanh", loss="huber", batch_size=64, epochs=7, lr=0.1),
    ),
    "bce_int": (
        truths(1037, 10, 0, np.uint8),
        dict(MLP, activation="tanh", loss="bce", batch_size=64, epochs=7, lr=0.2),
    ),
    "bce_k3": (
        truths(1037, 10, 3, np.float32),
        dict(hidden=[19], activation="gelu", loss="bce", batch_size=64, epochs=7, lr=0.3),
    ),
    # What counts how much
    "class_weights": (
        classes(1037, 10, 4),
        dict(MLP, batch_size=64, epochs=7, lr=0.1, class_weights=[0.3, 4.5, 0.0001, 1.25]),
    ),
    "balanced": (
        classes(1037, 10, 5, np.int16),
        dict(MLP, batch_size=64, epochs=7, lr=0.1, class_weights="balanced"),
    ),
    "smoothing": (
        classes(1037, 10, 4),
        dict(MLP, activation="tanh", batch_size=64, epochs=7, lr=0.1, label_smoothing=0.1),
    ),
    "smooth_weights": (
        classes(1037, 10, 4, np.uint8),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, lr=0.1, label_smoothing=0.2,
            class_weights=[3, 0.5, 1, 2],
        ),
    ),
    "bce_weights": (
        truths(1037, 10, 3, np.int32),
        dict(
            hidden=[19], activation="tanh", loss="bce", batch_size=64, epochs=7, lr=0.2,
            class_weights=[3.5, 0.25, 1],
        ),
    ),
    "bce_balanced": (
        truths(1037, 10, 2, np.float64),
        dict(
            hidden=[19], activation="tanh", loss="bce", batch_size=64, epochs=7, lr=0.2,
            class_weights="balanced",
        ),
    ),
    # The learning rate, and the gradient's norm
    "linear": (
        regression(1037, 10, 2),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, lr=0.1, schedule="linear",
        ),
    ),
    "linear_warmup": (
        regression(1037, 10, 2),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, lr=0.01, schedule="linear",
            warmup=25, momentum=0.9,
        ),
    ),
    "cosine_warmup": (
        classes(1037, 10, 4),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, optimizer="adamw", lr=0.01,
            schedule="cosine", warmup=20, max_steps=110, clip_norm=0.35, weight_decay=0.01,
        ),
    ),
    "cosine": (
        regression(517, 10, 2),
        dict(
            MLP, activation="tanh", batch_size=32, epochs=7, lr=0.02, schedule="cosine",
            scale_lr=8,
        ),
    ),
    "step_warmup": (
        regression(1037, 10, 2),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, lr=0.1, schedule="step:20:0.7",
            warmup=11,
        ),
    ),
    "warmup": (
        regression(1037, 10, 2),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, lr=0.05, warmup=40,
        ),
    ),
    "clip_norm": (
        regression(1037, 10, 2),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, lr=0.2, clip_norm=0.4,
        ),
    ),
    # What goes with an activation
    "layer_norm": (
        regression(1037, 10, 2),
        dict(MLP, activation="relu", layer_norm=True, batch_size=64, epochs=7, lr=0.05),
    ),
    "layer_norm_adamw": (
        classes(1037, 10, 4),
        dict(
            MLP, activation="gelu", layer_norm=True, batch_size=64, epochs=7, optimizer="adamw",
            lr=0.005, weight_decay=0.05,
        ),
    ),
    "layer_norm_lamb": (
        classes(517, 10, 4),
        dict(
            hidden=[17, 33, 5], activation="tanh", layer_norm=True, batch_size=32, epochs=7,
            optimizer="lamb", lr=0.02, weight_decay=0.05,
        ),
    ),
    "dropout": (
        classes(1037, 10, 4),
        dict(MLP, activation="relu", dropout=0.2, batch_size=64, epochs=7, lr=0.1, seed=5),
    ),
    "dropout_layer_norm": (
        regression(1037, 10, 2),
        dict(
            MLP, activation="tanh", layer_norm=True, dropout=0.4, batch_size=64, epochs=7, lr=0.05,
            momentum=0.9,
        ),
    ),
    # Of 4096 parameters and more, which the ranks of a node have together
    "wide_momentum": (
        regression(517, 10, 1),
        dict(
            WIDE, activation="tanh", batch_size=32, epochs=7, lr=0.01, momentum=0.9,
            weight_decay=0.01,
        ),
    ),
    "wide_adamw": (
        classes(517, 10, 4),
        dict(
            WIDE, activation="gelu", batch_size=32, epochs=7, optimizer="adamw", lr=0.002,
            clip_norm=0.5,
        ),
    ),
    "wide_lamb": (
        classes(517, 10, 4),
        dict(WIDE, activation="tanh", batch_size=32, epochs=7, optimizer="lamb", lr=0.02),
    ),
    # Losses with several outputs a target. The likelihood stays above 0, or relative differences
    # would say nothing
    "quantile": (
        regression(1037, 10, 2),
        dict(
            MLP, activation="tanh", loss="quantile:0.1,0.5,0.9", batch_size=64, epochs=7, lr=0.2,
        ),
    ),
    "quantile_linear": (
        regression(517, 10, 1, flat=True),
        dict(loss="quantile:0.05,0.25,0.75,0.99", batch_size=32, epochs=7, lr=0.1),
    ),
    "gaussian_nll": (
        times(3, regression(1037, 10, 1)),
        dict(MLP, activation="tanh", loss="gaussian-nll", batch_size=64, epochs=7, lr=0.05),
    ),
    "gaussian_nll_k3": (
        times(3, regression(1037, 10, 3)),
        dict(
            MLP, activation="gelu", loss="gaussian-nll", batch_size=64, epochs=7, optimizer="adamw",
            lr=0.005,
        ),
    ),
    # What does not count, and what counts more
    "masked_huber": (
        gaps(regression(1037, 10, 3), 0.3),
        dict(MLP, activation="tanh", loss="huber", batch_size=64, epochs=7, lr=0.1, missing_y="mask"),
    ),
    "masked_bce_weights": (
        gaps(truths(1037, 10, 3, np.float32), 0.3, weighted=True),
        dict(
            MLP, activation="tanh", loss="bce", batch_size=64, epochs=7, lr=0.3, missing_y="mask",
            weights="w",
        ),
    ),
    "weights": (
        gaps(regression(1037, 10, 2), 0, weighted=True),
        dict(MLP, activation="tanh", batch_size=64, epochs=7, lr=0.05, weights="w"),
    ),
    "ignored_weights": (
        gaps(classes(1037, 10, 4), 0.2, fill=255, weighted=True),
        dict(
            MLP, activation="tanh", batch_size=64, epochs=7, lr=0.2, ignore_label=255, weights="w",
        ),
    ),
    "normalize_y": (
        units(regression(1037, 10, 2), 1e4, 1e-3),
        dict(MLP, activation="tanh", batch_size=64, epochs=7, lr=0.05, normalize_y="standard"),
    ),
    "masked_quantile_weights": (
        gaps(regression(1037, 10, 2), 0.3, weighted=True),
        dict(
            MLP, activation="tanh", loss="quantile:0.1,0.5,0.9", batch_size=64, epochs=7, lr=0.2,
            missing_y="mask", weights="w",
        ),
    ),
    "masked_gaussian_weights": (
        gaps(times(3, regression(1037, 10, 2)), 0.3, weighted=True),
        dict(
            MLP, activation="tanh", loss="gaussian-nll", batch_size=64, epochs=7, lr=0.05,
            missing_y="mask", weights="w",
        ),
    ),
    # Probabilities of classes
    "soft_xent": (
        probabilities(1037, 10, 4),
        dict(
            MLP, activation="tanh", loss="cross-entropy", batch_size=64, epochs=7, lr=0.2,
            class_weights=[3, 0.5, 1, 2], label_smoothing=0.15,
        ),
    ),
    "soft_xent_weights": (
        gaps(probabilities(1037, 10, 4), 0.1, weighted=True),
        dict(
            MLP, activation="tanh", loss="cross-entropy", batch_size=64, epochs=7, lr=0.2,
            missing_y="mask", weights="w",
        ),
    ),
}


# ---- Optimizers that PyTorch does not have, from their papers -------------------------------------------
class Layers(torch.optim.Optimizer):
    """Tensor by tensor; those of one dimension are neither scaled nor decayed."""

    def __init__(self, parameters, **defaults):
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                self.update(w, w.grad, self.state[w], dict(group), w.dim() > 1)


class LARS(Layers):
    """You, Gitman, Ginsburg 2017 (arXiv:1708.03888), algorithm 1, equation 6."""

    def update(self, w, g, state, o, is_matrix):
        rate = o["lr"]
        if is_matrix:
            g = g + o["weight_decay"] * w
            rate *= 0.001 * w.norm() / (w.grad.norm() + o["weight_decay"] * w.norm())
        v = state.setdefault("v", torch.zeros_like(w))
        v.mul_(o["momentum"]).add_(rate * g)
        w.sub_(v)


class LAMB(Layers):
    """You et al. 2020 (arXiv:1904.00962), algorithm 2."""

    def update(self, w, g, state, o, is_matrix):
        beta1, beta2 = o["betas"]
        t = state["t"] = state.get("t", 0) + 1
        m = state.setdefault("m", torch.zeros_like(w))
        v = state.setdefault("v", torch.zeros_like(w))
        m.copy_(beta1 * m + (1 - beta1) * g)
        v.copy_(beta2 * v + (1 - beta2) * g * g)
        r = (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + o["eps"])
        rate = o["lr"]
        if is_matrix:
            r = r + o["weight_decay"] * w
            rate *= w.norm() / r.norm()
        w.sub_(rate * r)


def optimizer(o, parameters):
    lr = o["lr"] * o["batch_size"] / o.get("scale_lr", o["batch_size"])
    common = dict(lr=lr, weight_decay=o.get("weight_decay", 0))
    adam = dict(betas=(o.get("beta1", 0.9), o.get("beta2", 0.999)), eps=o.get("eps", 1e-8))
    name, momentum = o.get("optimizer", "sgd"), o.get("momentum", 0)
    if name == "sgd":
        nesterov = o.get("nesterov", False)
        return torch.optim.SGD(parameters, momentum=momentum, nesterov=nesterov, **common)
    if name == "lars":
        return LARS(parameters, momentum=momentum, **common)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "lamb": LAMB}[name]
    return kind(parameters, **adam, **common)


def scheduler(o, update, steps):
    """PyTorch's own schedulers, step() to be called after each update."""
    schedule, warmup = o.get("schedule", "constant"), o.get("warmup", 0)
    kinds = torch.optim.lr_scheduler
    if schedule == "linear":
        after = kinds.LambdaLR(update, lambda u: 1 - u / (steps - warmup))
    elif schedule == "cosine":
        after = kinds.CosineAnnealingLR(update, steps - warmup)
    elif schedule.startswith("step:"):
        every, factor = schedule.split(":")[1:]
        after = kinds.StepLR(update, int(every), float(factor))
    else:
        after = kinds.LambdaLR(update, lambda u: 1)
    if not warmup:
        return after
    before = kinds.LinearLR(update, start_factor=1 / warmup, total_iters=warmup - 1)
    return kinds.SequentialLR(update, [before, after], milestones=[warmup])


# ---- Dropout, with the masks that dtrain draws ---------------------------------------------------------
def philox(counter, key):
    """Philox4x32-10 (Salmon et al., SC11): counter, four arrays of 32 bits, to four of random ones."""
    c = [np.asarray(v, np.uint64) for v in np.broadcast_arrays(*counter)]
    k, low = [int(v) for v in key], np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [
            (b >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]),
            b & low,
            (a >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]),
            a & low,
        ]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


class Dropout(nn.Module):
    """nn.Dropout whose masks come from the seed, the layer and the number of the sample in the run."""

    samples = None  # of the batch

    def __init__(self, p, layer, seed):
        super().__init__()
        self.p, self.layer, self.key = p, layer, (seed, 0)

    def forward(self, x):
        groups = np.arange(-(-x.shape[1] // 4))[None, :]
        words = philox((Dropout.samples[:, None], 0, groups, 6 + 256 * self.layer), self.key)
        drawn = np.stack(words, -1).reshape(len(x), -1)[:, : x.shape[1]]
        mask = torch.from_numpy(drawn >= int(self.p * 2**32)).to(x.dtype)
        return x * mask / (1 - self.p)


# ---- One run -------------------------------------------------------------------------------------
def words(o):
    """The options as dtrain's command line has them, in the order of the table above."""
    out = ["--no-shuffle"]
    for name, value in o.items():
        out.append("--" + name.replace("_", "-"))
        if isinstance(value, list):
            out.append(",".join(str(v) for v in value))
        elif value is not True:
            out.append(str(value))
    return out


def network(o, inputs, outputs):
    layers, width = [], inputs
    for i, h in enumerate(o.get("hidden", [])):
        layers += [nn.Linear(width, h)] + [nn.LayerNorm(h)] * o.get("layer_norm", False)
        layers += [ACTIVATIONS[o.get("activation", "relu")]()]
        if "dropout" in o:
            layers += [Dropout(o["dropout"], i, o.get("seed", 0))]
        width = h
    return nn.Sequential(*layers, nn.Linear(width, outputs))


class Quantiles(nn.Module):
    """scikit-learn's mean_pinball_loss, and its mean over the quantiles."""

    def __init__(self, levels, dtype):
        super().__init__()
        self.levels = torch.tensor(levels, dtype=dtype)

    def forward(self, output, y):
        error = y[:, :, None] - output.reshape(len(y), y.shape[1], -1)
        return torch.maximum(self.levels * error, (self.levels - 1) * error).mean()


class GaussianNLL(nn.GaussianNLLLoss):
    def forward(self, output, y):
        mean, raw = output.chunk(2, 1)
        return super().forward(mean, y, nn.functional.softplus(raw))


LOSSES = {
    "mse": nn.MSELoss, "mae": nn.L1Loss, "huber": nn.HuberLoss, "gaussian-nll": GaussianNLL,
}


def quantiles_of(o):
    name, _, levels = o.get("loss", "").partition(":")
    return [float(q) for q in levels.split(",")] if name == "quantile" else []


def criterion_of(o, y, dtype):
    """The loss, and its weights: scikit-learn's class_weight, or what pos_weight's documentation has."""
    weight = o.get("class_weights")
    if o.get("loss") == "bce":
        y = y.reshape(len(y), -1)
        if weight == "balanced":
            weight = (y == 0).sum(0) / (y == 1).sum(0)
    elif weight == "balanced":
        weight = compute_class_weight("balanced", classes=np.unique(y), y=y)
    if weight is not None:
        weight = torch.tensor(np.asarray(weight), dtype=dtype)
    if o.get("loss") == "bce":
        return nn.BCEWithLogitsLoss(pos_weight=weight)
    if o.get("loss") == "cross-entropy" or ("loss" not in o and y.dtype.kind in "iu"):
        return nn.CrossEntropyLoss(weight=weight, label_smoothing=o.get("label_smoothing", 0.0))
    if quantiles_of(o):
        return Quantiles(quantiles_of(o), dtype)
    return LOSSES[o.get("loss", "mse")]()


def counted(o, y, dtype):
    """The mean loss over what counts, by weight: of the outputs and y and weights of a batch."""
    ignored = o.get("ignore_label", -100)
    kinds = {"bce": nn.functional.binary_cross_entropy_with_logits, "mse": nn.functional.mse_loss}
    kinds["huber"] = nn.functional.huber_loss

    def mean(output, y, weight):
        if y.dtype == torch.int64:
            loss = nn.functional.cross_entropy(output, y, reduction="none", ignore_index=ignored)
            counts = weight * (y != ignored)
            return (weight * loss).sum() / counts.sum()
        there, y = ~torch.isnan(y), torch.nan_to_num(y)
        if o.get("loss") == "cross-entropy":  # of probabilities: the whole row counts, or not
            counts = weight * there.all(1)
            return (counts * nn.functional.cross_entropy(output, y, reduction="none")).sum() / counts.sum()
        if quantiles_of(o):
            q = torch.tensor(quantiles_of(o), dtype=dtype)
            error = y[:, :, None] - output.view(len(y), y.shape[1], len(q))
            loss = torch.maximum(q * error, (q - 1) * error).mean(2)
        elif o.get("loss") == "gaussian-nll":
            mean, variance = output[:, : y.shape[1]], nn.functional.softplus(output[:, y.shape[1] :])
            loss = nn.functional.gaussian_nll_loss(mean, y, variance, reduction="none")
        else:
            loss = kinds[o.get("loss", "mse")](output, y, reduction="none")
        counts = weight[:, None] * there
        return (counts * loss).sum() / counts.sum()

    return mean


def train(o, x, y, initial, dtype, weight=None):
    """The losses of all steps and the final state_dict, computed in dtype."""
    integer = y.dtype.kind in "iu" and o.get("loss", "cross-entropy") == "cross-entropy"
    by_weight = any(k in o for k in ("weights", "missing_y", "ignore_label"))
    weight = torch.from_numpy(np.ones(len(x), "f4") if weight is None else weight).to(dtype)
    outputs = y.shape[1] if y.ndim > 1 else 1
    if integer:
        outputs = int(y[y != o.get("ignore_label", -1)].max()) + 1
    outputs *= 2 if o.get("loss") == "gaussian-nll" else max(len(quantiles_of(o)), 1)
    rows = torch.from_numpy(x.reshape(len(x), -1))
    if x.dtype == np.uint8:
        rows = rows.to(torch.float32).div(255)  # as torchvision's ToTensor
    rows = rows.to(dtype)
    want = torch.from_numpy(y.astype(np.int64) if integer else y.reshape(len(y), -1).copy())
    want = want if integer else want.to(dtype)

    model = network(o, rows.shape[1], outputs)
    if initial is not None:
        model.load_state_dict(initial)
    model = model.to(dtype)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    criterion = counted(o, y, dtype) if by_weight else criterion_of(o, y, dtype)
    update = optimizer(o, model.parameters())
    per_epoch = len(x) / o["batch_size"]
    per_epoch = int(per_epoch) if o.get("drop_last") else int(np.ceil(per_epoch))
    schedule = scheduler(o, update, min(per_epoch * o["epochs"], o.get("max_steps", 1 << 30)))
    losses, rates, clipped = [], [], 0
    for epoch in range(o["epochs"]):
        for i in range(0, len(x), o["batch_size"]):
            Dropout.samples = epoch * len(x) + np.arange(i, min(i + o["batch_size"], len(x)))
            if o.get("drop_last") and i + o["batch_size"] > len(x):
                break
            if len(losses) == o.get("max_steps"):
                break
            batch = slice(i, i + o["batch_size"])
            more = (weight[batch],) if by_weight else ()
            loss = criterion(model(rows[batch]), want[batch], *more)
            update.zero_grad()
            loss.backward()
            if "clip_norm" in o:
                norm = nn.utils.clip_grad_norm_(model.parameters(), o["clip_norm"])
                clipped += norm > o["clip_norm"]
            rates.append(update.param_groups[0]["lr"])
            update.step()
            schedule.step()
            losses.append(loss.item())
    assert "clip_norm" not in o or 0.1 < clipped / len(losses) < 0.9, clipped / len(losses)
    return np.array(losses), np.array(rates), before, model.state_dict()


def make(number, name):
    data, o = CASES[name]
    x, y, *weight = data(np.random.Generator(np.random.PCG64(1000 + number)))
    raw = y
    if o.get("normalize_y") == "standard":
        y = StandardScaler().fit_transform(y.astype(np.float64)).astype(np.float32)
    torch.manual_seed(number)
    loss, rates, initial, final = train(o, x, y, None, torch.float32, *weight)
    loss64, _, _, final64 = train(o, x, y, initial, torch.float64, *weight)

    off_loss = np.max(np.abs(loss - loss64) / np.abs(loss64))
    off_final = max(
        float((final[k] - final64[k]).abs().max() / final64[k].abs().max()) for k in final
    )
    assert np.isfinite(loss).all() and len(loss) >= 100, (name, len(loss))
    assert off_loss < TOLERANCE and off_final < TOLERANCE, (name, off_loss, off_final)
    tenth = len(loss) // 10
    assert loss[-tenth:].mean() < 0.95 * loss[:tenth].mean(), (name, "does not learn")
    if o.get("optimizer") in ("lars", "lamb"):
        loss, final = loss64, {k: v.float() for k, v in final64.items()}
    moved = min(float((final[k] - initial[k]).abs().max()) for k in final)
    assert moved > 1e-3, (name, "a tensor hardly moves", moved)

    path = FOLDER / f"{name}.h5"
    with h5py.File(path, "w") as f:
        f.attrs["options"] = np.bytes_("\n".join(words(o)) + "\n")
        f.attrs["torch"] = np.bytes_(torch.__version__)
        f["x"], f["y"], f["loss"], f["lr"] = x, raw, loss, rates
        if weight:
            f["w"] = weight[0]
        for group, weights in (("model", initial), ("final", final)):
            for k, v in weights.items():
                f[f"{group}/{k}"] = v.numpy()
    print(
        f"{name:18s} {path.stat().st_size:6d} bytes, {len(loss)} steps, loss {loss[:tenth].mean():.4f}"
        f" -> {loss[-tenth:].mean():.4f}, float64 differs by {off_loss:.1e} {off_final:.1e}"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(CASES):
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            make(number, name)
