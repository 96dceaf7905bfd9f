#!/usr/bin/env bash
# Measure how dtrain reads data, beside what the machine could do. By hand; a minute or two.
#
#   scripts/bench-data.sh [FOLDER]      FOLDER for the data files, default: a new one in TMPDIR
#
# From the environment:
#   ROWS=600000   rows of 100 float32 features (600000: 240 MB unpacked)
#   RUNS=3        of each measurement; medians are printed
#   RANKS=2       of dtrain; as many processes unpack beside it
#   MEMORY=100M   for --memory, where dtrain has it
#   PYTHON=python3 with h5py for the files and the peers, and PyTorch for the DataLoader
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/build.sh

rows=${ROWS:-600000} runs=${RUNS:-3} ranks=${RANKS:-2} memory=${MEMORY:-100M} python=${PYTHON:-python3}
peer=scripts/bench-data.py
if ! "$python" -c 'import h5py' 2>/dev/null; then
    echo "bench-data.sh: $python has no h5py, which makes the files; name another with PYTHON=" >&2
    exit 1
fi
dtrain=${DTRAIN:-build/dtrain}
[[ -n ${DTRAIN-} ]] || build_in build dtrain

folder=${1-}
if [[ -z $folder ]]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
mkdir -p "$folder"
log=$folder/log.jsonl

export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export OMPI_MCA_mpi_yield_when_idle=1
if [[ $(id -u) == 0 ]]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# train FILE OPTION...: two epochs of a linear model on $ranks ranks, logged
train() {
    rm -f "$log"
    ${MPIRUN:-mpirun} -np "$ranks" "$dtrain" --data "$1" --loss mse --lr 0.001 --batch-size 4096 --epochs 2 \
        --quiet --log "$log" --overwrite --log-steps 0 "${@:2}"
}

# ratio A B
ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", (b > 0) ? a / b : 0 }'
}

median() {
    sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# medians OUT COMMAND...: run each command (a function of this script, that prints a number) in turn,
# $runs times, so that they share the machine's moods; the medians go into the array OUT.
medians() {
    local -n out=$1
    local command
    shift
    for ((i = 0; i < runs; i++)); do
        for command; do
            "$command" >>"$folder/$command.numbers"
        done
    done
    out=()
    for command; do
        out+=("$(median <"$folder/$command.numbers")")
        rm "$folder/$command.numbers"
    done
}

contiguous=$folder/contiguous.h5 packed=$folder/packed.h5
echo "Making $rows rows of 100 float32 features, contiguous and in gzip-1 chunks of 4096 rows ..."
"$python" "$peer" make "$contiguous" "$packed" "$rows"
budget=()
if "$dtrain" train --help | grep -q -- '--memory '; then
    budget=(--memory "$memory")
fi

# Bytes a second of `dtrain info`, which reads as training does; and of read(2), into one buffer.
info_speed() {
    "$python" "$peer" info-speed "$dtrain" "$contiguous"
}
read_speed() {
    "$python" "$peer" read-speed "$contiguous"
}
# The rows a second of the second epoch, and the share of it that was spent waiting for data.
packed_rows() {
    train "$packed" ${budget[@]+"${budget[@]}"}
    "$python" "$peer" epoch-rows "$log"
}
unpack_rows() {
    "$python" "$peer" unpack "$packed" "$ranks"
}
memory_wait() {
    train "$contiguous"
    "$python" "$peer" epoch-wait "$log"
}
memory_rows() {
    train "$contiguous"
    "$python" "$peer" epoch-rows "$log"
}

speed=() wait=() rate=()
medians speed info_speed read_speed
echo "Contiguous, from the page cache: dtrain ${speed[0]} MB/s, read() ${speed[1]} MB/s: $(ratio "${speed[0]}" "${speed[1]}")"
medians wait memory_rows memory_wait
echo "In memory, $ranks ranks, linear model: ${wait[0]} rows/s, ${wait[1]} % of an epoch spent waiting for data"
medians rate packed_rows unpack_rows
echo "gzip, $ranks ranks${budget[0]:+, ${budget[*]}}: ${rate[0]} rows/s an epoch; $ranks processes that only unpack it with HDF5 ${rate[1]}: $(ratio "${rate[0]}" "${rate[1]}")"
if [[ ${#budget[@]} -eq 0 ]]; then
    echo "  (this dtrain has no --memory: its epochs are from memory, the unpacking was done before)"
fi
if "$python" -c 'import torch' 2>/dev/null; then
    "$python" "$peer" loader "$packed" "$ranks" "${rate[0]}"
else
    echo "PyTorch DataLoader: skipped, $python has no torch (PYTHON= names another)"
fi
