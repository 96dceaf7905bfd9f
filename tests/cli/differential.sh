#!/usr/bin/env bash
# Some random cases of scripts/differential.py, beside PyTorch: differential.sh PROGRAM SCRIPT. Skipped (status 77)
# where no Python has PyTorch and h5py; DTRAIN_PYTHON names one.
for python in ${DTRAIN_PYTHON:-} python3 /usr/bin/python3; do
    "$python" "$2" --exe "$1" --keep . --seconds 60 --cases 8 --seed 236 --verbose
    status=$?
    ((status == 77 || status == 127)) || exit $status
done
exit 77
