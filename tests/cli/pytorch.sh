#!/usr/bin/env bash
# The README's lines that take a checkpoint into PyTorch, run as they stand there, and their outputs against
# dtrain's own: pytorch.sh PROGRAM README, in a folder that it may empty. Skipped (status 77) where the Python
# that DTRAIN_PYTHON names (python3) has no PyTorch or no h5py.
set -euo pipefail
program=$(readlink -f -- "$1")
readme=$(readlink -f -- "$2")
python=${DTRAIN_PYTHON:-python3}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

if ! "$python" -c 'import h5py, torch' 2>/dev/null; then
    echo "skipped: $python has no h5py and PyTorch"
    exit 77
fi
rm -rf pytorch
mkdir pytorch
cd pytorch

# The block of Python behind the line that begins so.
awk '/^Into PyTorch/ { found = 1 } found && /^```$/ { exit } found && body { print } found && /^```python/ { body = 1 }' \
    "$readme" >lines.py
test -s lines.py

cat >data.py <<'PYTHON'
import sys, h5py, numpy as np
kind, rng = sys.argv[1], np.random.default_rng(7)
for name, n in ("fashion-train.h5", 300), ("fashion-test.h5", 100):
    x = rng.integers(0, 256, (n, 28, 28)).astype("u1")
    with h5py.File(name, "w") as f:
        f["x"] = x if kind == "bytes" else (x.astype("f4") / 7 - 5) * np.linspace(0.1, 30, 28, dtype="f4")
        f["y"] = (x.reshape(n, -1).sum(1) // 100 % 10).astype("i4")
PYTHON
cat >compare.py <<'PYTHON'
import h5py, torch
from torch import nn
exec(open("lines.py").read())
with h5py.File("fashion-test.h5") as data, h5py.File("out.h5") as out:
    difference = abs(predict(data["x"][...]).detach().numpy() - out["prediction"][...]).max()
print("largest difference", difference)
assert difference < 1e-4
PYTHON

# try KIND OPTION...: data of that kind, a model trained with these options
try() {
    rm -rf run fashion
    "$python" data.py "$1"
    "$program" --data fashion-train.h5 --hidden 512,512 --max-steps 3 --checkpoint run --quiet "${@:2}"
    mkdir fashion
    mv run/step-*3.h5 fashion/step-0000001880.h5
    "$program" predict --model fashion/step-0000001880.h5 --data fashion-test.h5 --out out.h5
    "$python" compare.py
}
try bytes

# What was uint8 in training, as numbers from 0 to 1
"$python" - <<'PYTHON'
import h5py
with h5py.File("fashion-test.h5", "r+") as f:
    x = f["x"][...].astype("f4") / 255
    del f["x"]
    f["x"] = x
PYTHON
"$program" predict --model fashion/step-0000001880.h5 --data fashion-test.h5 --out out.h5
"$python" compare.py

try bytes --normalize standard
try floats --normalize standard
try floats --lr 1e-6
"$program" --data fashion-train.h5 --hidden 512,512 --init-from init.h5 --max-steps 3 --quiet
