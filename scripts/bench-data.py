"""The parts of bench-data.sh that need Python: the files, the peers, and numbers from logs."""
import json
import multiprocessing
import re
import subprocess
import sys
import time

import h5py
import numpy as np

CHUNK, WIDTH = 4096, 100


def make(contiguous, packed, rows):
    """Values that pack to about half, in steps, so that the files may be larger than memory."""
    rows = int(rows)
    with h5py.File(contiguous, "w") as a, h5py.File(packed, "w") as b:
        options = {"chunks": (min(CHUNK, rows), WIDTH), "compression": "gzip",
                   "compression_opts": 1, "shuffle": True}
        sets = [f.create_dataset("x", (rows, WIDTH), "f4", **o) for f, o in ((a, {}), (b, options))]
        law = np.linspace(-1, 1, WIDTH).astype("f4")
        y = np.empty(rows, "f4")
        for begin in range(0, rows, CHUNK):
            n = min(CHUNK, rows - begin)
            random = np.random.default_rng(begin)
            x = (random.integers(-2048, 2048, (n, WIDTH)) / 1024).astype("f4")
            y[begin:begin + n] = x @ law
            for s in sets:
                s[begin:begin + n] = x
        a["y"] = b["y"] = y


def read_speed(path):
    """MB/s of read(2) into one buffer, the file being in the page cache."""
    buffer = bytearray(4 << 20)
    for _ in range(2):
        total, begin = 0, time.perf_counter()
        with open(path, "rb", buffering=0) as f:
            while n := f.readinto(buffer):
                total += n
        seconds = time.perf_counter() - begin
    print(f"{total / seconds / 1e6:.0f}")


def info_speed(program, path):
    """MB/s that `dtrain info` reached while it read x and y."""
    text = subprocess.run([program, "info", path], capture_output=True, text=True, check=True).stdout
    number, unit = re.search(r"\(([0-9.]+) ([kMGT]?)B/s\)", text).groups()
    print(f"{float(number) * {'': 1e-6, 'k': 1e-3, 'M': 1, 'G': 1e3, 'T': 1e6}[unit]:.0f}")


def last_epoch(log):
    with open(log) as f:
        return [e for e in map(json.loads, f) if e["event"] == "epoch"][-1]


def epoch_rows(log):
    print(f"{last_epoch(log)['samples_per_second']:.0f}")


def epoch_wait(log):
    e = last_epoch(log)
    print(f"{100 * e['time']['data'] / e['seconds']:.1f}")


def unpack_part(path, part, parts, gate):
    with h5py.File(path, "r") as f:
        x = f["x"]
        chunks = -(-len(x) // CHUNK)
        out = np.empty((CHUNK, WIDTH), "f4")
        gate.wait()
        for c in range(chunks * part // parts, chunks * (part + 1) // parts):
            n = min(CHUNK, len(x) - c * CHUNK)
            x.read_direct(out, np.s_[c * CHUNK:c * CHUNK + n], np.s_[:n])
    gate.wait()


def unpack(path, processes):
    """Rows/s of so many processes that read every chunk with HDF5 and do nothing else."""
    processes = int(processes)
    gate = multiprocessing.Barrier(processes + 1)
    workers = [multiprocessing.Process(target=unpack_part, args=(path, i, processes, gate))
               for i in range(processes)]
    for w in workers:
        w.start()
    gate.wait()
    begin = time.perf_counter()
    gate.wait()
    seconds = time.perf_counter() - begin
    for w in workers:
        w.join()
    with h5py.File(path, "r") as f:
        print(f"{len(f['x']) / seconds:.0f}")


def loader(path, workers, ours):
    """A shuffled epoch through h5py and PyTorch's DataLoader, stopped after 20 seconds."""
    import torch

    class Rows(torch.utils.data.Dataset):
        file = None

        def __len__(self):
            with h5py.File(path, "r") as f:
                return len(f["x"])

        def __getitem__(self, row):
            if Rows.file is None:  # one for each worker
                Rows.file = h5py.File(path, "r")
            return Rows.file["x"][row], Rows.file["y"][row]

    batches = torch.utils.data.DataLoader(Rows(), batch_size=256, shuffle=True,
                                          num_workers=int(workers))
    rows, begin = 0, time.perf_counter()
    for x, _ in batches:
        rows += len(x)
        if time.perf_counter() - begin > 20:
            break
    rate = rows / (time.perf_counter() - begin)
    print(f"h5py and PyTorch's DataLoader, shuffled, {workers} workers: {rate:.0f} rows/s; "
          f"dtrain has {float(ours) / rate:.0f} times that")


COMMANDS = {"make": make, "read-speed": read_speed, "info-speed": info_speed,
            "epoch-rows": epoch_rows, "epoch-wait": epoch_wait, "unpack": unpack, "loader": loader}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
