#!/usr/bin/env python3
"""Compare dtrain with PyTorch, step by step, on random configurations.

usage: differential.py [--seconds N] [--cases N] [--seed S] [--reduce exact|fast] [--case S/N]

Each case draws a data set, a model and options, among them extremes: targets 1e10 apart, features
1e8 apart, batches of 1e5 with a last batch of 1, class weights down to 1e-10, one row of a class
in 1e5, outliers of 1e10. dtrain trains a few steps, with a checkpoint after each. Every step is
then made again in float64, from the numbers of the checkpoint before it, so that differences do
not grow from step to step. What is compared:
  - the loss of the step;
  - the state of the optimizer, which has the gradient: each row within LIMIT of its largest. A row
    is the weights of one output, or a whole vector;
  - the new weights, as the optimizer's formula gives them for dtrain's own state.

What is farther off is noise if float32 is off as far: PyTorch in float32, in several orders of the
rows, and float64 with each number moved by up to half a unit in float32's last place. Else
it is a real disagreement: the command that repeats it is printed, and its data is kept.
An error of dtrain is right where PyTorch's numbers are not finite either, or where the data does
not fit into the memory that it was given.

--exe PROGRAM (build/dtrain), --keep DIR (a new folder of TMPDIR), --verbose: a line a case.
MPIEXEC: the launcher, up to the number of ranks (mpirun -np).
Needs numpy, h5py and PyTorch. Exit status: 77 without them, 1 after a real disagreement."""
import argparse
import json
import math
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

try:
    import h5py
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

LIMIT = 2e-6  # of the largest magnitude in a row
NOISE = 2  # times what float32 is off by, in the ways in which it was computed
HALF_UNIT = 2.0**-24
VECTOR_UNITS = 4  # that exp, tanh or erf of a library for vectors may be off
KINK = 2.0**-20  # of the terms: so near to 0, float32 may be on the other side
UNDERFLOW = 1e-37
SMALLEST = 1e-27  # gradients of less count as 0 (MIN_LINE in engine/scales.c)
SMALLEST_LOSS = 1e-20
WAYS = (5, 20, 80)  # to compute in float32: more, as long as there is a disagreement,
MANY = 2e6  # and they have at most so many rows together
SECONDS = 120  # for one run of dtrain

MPIEXEC = os.environ.get("MPIEXEC", "mpirun -np").split()
ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "OMPI_MCA_mpi_yield_when_idle": "1",
}


# ---- Drawing a case ----------------------------------------------------------------------------


def log_uniform(r, low, high):
    return float("%.6g" % math.exp(r.uniform(math.log(low), math.log(high))))


def draw_sizes(r, c):
    t = r.random()
    if t < 0.35:
        c.batch = r.randint(1, 64)
    elif t < 0.75:
        c.batch = r.choice([100, 128, 200, 255, 256, 257, 500, 1000, 2000])
    elif t < 0.92:
        c.batch = r.randint(2000, 10000)
    else:
        c.batch = 100000
    big = c.batch > 2000
    c.batches = 1 if c.batch > 10000 else r.randint(1, 4)
    tail = r.choice([0, 1, 1, r.randint(1, c.batch)]) % c.batch
    c.rows = c.batch * c.batches + tail
    c.drop_last = tail > 0 and r.random() < 0.1
    c.steps_per_epoch = c.batches + (tail > 0 and not c.drop_last)
    c.steps = min(c.steps_per_epoch * r.randint(1, 3), 4 if big else 10)
    c.features = r.choice([1, 2, 3, 8, 15, 16, 17] + ([] if big else [31, 33, 64, 100, 200]))
    widths = [3, 8, 16, 17] + ([] if big else [31, 33, 64, 130])
    layers = r.choice([0, 0, 1, 1, 2] + ([] if big else [3]))
    c.hidden = [r.choice(widths) for _ in range(layers)]
    c.activation = r.choice(["relu", "tanh", "sigmoid", "gelu"])
    c.layer_norm = layers > 0 and r.random() < 0.25


def draw_targets(r, c):
    c.loss = r.choice(["mse", "mse", "mse", "mae", "huber", "bce"] + ["cross-entropy"] * 3)
    c.outlier, c.rare, c.class_weights, c.smoothing, c.target_decades = 0, False, None, 0, 0
    if c.loss == "cross-entropy":
        c.outputs = r.choice([2, 2, 3, 5, 10, 33])
        c.rare = r.random() < 0.4
        c.class_weights = r.choice([None, None, "balanced", "list", "list", "zero"])
        c.smoothing = r.choice([0, 0, 0, 0.1, 0.5])
        return
    c.outputs = r.choice([1, 1, 2, 3, 8, 17])
    if c.loss == "bce":
        c.rare = r.random() < 0.4
        c.class_weights = r.choice([None, None, "balanced", "list"])
        return
    if c.outputs > 1 and r.random() < 0.6:
        c.target_decades = r.choice([1, 3, 6, 8, 10])
    if r.random() < 0.25:
        c.outlier = log_uniform(r, 1e2, 1e10)


def draw_optimizer(r, c):
    c.optimizer = r.choice(["sgd"] * 4 + ["adam", "adam", "adamw", "lars", "lamb"])
    layerwise = c.optimizer in ("lars", "lamb")
    c.momentum = r.choice([0.5, 0.9, 0.99]) if r.random() < 0.8 else 0
    c.nesterov = c.optimizer == "sgd" and c.momentum > 0 and r.random() < 0.3
    c.beta1, c.beta2 = r.choice([0.9, 0.9, 0.5, 0]), r.choice([0.999, 0.999, 0.9])
    c.eps = r.choice([1e-8, 1e-8, 1e-4])
    c.decay = r.choice([0, 0, 0, 1e-4, 0.01, 0.1])
    c.clip = log_uniform(r, 0.01, 10) if r.random() < (0.8 if c.outlier else 0.2) else 0
    c.schedule = r.choice(["constant", "constant", "linear", "cosine", "step:2:0.5"])
    c.warmup = min(r.choice([0, 0, 0, 3]), c.steps - 1)
    c.rate = log_uniform(r, 1e-4, 0.1) * (10 if layerwise else 1)


def draw(name, reduce):
    r = random.Random(name)
    c = argparse.Namespace(name=name)
    draw_sizes(r, c)
    draw_targets(r, c)
    draw_optimizer(r, c)
    c.feature_decades = r.choice([0, 0, 0, 2, 4, 8])
    c.fit_features = r.random() < 0.7  # the first weights make up for the features' sizes
    c.normalize = r.random() < 0.15
    c.ranks, c.threads = r.randint(1, 4), r.randint(1, 2)
    c.reduce = r.choice(["exact", "fast"])
    c.reduce = reduce or c.reduce
    c.window = r.randint(2, c.rows) if c.rows >= 64 and r.random() < 0.25 else 0
    c.numbers = r.getrandbits(32)
    c.normalize = c.normalize and r.choice(["standard", "minmax"])
    numbers = c.loss in ("mse", "mae", "huber")
    c.normalize_y = r.choice([None, None, "standard", "minmax"]) if numbers else None
    return c


def draw_sizes_apart(g, n, decades):
    """n factors around 1, the largest of them 10^decades times the smallest."""
    at = g.permutation(np.linspace(-0.5, 0.5, n)) if n > 1 else np.zeros(1)
    return 10 ** (decades * at)


def make_rows(c, g):
    c.feature_sizes = draw_sizes_apart(g, c.features, c.feature_decades)
    x = g.standard_normal((c.rows, c.features))
    signal = x @ g.standard_normal((c.features, c.outputs)) / math.sqrt(c.features)
    signal += 0.3 * g.standard_normal(signal.shape)
    x = (x * c.feature_sizes).astype(np.float32)
    if c.loss == "cross-entropy":
        y = np.zeros(c.rows, np.int32) if c.rare else signal.argmax(1).astype(np.int32)
        y[g.integers(c.rows)] = c.outputs - 1  # the model has one output more than the last class
        return x, y
    if c.loss == "bce":
        y = np.zeros(signal.shape, bool) if c.rare else signal > 0.2
        y[g.integers(c.rows)] = True
        return x, y.astype(np.float32)
    y = signal * draw_sizes_apart(g, c.outputs, c.target_decades)
    if c.outlier:
        y[g.integers(c.rows), g.integers(c.outputs)] *= c.outlier
    return x, y.astype(np.float32)


def make_weights(c, y, g):
    """The words of --class-weights, and the weights; None: no such option."""
    if not c.class_weights:
        return None, None
    if c.class_weights == "balanced" and c.loss == "bce":
        true = (y > 0.5).sum(0)
        weights = np.where(true > 0, (len(y) - true) / np.maximum(true, 1), 1)
        return "balanced", weights.astype(np.float32)
    if c.class_weights == "balanced":
        n = np.bincount(y, minlength=c.outputs)
        weights = np.where(n > 0, len(y) / ((n > 0).sum() * np.maximum(n, 1)), 0)
        return "balanced", weights.astype(np.float32)
    words = ["%.6g" % w for w in 10 ** g.uniform(-10, 0, c.outputs)]
    words[g.integers(c.outputs)] = "1"
    if c.class_weights == "zero":
        words[g.integers(c.outputs)] = "0"
        words[0] = "0.5" if all(w == "0" for w in words) else words[0]
    return ",".join(words), np.array([float(w) for w in words], np.float32)


def make_model(c, g):
    """The parameters by name, initialised as PyTorch does; c.layers has the modules' numbers."""
    torch.manual_seed(c.numbers)
    sizes, p, n = [c.features, *c.hidden, c.outputs], {}, 0
    c.layers = []
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        linear = torch.nn.Linear(inputs, outputs)
        p[f"{n}.weight"] = linear.weight.detach().numpy().copy()
        p[f"{n}.bias"] = linear.bias.detach().numpy().copy()
        hidden = i < len(c.hidden)
        norm = n + 1 if hidden and c.layer_norm else None
        if norm:
            p[f"{norm}.weight"] = g.uniform(0.5, 1.5, outputs).astype(np.float32)
            p[f"{norm}.bias"] = g.normal(0, 0.3, outputs).astype(np.float32)
        c.layers.append((n, norm, hidden))
        n += 3 if norm else 2
    if c.fit_features and not c.normalize:
        p["0.weight"] /= c.feature_sizes.astype(np.float32)
    return p


# ---- A step in PyTorch -------------------------------------------------------------------------


class Sample:
    """A global batch, and the class weights."""

    def __init__(self, x, y, weights):
        self.x, self.y, self.weights = x, y, weights


def unit_noise(g, shape):
    return torch.tensor(HALF_UNIT * g.uniform(-1, 1, shape))


class Rounded(torch.autograd.Function):
    """What rounding to float32 may do to a value, and to its gradient."""

    @staticmethod
    def forward(context, x, g):
        context.g = g
        return x * (1 + unit_noise(g, x.shape))

    @staticmethod
    def backward(context, d):
        return d * (1 + unit_noise(context.g, d.shape)), None


class RoundedLinear(torch.autograd.Function):
    """x W^T + b and the gradient of x. Each addition rounds what has been added up so far, so that
    n terms are off by up to a unit of them all for a few, and by about sqrt(n) / 4 for many."""

    @staticmethod
    def forward(context, x, w, b, g):
        context.save_for_backward(x, w)
        context.g = g
        z = F.linear(x, w, b)
        size = F.linear(x.abs(), w.abs(), b.abs())
        return z + max(2, math.sqrt(w.shape[1]) / 2) * size * unit_noise(g, z.shape)

    @staticmethod
    def backward(context, d):
        x, w = context.saved_tensors
        size = d.abs() @ w.abs()
        size *= max(2, math.sqrt(w.shape[0]) / 2)
        return d @ w + size * unit_noise(context.g, x.shape), d.T @ x, d.sum(0), None


class RoundedNorm(torch.autograd.Function):
    """LayerNorm without weights; its gradient is what is left of three terms."""

    @staticmethod
    def forward(context, x, g):
        centred = x - x.mean(1, keepdim=True)
        scale = 1 / torch.sqrt((centred**2).mean(1, keepdim=True) + 1e-5)
        normed = centred * scale * (1 + unit_noise(g, x.shape))
        context.save_for_backward(normed, scale)
        context.g = g
        return normed

    @staticmethod
    def backward(context, d):
        normed, scale = context.saved_tensors

        def mean(v):
            size = v.abs().mean(1, keepdim=True)
            return v.mean(1, keepdim=True) + 2 * size * unit_noise(context.g, size.shape)

        shift, slope = mean(d), normed * mean(d * normed)
        size = d.abs() + shift.abs() + slope.abs()
        return scale * (d - shift - slope + size * unit_noise(context.g, d.shape)), None


class RoundedActivation(torch.autograd.Function):
    """The value, and the slope by it, as float32 has them from a library for vectors."""

    @staticmethod
    def forward(context, z, name, g):
        def computed(v):
            return (v * (1 + 2 * VECTOR_UNITS * unit_noise(g, z.shape))).float().double()

        if name == "gelu":
            share = (0.5 + 0.5 * computed(torch.erf(z * math.sqrt(0.5)))).float().double()
            density = torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
            context.slope = share + z * density
            return z * share
        value = computed({"tanh": torch.tanh, "sigmoid": torch.sigmoid}[name](z))
        context.slope = 1 - value * value if name == "tanh" else value * (1 - value)
        return value

    @staticmethod
    def backward(context, d):
        return d * context.slope, None, None


def flip(g, positive, value, terms):
    """Where a value is as good as 0 beside its terms, it may be on either side of it."""
    near = value.detach().abs() <= KINK * terms
    return positive ^ (near & torch.tensor(g.random(value.shape) < 0.5))


def forward(c, p, x):
    for n, norm, hidden in c.layers:
        x = F.linear(x, p[f"{n}.weight"], p[f"{n}.bias"])
        if norm:
            x = F.layer_norm(x, x.shape[1:], p[f"{norm}.weight"], p[f"{norm}.bias"])
        if hidden:
            function = {"relu": F.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "gelu": F.gelu}
            x = function[c.activation](x)
    return x


def forward_rounded(c, p, x, g):
    """The same in float64, with what float32 may make of it; and the size of the last terms."""
    for n, norm, hidden in c.layers:
        w, b = p[f"{n}.weight"], p[f"{n}.bias"]
        terms = F.linear(x.detach().abs(), w.detach().abs(), b.detach().abs())
        x = RoundedLinear.apply(x, w, b, g)
        if norm:
            x = RoundedNorm.apply(x, g)
            x = Rounded.apply(x * p[f"{norm}.weight"] + p[f"{norm}.bias"], g)
            terms = x.detach().abs().amax(1, keepdim=True)
        if hidden and c.activation == "relu":
            x = x * flip(g, x > 0, x, terms)
        elif hidden:
            x = RoundedActivation.apply(x, c.activation, g)
    return x, terms


def loss_of(c, output, sample, terms, g):
    y = torch.tensor(sample.y)
    weights = None if sample.weights is None else torch.tensor(sample.weights).to(output.dtype)
    if c.loss == "cross-entropy":
        return F.cross_entropy(output, y.long(), weights, label_smoothing=c.smoothing)
    y = y.to(output.dtype)
    if c.loss == "bce":
        return F.binary_cross_entropy_with_logits(output, y, pos_weight=weights)
    if c.loss == "mae" and g is not None:
        error = output - y
        side = flip(g, error > 0, error, terms + y.abs())
        return (error * torch.where(side, 1.0, -1.0).to(output.dtype)).mean()
    return {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.huber_loss}[c.loss](output, y)


def differentiate(c, parameters, sample, dtype, g=None):
    """The loss and its gradients by name, clipped, as float64."""
    p = {k: torch.tensor(v).to(dtype).requires_grad_() for k, v in parameters.items()}
    x, terms = torch.tensor(sample.x).to(dtype), None
    if g is None:
        output = forward(c, p, x)
    else:
        output, terms = forward_rounded(c, p, x, g)
    loss = loss_of(c, output, sample, terms, g)
    gradients = torch.autograd.grad(loss, list(p.values()))
    gradients = {k: d.double().numpy() for k, d in zip(p, gradients)}
    if c.clip:
        norm = math.sqrt(sum(float((d**2).sum()) for d in gradients.values()))
        factor = min(1.0, c.clip / (norm + 1e-6))
        gradients = {k: d * factor for k, d in gradients.items()}
    return float(loss.detach()), gradients


def in_float32(c, parameters, sample, g, n):
    """The nth of the ways in which float32 may compute the same."""
    order = g.permutation(len(sample.y)) if n > 0 else np.arange(len(sample.y))
    x, y = sample.x[order], sample.y[order]
    if n % 2 == 0:
        return differentiate(c, parameters, Sample(x, y, sample.weights), torch.float32)

    return differentiate(c, parameters, Sample(x, y, sample.weights), torch.float64, g)


# ---- Optimizers, in float64: a result, and the size of the terms that it is the sum of ---------


def norm_of(v):
    return math.sqrt(float((v**2).sum()))


def states_of(c):
    if c.optimizer in ("adam", "adamw", "lamb"):
        return ["exp_avg", "exp_avg_sq"]
    return ["momentum_buffer"] if c.momentum else []


def update_state(c, w, state, d, lr):
    """The state of a parameter after a step with the gradient d."""
    decays = c.optimizer == "sgd" or c.optimizer == "adam" or (c.optimizer == "lars" and w.ndim > 1)
    decay = c.decay if decays else 0
    full, terms = d + decay * w, np.abs(d) + decay * np.abs(w)
    if c.optimizer in ("sgd", "lars"):
        rate = 1.0
        if c.optimizer == "lars":
            size, slope = norm_of(w), norm_of(d)
            known = w.ndim > 1 and size > 0 and slope > 0
            rate = lr * (0.001 * size / (slope + c.decay * size) if known else 1)
        old = c.momentum * state["momentum_buffer"] if c.momentum else np.zeros_like(w)
        return {"momentum_buffer": (old + rate * full, np.abs(old) + rate * terms)}
    m, v = c.beta1 * state["exp_avg"], c.beta2 * state["exp_avg_sq"]
    fresh, squares = (1 - c.beta1) * full, v + (1 - c.beta2) * full**2
    terms = np.abs(m) + (1 - c.beta1) * terms
    return {"exp_avg": (m + fresh, terms), "exp_avg_sq": (squares, 2 * squares)}


def update_weights(c, w, before, after, lr, step):
    """The weights of a parameter after a step, from its states before and after it."""
    if c.optimizer in ("sgd", "lars"):
        b = after["momentum_buffer"]
        rate = lr if c.optimizer == "sgd" else 1
        if not c.nesterov:
            return w - rate * b, rate * np.abs(b)
        old = c.momentum * before["momentum_buffer"]
        return w - rate * (b - old + c.momentum * b), rate * (2 * np.abs(b) + np.abs(old))
    m = after["exp_avg"] / (1 - c.beta1**step)
    u = m / (np.sqrt(after["exp_avg_sq"] / (1 - c.beta2**step)) + c.eps)
    if c.optimizer == "adam":
        return w - lr * u, lr * np.abs(u)
    if c.optimizer == "adamw":
        return w * (1 - lr * c.decay) - lr * u, lr * np.abs(u)
    if w.ndim == 1:
        return w - lr * u, lr * np.abs(u)
    r, terms = u + c.decay * w, np.abs(u) + c.decay * np.abs(w)
    trust = norm_of(w) / norm_of(r) if norm_of(w) > 0 and norm_of(r) > 0 else 1
    return w - lr * trust * r, lr * trust * terms


# ---- dtrain ------------------------------------------------------------------------------------


class Disagreement(Exception):
    pass


def put(path, sets):
    with h5py.File(path, "w") as f:
        for name, values in sets.items():
            f[name] = values


def words_of(c, exe, weights, lr):
    words = [*MPIEXEC, c.ranks, exe, "train", "--data", "data.h5", "--init-from", "start.h5"]
    words += ["--no-shuffle", "--quiet", "--checkpoint", "run", "--checkpoint-every", 1]
    words += ["--keep", 99, "--log", "log.jsonl", "--overwrite", "--loss", c.loss]
    words += ["--batch-size", c.batch, "--max-steps", c.steps, "--epochs"]
    words += [-(-c.steps // c.steps_per_epoch), "--optimizer", c.optimizer, "--lr", "%.6g" % lr]
    words += ["--threads", c.threads, "--reduce", c.reduce, "--weight-decay", c.decay]
    words += ["--schedule", c.schedule, "--warmup", c.warmup]
    if c.hidden:
        words += ["--hidden", ",".join(map(str, c.hidden)), "--activation", c.activation]
    words += ["--layer-norm"] if c.layer_norm else []
    words += ["--drop-last"] if c.drop_last else []
    words += ["--normalize", c.normalize] if c.normalize else []
    words += ["--normalize-y", c.normalize_y] if c.normalize_y else []
    words += ["--class-weights", weights] if weights else []
    words += ["--label-smoothing", c.smoothing] if c.smoothing else []
    words += ["--clip-norm", c.clip] if c.clip else []
    if c.optimizer in ("sgd", "lars"):
        words += ["--momentum", c.momentum] + (["--nesterov"] if c.nesterov else [])
    else:
        words += ["--beta1", c.beta1, "--beta2", c.beta2, "--eps", c.eps]
    if c.window:
        row = 4 * c.features + (4 if c.loss == "cross-entropy" else 4 * c.outputs)
        words += ["--memory", min(c.window * (2 * row + 40), c.rows * row - 1)]
    return [str(w) for w in words]


def launch(words, folder):
    """The exit status and what dtrain says on standard error."""
    environment = {**os.environ, **ENVIRONMENT}
    environment.pop("OMP_NUM_THREADS", None)
    try:
        done = subprocess.run(
            words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return 124, f"no end within {SECONDS} s"
    errors = [line for line in done.stderr.splitlines() if line.startswith("dtrain: error")]
    return done.returncode, " ".join(errors) or done.stderr[-300:]


def read_steps(path):
    with open(path) as f:
        events = [json.loads(line) for line in f]
    return [e for e in events if e["event"] == "step"]


class Checkpoint:
    """Numbers of a step, in float64."""

    def __init__(self, path, c, names):
        with h5py.File(path) as f:
            self.weights = {k: f["model"][k][...] for k in names}
            self.state = {
                k: {s: f["optimizer"][s][k][...].astype(np.float64) for s in states_of(c)}
                for k in names
            }

    @staticmethod
    def start(c, parameters):
        first = Checkpoint.__new__(Checkpoint)
        first.weights = parameters
        first.state = {
            k: {s: np.zeros(v.shape) for s in states_of(c)} for k, v in parameters.items()
        }
        return first


def normalize(folder, group, how, values):
    """As dtrain does, with its numbers: in float64, and then rounded."""
    with h5py.File(f"{folder}/run/step-{1:010d}.h5") as f:
        mean, scale = f[group]["mean"][...], f[group]["scale"][...]
    wide = values.astype(np.float64)
    if how == "minmax" and not (mean == wide.min(0)).all():
        raise Disagreement(f"the smallest values in /{group}")
    return ((wide - mean) * scale).astype(np.float32)


def about_normal(how, y):
    """Near enough for the choice of a learning rate."""
    size = np.ptp(y, axis=0) if how == "minmax" else y.std(0)
    return ((y - y.mean(0)) / np.where(size > 0, size, 1)).astype(np.float32) if how else y


# ---- Comparison --------------------------------------------------------------------------------


def rows_of(v):
    return v.reshape(v.shape[0], -1) if v.ndim > 1 else v.reshape(1, -1)


class Step:
    """A step of dtrain beside the same one in float64, and in float32 in as many ways as asked."""

    def __init__(self, c, sample, before, lr, step):
        self.c, self.sample, self.before, self.lr, self.step = c, sample, before, lr, step
        self.g = np.random.default_rng([c.numbers, step])
        self.loss, gradients = differentiate(c, before.weights, sample, torch.float64)
        self.gradients = gradients
        self.exact = self.update(gradients)
        self.finite = math.isfinite(self.loss) and all(
            np.isfinite(d).all() and np.abs(d).max() < 1e38 for d in gradients.values()
        )
        self.loss_noise, self.noise, self.ways = 0.0, {}, 0

    def update(self, gradients):
        """State by parameter and name, each (result, terms); without a state: the gradient's."""
        return {
            k: update_state(self.c, self.before.weights[k].astype(np.float64), self.before.state[k],
                            d, self.lr)
            for k, d in gradients.items()
        }

    def add_noise(self, loss, gradients):
        self.loss_noise = np.fmax(self.loss_noise, abs(loss - self.loss))
        for k, states in self.update(gradients).items():
            for s, (value, _) in states.items():
                off = rows_of(np.abs(value - self.exact[k][s][0])).max(1)
                self.noise[k, s] = np.fmax(self.noise.get((k, s), 0), off)

    def measure_noise(self, ways):
        if self.ways == 0:
            tiny = {k: np.where(np.abs(d) < SMALLEST, 0, d) for k, d in self.gradients.items()}
            self.add_noise(self.loss, tiny)
        while self.ways < ways:
            self.add_noise(
                *in_float32(self.c, self.before.weights, self.sample, self.g, self.ways)
            )
            self.ways += 1

    def judge(self, what, off, terms, noise):
        """off, terms, noise: a number a row. noise(): what float32 is off by, measured if asked."""
        limit = LIMIT * terms + UNDERFLOW
        if (off <= limit).all():
            return "agree"
        for ways in WAYS:
            self.measure_noise(ways)
            allowed = np.fmax(limit, NOISE * noise())
            if (off <= allowed).all():
                return "noise"
            if ways * len(self.sample.y) > MANY:
                break
        row = int(np.argmax(np.where(np.isnan(off), np.inf, off / allowed)))
        raise Disagreement(
            f"step {self.step}, {what}, row {row} of {len(off)}: {off[row]:.3g} off, "
            f"{off[row] / (terms[row] or 1):.1e} of the largest; float32 is "
            f"{noise()[row] / (terms[row] or 1):.1e} off"
        )

    def judge_loss(self, found):
        one = np.ones(1)
        return self.judge(
            "loss", one * abs(found - self.loss), one * abs(self.loss),
            lambda: one * max(self.loss_noise, SMALLEST_LOSS),
        )

    def judge_parameter(self, k, after):
        verdicts = []
        for s in states_of(self.c):
            value, terms = self.exact[k][s]
            off = rows_of(np.abs(after.state[k][s] - value)).max(1)
            verdicts.append(
                self.judge(f"{s} of {k}", off, rows_of(terms).max(1), lambda: self.noise[k, s])
            )
        w, found = self.before.weights[k].astype(np.float64), after.weights[k].astype(np.float64)
        if states_of(self.c):
            value, terms = update_weights(
                self.c, w, self.before.state[k], after.state[k], self.lr, self.step
            )
            terms, known = 2 * terms, 0.0
        else:
            value, terms = self.exact[k]["momentum_buffer"]
            value, known = w - self.rate() * value, self.rate()
            terms = np.broadcast_to(
                self.rate() * rows_of(terms).max(1).reshape([-1] + [1] * (w.ndim - 1)), w.shape
            )
        rounding = 4 * HALF_UNIT * np.fmax(np.abs(w), np.abs(found))
        off = np.fmax(np.abs(found - value) - rounding - LIMIT * terms, 0)
        rows = rows_of(terms).max(1)
        verdicts.append(
            self.judge(f"weights of {k}", rows_of(off).max(1), 0 * rows,
                       lambda: known * self.noise.get((k, "momentum_buffer"), 0 * rows))
        )
        return "noise" if "noise" in verdicts else "agree"

    def rate(self):
        return self.lr if self.c.optimizer == "sgd" else 1.0

    def overflows(self):
        """Whether float32 has no finite numbers for this step."""
        with np.errstate(all="ignore"):
            loss, gradients = in_float32(self.c, self.before.weights, self.sample, self.g, 0)
            count = len(self.sample.y)
            largest = max(float(np.abs(d).max()) for d in gradients.values())
            if not (math.isfinite(loss) and largest * count < 1e37) or not self.finite:
                return True
            for k, states in self.exact.items():
                after = {s: v[0] for s, v in states.items()}
                w = self.before.weights[k].astype(np.float64)
                new, _ = update_weights(self.c, w, self.before.state[k], after, self.lr, self.step)
                values = [new] + list(after.values())
                if not all((np.abs(v) < 1e38).all() for v in values):
                    return True
        return False


def learning_rate(c, parameters, sample):
    """sgd moves the weights by c.rate of their size, whatever the size of the gradient."""
    if c.optimizer != "sgd":
        return c.rate
    _, gradients = differentiate(c, parameters, sample, torch.float64)
    size = math.sqrt(sum(norm_of(v) ** 2 for v in parameters.values()))
    slope = math.sqrt(sum(norm_of(v) ** 2 for v in gradients.values()))
    return float("%.6g" % (c.rate * (1 - c.momentum) * size / slope)) if 0 < slope < 1e37 else c.rate


def is_refusal(c, error):
    return c.window and ("do not fit into memory" in error or "too large to be streamed" in error)


def run_case(c, exe, folder):
    g = np.random.default_rng(c.numbers)
    x, y = make_rows(c, g)
    words, weights = make_weights(c, y, g)
    parameters = make_model(c, g)
    put(f"{folder}/data.h5", {"x": x, "y": y})
    put(f"{folder}/start.h5", {f"model/{k}": v for k, v in parameters.items()})
    first = about_normal(c.normalize_y, y)[: c.batch]
    lr = learning_rate(c, parameters, Sample(x[: c.batch], first, weights))
    c.command = words_of(c, exe, words, lr)
    with open(f"{folder}/command", "w") as f:
        f.write(shlex.join(c.command) + "\n")
    status, error = launch(c.command, folder)
    if status and is_refusal(c, error):
        return "refused"
    steps = read_steps(f"{folder}/log.jsonl") if os.path.exists(f"{folder}/log.jsonl") else []
    if status and "error: epoch" not in error and "finite" not in error and "exact sum" not in error:
        raise Disagreement(f"exit status {status}: {error}")
    if not status and len(steps) != c.steps:
        raise Disagreement(f"{len(steps)} steps, not {c.steps}")
    if (c.normalize or c.normalize_y) and not steps:
        return "refused"
    if c.normalize:
        x = normalize(folder, "normalization", c.normalize, x)
    if c.normalize_y:
        y = normalize(folder, "target_normalization", c.normalize_y, y)
    verdicts, before = set(), Checkpoint.start(c, parameters)
    for n in range(len(steps) + (status != 0)):
        begin = n % c.steps_per_epoch * c.batch
        rows = slice(begin, min(begin + c.batch, c.rows))
        rate = steps[n]["lr"] if n < len(steps) else lr
        step = Step(c, Sample(x[rows], y[rows], weights), before, rate, n + 1)
        if n == len(steps):
            if step.overflows():
                return "refused"
            raise Disagreement(f"step {n + 1}: {error}")
        if not step.finite:
            raise Disagreement(f"step {n + 1}: PyTorch's numbers are not finite")
        after = Checkpoint(f"{folder}/run/step-{n + 1:010d}.h5", c, parameters)
        verdicts.add(step.judge_loss(steps[n]["loss"]))
        verdicts.update(step.judge_parameter(k, after) for k in parameters)
        before = after
    return "noise" if "noise" in verdicts else "agree"


def describe(c):
    shape = "-".join(map(str, [c.features, *c.hidden, c.outputs]))
    extremes = [
        f"{c.rows} rows in batches of {c.batch}",
        c.target_decades and f"targets 1e{c.target_decades} apart",
        c.feature_decades and f"features 1e{c.feature_decades} apart",
        c.outlier and f"an outlier of {c.outlier:.0e}",
        c.rare and "a rare class",
        c.class_weights and f"class weights ({c.class_weights})",
        c.window and "streamed",
        c.normalize_y and f"y {c.normalize_y}",
    ]
    return f"{c.reduce}, {shape}, {c.loss}, {c.optimizer}, " + ", ".join(e for e in extremes if e)


def main():
    torch.set_num_threads(1)
    usage = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1][7:])
    usage.add_argument("--seconds", type=float, default=60)
    usage.add_argument("--cases", type=int, default=1 << 30)
    usage.add_argument("--seed", type=int, default=0)
    usage.add_argument("--case")
    usage.add_argument("--reduce", choices=["exact", "fast"])
    usage.add_argument("--exe", default="build/dtrain")
    usage.add_argument("--keep")
    usage.add_argument("--verbose", action="store_true")
    given = usage.parse_args()
    exe = os.path.abspath(given.exe)
    keep = given.keep or tempfile.mkdtemp(prefix="dtrain-differential-")
    names = [given.case] if given.case else (f"{given.seed}/{n}" for n in range(given.cases))
    counts = {"agree": 0, "refused": 0, "noise": 0, "real": 0}
    begin = time.monotonic()
    for name in names:
        if time.monotonic() - begin > given.seconds:
            break
        c = draw(name, given.reduce)
        folder = os.path.join(keep, "case-" + name.replace("/", "-") + "-" + c.reduce)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        try:
            verdict, text = run_case(c, exe, folder), ""
        except Disagreement as disagreement:
            verdict, text = "real", str(disagreement)
        counts[verdict] += 1
        if given.verbose or text:
            print(f"{verdict}: {name}: {describe(c)}", flush=True)
        if text:
            print(f"    {text}\n    repeat: {sys.argv[0]} --case {name} --reduce {c.reduce}")
            print(f"    or, in {folder}: {shlex.join(c.command)}", flush=True)
        elif not given.case:
            shutil.rmtree(folder)
    if not given.keep and not os.listdir(keep):
        os.rmdir(keep)
    print(
        f"{sum(counts.values())} cases: {counts['agree']} agree, {counts['refused']} refused, "
        f"{counts['noise']} float noise, {counts['real']} real"
    )
    return 1 if counts["real"] else 0


if __name__ == "__main__":
    sys.exit(main())
