#!/usr/bin/env bash
# Predict the time of a step on many machines like this one, from constants that are measured here.
#
#   scripts/bench-scaling.sh                     some two minutes
#   scripts/bench-scaling.sh --links [GBIT...]   check the model instead: two ranks on links that send at
#                                                these rates (default: 0.5 1 5), made of network namespaces
#                                                of this machine; needs root, and iproute2 with tc
#
# From the environment:
#   MPIRUN          how to start two ranks; with hosts named ("mpirun --host a,b --map-by node") latency and
#                   bandwidth are those of their network. Default: TCP within this machine
#   CORES, DTRAIN   as for scripts/bench.sh
#
# The model, of ranks that are each alone on a node:
#   step(p) = compute(rows of a rank) + allreduce(p, n) - hidden(p)
#   allreduce(p, n) = 2 log2(p) L + 2 (p-1)/p n B          Rabenseifner: by halves, and back
#   hidden(p) = min of  allreduce(p, m)                    of all layers but the first
#                       q compute                          while the rest of the backward pass is computed
# with n bytes of gradient, of which m are on their way early, the latency L of a message, and the time of a byte
# B = 1 / rate of the link + C, C being what software spends on it: copies and additions. q is the share that the
# delta of the first layer and the gradient of its weights have in the arithmetic of a step, of its last 256 rows a
# thread (until then no gradient is complete). Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH", IJHPCA 19 (2005). All times
# are the fastest of several.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/build.sh
. scripts/bench/common.sh
. scripts/bench/links.sh

totals=32 # values besides the gradient: losses, samples, errors
wave=256  # rows of a thread that are computed together
own=own   # the sum is ours; within a machine, where that is in memory, MPI's through TCP stands for it

# compute RANK_ROWS THREADS STEPS: microseconds of a step of one rank with so many rows
compute() {
    local file=$folder/rows.h5
    make_rows "$file" $(($1 * $3)) "${widths%%,*}" "$kind"
    train 1 "$2" "$file" --hidden "$hidden" --loss "$loss" --batch-size "$1" --epochs 6
    epoch_line "$folder/log.jsonl" fastest | awk '{ print $2 }'
}

# measure_link: set latency (microseconds), and cost (nanoseconds a byte) of this MPIRUN's links
measure_link() {
    local count=4000000
    # shellcheck disable=SC2086 # "own" or nothing
    read -r latency cost < <(launch 2 "$tools/bench_allreduce" $own 12 $count |
        awk -v n=$count '$1 == 12 { l = $3 } $1 == n { print l, 1e3 * ($3 - 2 * l) / (4 * n) }')
}

# The model. log2 rounded up, as for numbers of ranks between powers of two.
model='
    function allreduce(p, bytes, b,    rounds) {
        for (rounds = 0; 2 ^ rounds < p; rounds++);
        return 2 * rounds * latency + 2 * (p - 1) / p * bytes * b
    }
    # What of it is no part of a step that computes for so long; widths: of the layers, with commas; last: share
    # of the rows that are computed last, together.
    function hidden(p, widths, compute, last, b,    n, v, l, w, all, first, second, way, meanwhile) {
        n = split(widths, v, ",")
        for (l = 1; l < n; l++) {
            w = v[l] * v[l + 1]
            all += w
            if (l == 1) first = w
            if (l == 2) second = w
        }
        way = allreduce(p, 4 * (all - first), b)
        meanwhile = last * compute * (first + second) / (3 * all - first)
        return way < meanwhile ? way : meanwhile
    }
    function share(part, whole) {
        return part < whole ? part / whole : 1
    }
    # Microseconds a byte, on a link of so many Gbit/s; 0: no limit.
    function byte(gbit) {
        return (gbit ? 8e-3 / gbit : 0) + cost * 1e-3
    }'

# predict RANKS BYTES GBIT COMPUTE ROWS: microseconds of an allreduce, and what is left of them in a step of ranks
# that have a thread and so many rows each
predict() {
    awk -v latency="$latency" -v cost="$cost" -v p="$1" -v bytes="$2" -v gbit="$3" -v part="$4" -v rows="$5" \
        -v wave=$wave -v widths="$widths" "$model"'
        BEGIN {
            a = allreduce(p, bytes, byte(gbit))
            print a, a - hidden(p, widths, part, share(wave, rows), byte(gbit))
        }'
}

predict_workload() {
    local one p rows_now times
    set_workload "$1"
    one=$(compute "$batch" "$cores" 8)
    printf '\n%s: %s, batch %s, %s bytes to sum; a step on one: %.1f ms\n' "$1" "${widths//,/-}" "$batch" \
        $((4 * (parameters + totals))) "$(awk -v t="$one" 'BEGIN { print t / 1e3 }')"
    printf '%7s %30s   %43s\n' "" "the same batch" "a batch of $batch on each rank"
    printf '%7s %6s %11s %11s  %21s %21s\n' ranks rows "10 Gbit/s" "100 Gbit/s" "10 Gbit/s" "100 Gbit/s"
    for p in 16 256 4096; do
        rows_now=$(((batch + p - 1) / p))
        times=$(compute "$rows_now" "$cores" 40)
        awk -v latency="$latency" -v cost="$cost" -v p=$p -v rows="$rows_now" -v one="$one" -v part="$times" \
            -v batch="$batch" -v bytes=$((4 * (parameters + totals))) -v widths="$widths" -v wave=$((cores * wave)) "$model"'
            function step(compute, rows, gbit,    b) {
                b = byte(gbit)
                return compute + allreduce(p, bytes, b) - hidden(p, widths, compute, share(wave, rows), b)
            }
            BEGIN {
                a = step(one, batch, 10); b = step(one, batch, 100)
                printf "%7d %6d %8.2f ms %8.2f ms  %8.2f ms, eff. %.2f %8.2f ms, eff. %.2f\n", p, rows,
                    step(part, rows, 10) / 1e3, step(part, rows, 100) / 1e3, a / 1e3, one / a, b / 1e3, one / b
            }'
    done
}

# check_workload RATE STEPS: two ranks of one core, predicted and measured
check_workload() {
    local sum step compute_now whole left bytes=$((4 * (parameters + totals)))
    compute_now=$(compute $((batch / 2)) 1 "$2")
    make_rows "$folder/check.h5" $((batch * $2)) "${widths%%,*}" "$kind"
    sum=$(launch 2 "$tools/bench_allreduce" own $((parameters + totals)) | awk '{ print $3 }')
    train 2 1 "$folder/check.h5" --hidden "$hidden" --loss "$loss" --batch-size "$batch" --epochs 6
    step=$(epoch_line "$folder/log.jsonl" fastest | awk '{ print $2 }')
    read -r whole left < <(predict 2 "$bytes" "$1" "$compute_now" $((batch / 2)))
    awk -v w="$workload" -v rate="$1" -v sum="$sum" -v step="$step" -v part="$compute_now" -v whole="$whole" \
        -v left="$left" 'BEGIN {
            printf "%-8s %6s %13.1f %12.1f %6.2f %13.1f %12.1f %6.2f\n", w, rate ? rate : "none", whole / 1e3, sum / 1e3,
                whole / sum, (part + left) / 1e3, step / 1e3, (part + left) / step }'
}

check_links() {
    if [[ $EUID -ne 0 ]]; then
        echo "bench-scaling.sh: --links needs root, to make network namespaces" >&2
        exit 1
    fi
    trap 'links_close; rm -rf "$folder"' EXIT
    links_open 2
    MPIRUN=$(links_launcher 2)
    links_rate 0
    measure_link
    printf 'Two ranks of one core each. Latency %.1f us, software %.3f ns a byte.\n' "$latency" "$cost"
    printf '%-8s %6s %33s %33s\n' "" Gbit/s "allreduce, ms" "step, ms"
    printf '%-8s %6s %13s %12s %6s %13s %12s %6s\n' "" "" predicted measured ratio predicted measured ratio
    for workload in fmnist big; do
        set_workload "$workload"
        for rate in "$@"; do
            links_rate "$rate"
            check_workload "$rate" 8
        done
    done
}

bench_begin
if [[ ${1-} == --links ]]; then
    shift
    [[ $# -gt 0 ]] || set -- 0.5 1 5
    check_links "$@"
    exit
fi
if [[ -z ${MPIRUN-} ]]; then
    MPIRUN="mpirun --mca btl self,tcp" own=
fi
measure_link
echo "Latency L $latency us, software C $cost ns a byte, of two ranks; a rank has $cores cores"
predict_workload fmnist
predict_workload big
