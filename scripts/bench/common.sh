# Sourced by bench.sh and bench-scaling.sh: building, running and reading what a run took.
# shellcheck shell=bash
# shellcheck disable=SC2034  # what the others use

# Cores, not hardware threads, that this process may use; at most $CORES.
count_cores() {
    local allowed physical
    allowed=$(cores)
    physical=$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l) || true
    [[ $physical -gt 0 && $physical -lt $allowed ]] || physical=$allowed
    [[ ${CORES:-$physical} -lt $physical ]] && physical=$CORES
    echo "$physical"
}

# Build, and set dtrain, tools (a folder), cores, folder (a new one, removed at the end).
bench_begin() {
    build_in build bench
    dtrain=${DTRAIN:-$PWD/build/dtrain} tools=$PWD/build/scripts/bench
    cores=$(count_cores)
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    if [[ $EUID -eq 0 ]]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
}

# A workload's numbers: rows, batch, widths, loss, what its data is, and epochs of a run.
set_workload() {
    case $1 in
        seed) rows=1000 batch=100 widths=10,1 loss=mse kind=numbers epochs=2001 ;;
        tab) rows=100000 batch=256 widths=32,64,64,1 loss=mse kind=numbers epochs=16 ;;
        fmnist) rows=60000 batch=256 widths=784,512,512,10 loss=cross-entropy kind=pictures epochs=3 ;;
        big) rows=8192 batch=1024 widths=2048,2048,2048,10 loss=cross-entropy kind=classes epochs=2 ;;
        *)
            echo "${0##*/}: no workload \"$1\" (there are seed, tab, fmnist, big)" >&2
            exit 2
            ;;
    esac
    hidden=$(hidden_of "$widths") parameters=$(parameters_of "$widths")
}

# has_option NAME: whether dtrain has --NAME
has_option() {
    grep -q -- "--$1 " <<<"$("$dtrain" train --help)"
}

# launch RANKS COMMAND...
launch() {
    ${MPIRUN:-mpirun} -np "$@" </dev/null
}

# train RANKS THREADS FILE OPTION...: logged by epochs in log.jsonl
train() {
    rm -f "$folder/log.jsonl"
    launch "$1" "$dtrain" train --threads "$2" --data "$3" --lr 0.01 --quiet --log "$folder/log.jsonl" --overwrite \
        --log-steps 0 "${@:4}"
}

# epoch_line LOG [fastest]: of the epochs after the first, that of median length: samples/s, microseconds a step, and
# the shares of its time that went into data, compute, allreduce and update.
epoch_line() {
    awk '
        function of(name) {
            return match($0, "\"" name "\":[-+.0-9e]+") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) : 0
        }
        /"event":"start"/ { steps = of("steps_per_epoch") }
        /"event":"epoch"/ && n++ {
            s = of("seconds")
            print s, of("samples") / s, 1e6 * s / steps, of("data") / s, of("compute") / s, of("allreduce") / s, of("update") / s
        }' "$1" | sort -g | awk -v best="${2-}" '{ line[NR] = $2 " " $3 " " $4 " " $5 " " $6 " " $7 } END { print line[best ? 1 : int((NR + 1) / 2)] }'
}

# make_rows FILE ROWS WIDTH KIND; pictures are Fashion-MNIST, where it is installed
make_rows() {
    local pictures
    for pictures in /usr/share/datasets/fashion-mnist /usr/share/dataset-fashion-mnist; do
        if [[ $4 == pictures && $2 -eq 60000 && -f $pictures/train-images-idx3-ubyte.gz ]]; then
            "$dtrain" convert --x "$pictures/train-images-idx3-ubyte.gz" \
                --y "$pictures/train-labels-idx1-ubyte.gz" "$1" >/dev/null
            return
        fi
    done
    "$tools/bench_rows" "$@"
}

# hidden_of WIDTHS: those between the first and the last, for --hidden
hidden_of() {
    local inner=${1#*,}
    [[ $inner == *,* ]] && echo "${inner%,*}" || echo none
}

parameters_of() {
    awk -v w="$1" 'BEGIN { n = split(w, v, ","); for (i = 1; i < n; i++) p += (v[i] + 1) * v[i + 1]; print p }'
}
