#!/usr/bin/env bash
# The README's lines that take a checkpoint into PyTorch, run as they stand there, and their outputs against
# dtrain's own: pytorch.sh PROGRAM README, in an empty folder. Skipped (status 77) where no Python has PyTorch
# and h5py; DTRAIN_PYTHON names one.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
readme=$(readlink -f -- "$2")
# shellcheck source-path=SCRIPTDIR source=blocks.sh
. "$here/blocks.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

split_blocks "$readme" blocks
lines=$(grep -l 'load_state_dict' blocks/[0-9]*)
if ! python=$(python_for "$lines"); then
    echo "skipped: no Python here has h5py and PyTorch"
    exit 77
fi
cp "$lines" lines.py

cat >data.py <<'PYTHON'
import sys, h5py, numpy as np
kind, rng = sys.argv[1], np.random.default_rng(7)
for name, n in ("train.h5", 300), ("test.h5", 100):
    x = rng.integers(0, 256, (n, 2, 4)).astype("u1")
    with h5py.File(name, "w") as f:
        f["x"] = x if kind == "bytes" else (x.astype("f4") / 7 - 5) * np.linspace(0.1, 30, 4, dtype="f4")
        f["y"] = (x.reshape(n, -1).sum(1) // 100 % 2).astype("i4")
PYTHON
cat >compare.py <<'PYTHON'
import h5py
exec(open("lines.py").read())
with h5py.File("test.h5") as data, h5py.File("out.h5") as out:
    difference = abs(predict(data["x"][...]).detach().numpy() - out["prediction"][...]).max()
print("largest difference", difference)
assert difference < 1e-4
PYTHON

# try KIND OPTION...: data of that kind, a model trained with these options
try() {
    rm -rf run
    "$python" data.py "$1"
    "$program" --data train.h5 --hidden 64,64 --epochs 3 --val-fraction 0.1 --checkpoint run --quiet "${@:2}"
    "$program" predict --model run --data test.h5 --out out.h5
    "$python" compare.py
}
try bytes

# What was uint8 in training, as numbers from 0 to 1
"$python" - <<'PYTHON'
import h5py
with h5py.File("test.h5", "r+") as f:
    x = f["x"][...].astype("f4") / 255
    del f["x"]
    f["x"] = x
PYTHON
"$program" predict --model run --data test.h5 --out out.h5
"$python" compare.py

try bytes --normalize standard
try floats --normalize standard
try floats --lr 1e-6
