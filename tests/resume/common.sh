# shellcheck shell=bash disable=SC2034,SC2154
# What cut.sh and kill.sh share. Sourced with $program set. It removes nothing but the
# folder that it makes.
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
read -ra mpiexec <<<"${MPIEXEC:-mpirun -np}"
RANDOM=${SEED:-1}
failures=0
folder=

# make_folder NAME: work in a new folder here, NAME and a random end. It stays where something failed, to look into.
make_folder() {
    folder=$(mktemp -d "$PWD/$1.XXXXXX") && cd "$folder" || exit 1
    trap end_folder EXIT
}

# shellcheck disable=SC2317 # the trap calls it
end_folder() {
    if ((failures > 0)); then
        echo "The files are in $folder"
    else
        cd / && rm -rf "$folder"
    fi
}

complain() {
    echo "FAILED: $*"
    tail -n 8 errors output | sed 's/^/    /'
    failures=$((failures + 1))
}

# start RANKS ARGUMENT...: in the background; $job is the launcher, or on 1 rank the program
start() {
    local ranks=$1 launcher=()
    shift
    if ((ranks > 1)); then
        launcher=("${mpiexec[@]}" "$ranks")
    fi
    "${launcher[@]}" "$program" "$@" >output 2>errors </dev/null &
    job=$!
}

# ranks_of RANKS: the process ids of the job's ranks, into $ids; false if it ended before it had all
ranks_of() {
    if (($1 == 1)); then
        ids=("$job")
        return
    fi
    while kill -0 "$job" 2>/dev/null; do
        mapfile -t ids < <(pgrep -P "$job")
        ((${#ids[@]} == $1)) && return
        sleep 0.02
    done
    return 1
}

# finish: wait for the job; its status is in $status
finish() {
    local begin=$SECONDS
    while kill -0 "$job" 2>/dev/null && ((SECONDS - begin < 60 * ${DTRAIN_TEST_TIME:-1})); do
        sleep 0.02
    done
    if kill -0 "$job" 2>/dev/null; then
        complain "hangs"
        kill -9 "$job" "${ids[@]}"
    fi
    wait "$job" 2>/dev/null # without a word of bash on how it ended
    status=$?
}

# make_data ROWS FILE: 9 features and a target that is no linear law
make_data() {
    awk -v n="$1" 'BEGIN { srand(7); for (r = 0; r < n; r++) { s = 0; line = "";
        for (i = 0; i < 9; i++) { v = rand() * (i + 1) - i; s += v * v - i * v; line = line v "," }
        print line s / 40 } }' >"$2.csv"
    "$program" convert "$2.csv" "$2" --target -1 || exit 1
}
