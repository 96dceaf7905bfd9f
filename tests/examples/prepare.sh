# shellcheck shell=bash
# The files that the documents speak of, in the current folder: small, and made without Python where that is possible.
# Sourced by run.sh.

# npy FILE SHAPE: an NPY file of the bytes that come in
npy() {
    printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': ($2), }" >"$1"
    cat >>"$1"
}

# bytes N: neither all alike nor sorted
bytes() {
    yes 'The quick brown fox jumps over the lazy dog, 0123456789 times' | head -c "$1"
}

# labels N: 0 to 9 in turn
labels() {
    local i
    for ((i = 0; i < $1 / 10; i++)); do
        printf '\0\1\2\3\4\5\6\7\10\11'
    done
}

# pictures NAME N: IDX files of N pictures, as Debian's package has them
pictures() {
    local size
    size=$(printf '\\x%02x\\x%02x\\x00\\x00' $(($2 >> 8)) $(($2 & 255)))
    size="\\x00\\x00${size%\\x00\\x00}"
    {
        printf '\x00\x00\x08\x03'
        # shellcheck disable=SC2059 # it is the format that has the bytes
        printf "$size"
        printf '\x00\x00\x00\x1c\x00\x00\x00\x1c'
        bytes $(($2 * 28 * 28))
    } | gzip >"$D/$1-images-idx3-ubyte.gz"
    {
        printf '\x00\x00\x08\x01'
        # shellcheck disable=SC2059
        printf "$size"
        labels "$2"
    } | gzip >"$D/$1-labels-idx1-ubyte.gz"
}

tables() {
    awk 'BEGIN {
        srand(1)
        print "width,length,kind" >"flowers.csv"
        print "width,length" >"new.csv"
        print "rooms,place,price" >"houses.csv"
        split("iris rose tulip", kind)
        split("north south", place)
        for (i = 0; i < 120; i++) {
            k = i % 3 + 1
            printf "%.2f,%.2f,%s\n", rand() + k, rand() + 4 - k, kind[k] >"flowers.csv"
            printf "%.2f,%.2f\n", rand() + k, rand() + 4 - k >"new.csv"
            printf "%s,%s,%.0f\n", i % 20 ? i % 7 + 1 : "", place[i % 2 + 1], 1e5 * (1 + i % 7) >"houses.csv"
        }
        for (i = 0; i < 600; i++) {
            for (k = 0; k < 8; k++) {
                x[k] = 2 * rand() - 1
                printf "%.4f,", x[k] >"train.csv"
            }
            printf "%d\n", (x[0] * x[1] > 0) >"train.csv"
        }
    }'
}

# A run of each line of the table of a sweep, as slurm/sweep.sbatch makes it
sweep() {
    local lr seed folder
    while read -r lr seed; do
        folder=sweep/lr=$lr,seed=$seed
        build/dtrain --lr "$lr" --seed "$seed" --hidden 64 --val-fraction 0.1 --epochs 20 --quiet \
            --checkpoint "$folder" --log "$folder/run.jsonl"
    done < <(tail -n +2 slurm/sweep.tsv)
}

# prepare DOCUMENT
prepare() {
    export D=$PWD/pictures
    mkdir -p "$D"
    tables
    bytes 240 | npy x.npy '40, 6'
    labels 40 | npy y.npy '40,'
    pictures train 600
    pictures t10k 100
    build/dtrain convert train.csv train.h5 --target -1 >/dev/null
    case $1 in
    slurm/*) sweep ;;
    data/*)
        cat >runs.py <<'PYTHON'
import h5py
import numpy as np

for i in range(3):
    rng = np.random.default_rng(i)
    with h5py.File("run_%d.h5" % i, "w") as f:
        for name in "t", "qv", "pressure", "flux":
            f[name] = rng.normal(size=100 + i).astype("f4")
with h5py.File("stats.h5", "w") as f:
    f["mean"], f["std"] = np.zeros(3), np.ones(3)
PYTHON
        local python
        ! python=$(python_for runs.py) || "$python" runs.py
        ;;
    series.h5)
        cat >series.py <<'PYTHON'
import h5py, numpy as np
t = np.arange(2000)
with h5py.File("series.h5", "w") as f:
    f["series"] = np.stack([np.sin(t / 9), np.cos(t / 31)], 1).astype("f4")
PYTHON
        local python
        ! python=$(python_for series.py) || "$python" series.py
        ;;
    gaps.h5)
        cat >gaps.py <<'PYTHON'
import h5py, numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=(300, 4)).astype("f4")
y = x.sum(1)
x[::7, 1] = np.nan
y[::11] = np.nan
with h5py.File("gaps.h5", "w") as f:
    f["x"], f["y"] = x, y
PYTHON
        local python
        ! python=$(python_for gaps.py) || "$python" gaps.py
        ;;
    esac
    return 0
}
