#!/usr/bin/env bash
# A start that fails says so, and one that cannot mean what was asked for is refused: start.sh PROGRAM LISTEN-PROGRAM
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
listen_program=$(readlink -f -- "$2")
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"
rm -rf "$work"
mkdir -p "$work/here"
cd "$work/here" || exit 1
printf 'a,b,k\n1,2,x\n3,4,y\n' >table.csv
convert=(convert table.csv out.h5 --target k)
train=(--epochs 1 --quiet --checkpoint out.h5)

# with NAME=VALUE...: the program, with the arguments in `asked`, is launched alone with these variables, and without those of a launcher around us
with() {
    local variables
    mapfile -t variables < <(compgen -e | grep -E '^(SLURM|PMI|PMIX|OMPI_COMM|MV2_COMM)_')
    (
        unset "${variables[@]}"
        # shellcheck disable=SC2163
        export "$@"
        launch 1 "${asked[@]}" >output
    )
    status=$?
}

# ---- Processes that were to be ranks of one run ---------------------------------------------------

name=singletons
asked=("${train[@]}")
refused='[23] processes were started for one run \([A-Z0-9_]+\), but MPI takes each for a run of its own: .*'
for told in "SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=3 SLURM_NTASKS=3 SLURM_PROCID=0" "SLURM_STEP_ID=4 SLURM_NTASKS=2" \
    "OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0" "PMI_SIZE=3 PMI_RANK=0" \
    "SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=1 PMI_SIZE=2" "MV2_COMM_WORLD_SIZE=2"; do
    # shellcheck disable=SC2086
    with $told
    check "status $status with $told" status_is 1
    check "message with $told" says "$refused"
    check "a file is left" gone out.h5*
done
with SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=3 SLURM_PROCID=2
check "status $status of another process" status_is 1
check "each of them says so" quiet_errors

# which is no matter where nothing is divided among ranks
name=one_process
told="SLURM_JOB_ID=5 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0"
for asked in --version --help help "help convert" "train --help" "${convert[*]}" "info out.h5"; do
    read -ra asked <<<"${asked[0]}"
    # shellcheck disable=SC2086
    with $told
    check "status $status of ${asked[*]}" status_is 0
    check "message of ${asked[*]}" quiet_errors
    check "no output of ${asked[*]}" test -s output
done
rm out.h5
asked=("${train[@]}")

name=not_singletons
for told in "SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=1 SLURM_NTASKS=4" "SLURM_NTASKS=4 SLURM_PROCID=0" \
    "SLURM_STEP_ID=4294967291 SLURM_NTASKS=4 SLURM_PROCID=0" "SLURM_STEP_ID=4294967290 SLURM_STEP_NUM_TASKS=4" \
    "OMPI_COMM_WORLD_SIZE=1 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2" "PMI_SIZE=1 SLURM_STEP_ID=0 SLURM_NTASKS=2"; do
    # shellcheck disable=SC2086
    with $told
    check "status $status with $told" status_is 0
    check "message with $told" quiet_errors
    rm -r out.h5
done
export SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2 SLURM_NTASKS=2 # those of mpirun's daemon
launch 3 "${convert[@]}" >output
status=$?
check "status $status of mpirun" status_is 0
check "message of mpirun" quiet_errors
unset SLURM_STEP_ID SLURM_STEP_NUM_TASKS SLURM_NTASKS

# ---- No end without a word ------------------------------------------------------------------------

# not_silent ULIMIT-ARGUMENT...: with this limit the program does what it should, or says something
not_silent() {
    # shellcheck disable=SC2016
    { # bash tells of crashes
        bash -c 'ulimit "$1" "$2"; exec "${@:3}"' limited "$@" "$program" "${convert[@]}" >output 2>said </dev/null
    } 2>/dev/null
    status=$?
    check "status $status and no word with ulimit $*" test "$status" -eq 0 -o -s said
}

name=limits
for files in 4 5 6 8 10 12 16; do
    not_silent -n $files
done
sanitized=no
grep -q __asan_init "$program" && sanitized=yes
if [[ $sanitized == no ]]; then
    for kilobytes in 40000 44000 48000 75000 78000; do
        not_silent -v $kilobytes
    done
    not_silent -s 64
fi

name=crash
launch 1 --epochs 100000000 --quiet --log crash.jsonl 2>/dev/null &
launched=$!
wait_until has_line_or_ended '"event":"step"' crash.jsonl
id=$(processes)
kill -SEGV "$id"
wait $launched 2>/dev/null
status=$?
check "status $status of a crash" test $status -ne 0
check "no word" test -n "$(cat "$work/errors"/*)"
if [[ $sanitized == no ]]; then
    check "status $status" status_is 139
    # Where UCX is loaded, as by Debian 13's Open MPI, it keeps such signals to itself, and says so.
    check "message" grep -qx -e 'dtrain: error: the program crashed (SIGSEGV)' -e '\[.*Caught signal 11 .*' \
        "$work/errors/$id"
fi

# A program that listens where an X server would, and does not answer. It matters where hwloc's plugin for graphics
# cards is installed.
name=listener
exec {listener}< <(exec "$listen_program")
listener_id=$!
if read -r -u $listener port; then
    launch 1 "${convert[@]}" >output
    status=$?
    check "status $status with a program at port $port" status_is 0
else
    skip "the ports from 6000 to 6009 are in use"
fi
kill $listener_id

echo "$checks checks, $failures failed"
((failures == 0))
