# shellcheck shell=bash disable=SC2154
# What run.sh, works.sh and resume.sh share. Sourced with $program and $fixtures_program set. They work
# in a folder dtrain-cli-test that they make in the current one; nothing else is removed.
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export HWLOC_COMPONENTS=-gl # it looks for displays, and says so where it may not open one
# Whole call stacks, to know the leaks of MPI_Init from ours, cost seconds a process; here are hundreds.
if [[ ! ${DTRAIN_LEAKS:-} ]]; then
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:fast_unwind_on_malloc=1
fi
read -ra mpiexec <<<"${MPIEXEC:-mpirun -np}"
# Seconds after which what is waited for does not come: many times what it takes, as others may have the cores; more
# with the sanitizers
limit=$((30 * ${DTRAIN_TEST_TIME:-1}))

work=$PWD/dtrain-cli-test
failures=0

# The program's own standard error, of each process in a file of its own, named by its process id:
# what the launcher says goes elsewhere.
# shellcheck disable=SC2016
own_errors='exec "$@" 2>"$DTRAIN_ERRORS/$$"'

# launch RANKS ARGUMENT...: the program's standard output, and its status. Alone on 1 rank. What hangs is ended.
launch() {
    local ranks=$1 launcher=()
    shift
    rm -rf "$work/errors"
    mkdir "$work/errors"
    if ((ranks > 1)); then
        launcher=("${mpiexec[@]}" "$ranks")
    fi
    DTRAIN_ERRORS=$work/errors timeout -k 5 $((2 * limit)) "${launcher[@]}" \
        bash -c "$own_errors" dtrain "$program" "$@" 2>"$work/launcher" </dev/null
}

# own_lines FILE...: without what Open MPI says in a process of ours: lines that begin with "[host:process]" or
# "[host][[job,1],rank]", and texts between two lines of dashes. A text that does not end is kept.
own_lines() {
    awk '
        function keep() { printf "%s", text; text = ""; inside = 0 }
        FNR == 1 { keep() }
        /^--------------------[-]*$/ { text = inside ? "" : $0 "\n"; inside = !inside; next }
        inside { text = text $0 "\n"; next }
        !/^\[[^][ ]+(:[0-9]+\]|\]\[)/
        END { keep() }' "$@"
}

# errors: what all processes of the last launch said; but that ranks share cores, that there is little data for so
# many, or that one is slow, is so in most of these tests
errors() {
    own_lines "$work/errors"/* | sed -E -e '/^dtrain: warning: ([0-9]+ threads of|a batch of [0-9]+ has work for) /d' \
        -e '/^dtrain: warning: rank [0-9]+.* (reads|has been the slowest for) /d'
}

# processes: the ids of those of the last launch, in the order in which they were started
processes() {
    find "$work/errors" -type f -printf '%f\n' 2>/dev/null | sort -n
}

# running: which of them are; a number may be another program's meanwhile
running() {
    local id
    for id in $(processes); do
        if [[ /proc/$id/exe -ef $program ]] && grep -qs '^State:.[^ZX]' "/proc/$id/status"; then
            echo "$id"
        fi
    done
}

# wait_until COMMAND...: until it is so; false if it does not become so
wait_until() {
    local begin=$SECONDS
    until "$@"; do
        ((SECONDS - begin < limit)) || return
        sleep 0.1
    done
}

# wait_for GLOB: until there is such a file
wait_for() {
    wait_until compgen -G "$1" >/dev/null
}

# has_line_or_ended REGEX FILE: the file has such a line, or the launch in the background, $launched, is over
has_line_or_ended() {
    grep -qs -e "$1" "$2" || ! kill -0 "$launched" 2>/dev/null
}

# files FOLDER...: names and contents of all that is in folders
files() {
    find "$@" -type d -print -o -type f -exec cksum {} + | LC_ALL=C sort
}

# shown NAME: of its standard input the last lines, as NAME's; nothing if it is empty
shown() {
    tail -n 8 | awk -v name="$1" 'NR == 1 { print "    " name ":" } { print "        " substr($0, 1, 300) }'
}

# complain NAME TEXT...: and what the last launch said
complain() {
    failures=$((failures + 1))
    echo "FAILED $1: ${*:2}"
    errors 2>/dev/null | shown "standard error"
    cat "$work/launcher" 2>/dev/null | shown "the launcher"
}

# looked_at COMMAND...: what a check that has failed compares, and the ends of the files that it reads
looked_at() {
    local word
    if [[ $1 == same ]]; then
        shown "got" <<<"$2"
        shown "expected" <<<"$3"
    else
        shown "the check" <<<"$*"
    fi
    for word; do
        [[ ! -f $word ]] || shown "$word" <"$word"
    done
}

checks=0
name=

# check WHAT COMMAND...: one check, in the test called $name
check() {
    checks=$((checks + 1))
    "${@:2}" && return
    complain "$name" "$1"
    looked_at "${@:2}"
}

skip() {
    echo "skipped $name: $*"
}

# status_is N: of the last launch, kept in $status
status_is() {
    ((status == $1))
}

# says REGEX: the last launch ended with this one line
says() {
    [[ $(errors | wc -l) -eq 1 ]] && errors | grep -Eqx "dtrain: error: $1"
}

some_error() {
    [[ $(errors) ]]
}

quiet_errors() {
    [[ -z $(errors) ]]
}

same() {
    [[ $1 == "$2" ]]
}

# gone GLOB-RESULT...: no such files
gone() {
    local file
    for file; do
        [[ ! -e $file ]] || return 1
    done
}

# none_runs: no process of the last launch runs
none_runs() {
    [[ -z $(running) ]]
}

# no_survivor: nor after a while
no_survivor() {
    wait_until none_runs
}

# Written with fresh files, so that a run before has left nothing.
prepare() {
    rm -rf "$work"
    mkdir -p "$work/fixtures" "$work/here"
    cd "$work/here" || exit 1
    "$fixtures_program" data ../fixtures || exit 1
    if ! launch 1 --data ../fixtures/good.h5 --epochs 1 --checkpoint ../run --quiet ||
        ! launch 1 --data ../fixtures/good.h5 --epochs 1 --checkpoint ../deep --hidden 5 --quiet ||
        ! launch 1 --data ../fixtures/classes.h5 --epochs 1 --checkpoint ../classes --quiet; then
        errors
        exit 1
    fi
    "$fixtures_program" checkpoints ../run/step-0000000001.h5 ../fixtures || exit 1
    cp ../deep/step-0000000001.h5 ../fixtures/model_deep.h5
    cp ../classes/step-0000000001.h5 ../fixtures/model_classes.h5
    rm -r ../run ../deep ../classes
}
