#!/usr/bin/env bash
# Measure how fast dtrain trains here, beside PyTorch and the bare matrix products. By hand; some minutes.
#
#   scripts/bench.sh [--tsv FILE] [WORKLOAD...]     WORKLOAD: seed, tab, fmnist, big; default: all
#
#   --tsv FILE      also write every single measurement into FILE
#
# From the environment:
#   RUNS=3          rounds, of two to three minutes on two cores: in each, every measurement has its turn,
#                   and ratios are of one round
#   PYTHON=python3  with PyTorch, for the peers; they are left out where it has none
#   CORES=all       use so many of the machine's
#   SCALING=yes     no: leave out the runs on fewer cores, and on larger batches
#   DTRAIN=program  instead of the one that is built in build/
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/build.sh
. scripts/bench/common.sh

tsv=
if [[ ${1-} == --tsv ]]; then
    tsv=${2:?--tsv needs a file}
    shift 2
fi
workloads=("$@")
[[ $# -gt 0 ]] || workloads=(seed tab fmnist big)
runs=${RUNS:-3} python=${PYTHON:-python3}

for workload in "${workloads[@]}"; do
    set_workload "$workload"
done

bench_begin
raw=$folder/raw.tsv # workload, round, what, label, samples/s, microseconds a step, shares of time
: >"$raw"
torch=
if torch=$("$python" scripts/bench/torch_peer.py version 2>/dev/null); then
    echo "PyTorch $torch, $python"
else
    echo "PyTorch: left out, $python has none (PYTHON= names another)"
fi
[[ -x $tools/bench_gemm ]] || echo "Matrix products alone: left out, oneDNN is not installed (Debian: libdnnl-dev)"
modes=(fast exact)
if ! has_option reduce; then
    echo "This dtrain has no --reduce: there is one way to sum, and no pair of fast and exact."
    modes=("")
fi
reference=${modes[-1]} # of the scaling
echo "$cores cores; medians of $runs rounds"

# record WHAT LABEL SAMPLES_PER_SECOND [MICROSECONDS DATA COMPUTE ALLREDUCE UPDATE]
record() {
    local us=${4-}
    [[ -n $us ]] || us=$(awk -v s="$3" -v b="$batch" 'BEGIN { printf "%.3f", 1e6 * b / s }')
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$workload" "$round" "$1" "$2" "$3" "$us" "${@:5}" >>"$raw"
}

# run RANKS THREADS MODE BATCH WHAT
run() {
    local line options=(--hidden "$hidden" --loss "$loss" --epochs "$epochs" --batch-size "$4")
    [[ -z $3 ]] || options+=(--reduce "$3")
    train "$1" "$2" "$folder/$workload.h5" "${options[@]}"
    line=$(epoch_line "$folder/log.jsonl")
    # shellcheck disable=SC2086  # six numbers
    record "$5" "$1 x $2${3:+ $3}" $line
}

run_all_cores() {
    for mode in "${modes[@]}"; do
        run 1 "$cores" "$mode" "$batch" dtrain
        [[ $cores -eq 1 ]] || run "$cores" 1 "$mode" "$batch" dtrain
    done
}

run_peers() {
    [[ -n $torch ]] || return 0
    local peer=("$python" scripts/bench/torch_peer.py) job=("$rows" "$batch" 2 "$loss" "$widths")
    record torch "1 thread" "$("${peer[@]}" single 1 "${job[@]}")"
    [[ $cores -gt 1 ]] || return 0
    record torch "$cores threads" "$("${peer[@]}" single "$cores" "${job[@]}")"
    record ddp "DDP, $cores processes" "$("${peer[@]}" ddp "$cores" "${job[@]}")"
}

run_limits() {
    local us
    if [[ -x $tools/bench_gemm ]]; then
        record sgemm "products alone" "$("$tools/bench_gemm" "$batch" "$cores" 1.2 "$widths")"
    fi
    us=$(launch "$cores" "$tools/bench_allreduce" $((parameters + 1)) | awk '{ print $2 }')
    record allreduce $((parameters + 1)) "$(awk -v us="$us" -v b="$batch" 'BEGIN { print 1e6 * b / us }')" "$us"
}

# On 1, 2, 4, ... cores: the same batch on so many threads and on so many ranks, and a batch that grows.
run_scaling() {
    [[ ${SCALING:-yes} != no && $cores -gt 1 ]] || return 0
    run 1 1 "$reference" "$batch" strong
    for ((c = 2; c <= cores; c *= 2)); do
        if [[ $c -lt $cores ]]; then
            run 1 "$c" "$reference" "$batch" strong
            run "$c" 1 "$reference" "$batch" strong
        fi
        if [[ $((c * batch)) -le $rows ]]; then
            run "$c" 1 "$reference" $((c * batch)) weak
        fi
    done
}

for workload in "${workloads[@]}"; do
    set_workload "$workload"
    make_rows "$folder/$workload.h5" "$rows" "${widths%%,*}" "$kind"
    for ((round = 1; round <= runs; round++)); do
        run_all_cores
        run_peers
        run_limits
        run_scaling
    done
    rm "$folder/$workload.h5"
    printf '\n%s: %s rows, %s, batch %s\n' "$workload" "$rows" "${widths//,/-}" "$batch"
    awk -v workload="$workload" -v cores="$cores" -v reference="$reference" -f scripts/bench/table.awk "$raw"
done
printf '\n'
awk -v summary=1 -v cores="$cores" -v reference="$reference" -f scripts/bench/table.awk "$raw"
if [[ -n $tsv ]]; then
    {
        printf 'workload\tround\twhat\tlabel\tsamples_per_second\tmicroseconds\tdata\tcompute\tallreduce\tupdate\n'
        cat "$raw"
    } >"$tsv"
fi
