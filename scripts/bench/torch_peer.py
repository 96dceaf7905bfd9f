"""PyTorch's side of bench.sh: the same training with the tensors in memory.

    torch_peer.py version
    torch_peer.py single THREADS ROWS BATCH SECONDS LOSS IN,HIDDEN,...,OUT
    torch_peer.py ddp PROCESSES ROWS BATCH SECONDS LOSS IN,HIDDEN,...,OUT

LOSS is mse or cross-entropy. Prints samples a second: the median of slices of an epoch, or of fewer steps
where an epoch is long.
"""
import os
import statistics
import sys
import tempfile
import time

import torch
from torch import nn


def make(rows, loss, widths):
    torch.manual_seed(0)
    x = torch.rand(rows, widths[0])
    y = x.mean(1, keepdim=True) if loss == "mse" else torch.randint(widths[-1], (rows,))
    layers = []
    for i, o in zip(widths, widths[1:]):
        layers += [nn.Linear(i, o), nn.ReLU()]
    return x, y, nn.Sequential(*layers[:-1])


def batches(rows, batch, rank, ranks):
    """This rank's rows of each global batch, for ever; the same order on every rank."""
    order = torch.Generator().manual_seed(1)
    while True:
        epoch = torch.randperm(rows, generator=order)
        for begin in range(0, rows, batch):
            yield epoch[begin + rank:begin + batch:ranks]


def train(rows, batch, seconds, loss, widths, rank=0, ranks=1):
    x, y, model = make(rows, loss, widths)
    if ranks > 1:
        model = nn.parallel.DistributedDataParallel(model)
    criterion = nn.MSELoss() if loss == "mse" else nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    source = batches(rows, batch, rank, ranks)

    def run(steps):
        begin = time.perf_counter()
        for _ in range(steps):
            rows_now = next(source)
            value = criterion(model(x[rows_now]), y[rows_now])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
        return time.perf_counter() - begin

    def agreed(value):
        if ranks > 1:
            box = torch.tensor([value])
            torch.distributed.broadcast(box, 0)
            value = box.item()
        return value

    run(3)
    step = agreed(run(3) / 3)
    per_epoch = -(-rows // batch)
    length = min(per_epoch, max(1, int(seconds / 5 / step)))  # steps of a slice
    slices = min(1000, max(3, int(seconds / step / length)))
    times = [run(length) for _ in range(slices)]
    samples = rows / per_epoch * length
    return samples / statistics.median(times)


def ddp_rank(rank, ranks, meeting, arguments):
    torch.set_num_threads(1)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.distributed.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=ranks)
    speed = train(*arguments, rank, ranks)
    if rank == 0:
        print(f"{speed:.1f}", flush=True)
    torch.distributed.destroy_process_group()


def main(what, n=0, rows=0, batch=0, seconds=0, loss="", widths=""):
    if what == "version":
        print(torch.__version__)
        return
    arguments = (int(rows), int(batch), float(seconds), loss, [int(w) for w in widths.split(",")])
    if what == "ddp":
        with tempfile.TemporaryDirectory() as folder:
            torch.multiprocessing.start_processes(
                ddp_rank, (int(n), os.path.join(folder, "meeting"), arguments), int(n), start_method="fork")
        return
    torch.set_num_threads(int(n))
    print(f"{train(*arguments):.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
