#!/usr/bin/env bash
# Jobs that run, are cut and go on; within the cluster, in a folder that is empty: jobs.sh CLUSTER PROGRAM SAME-PROGRAM
set -uo pipefail
cluster=$1
program=$2
same=$3
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
top=$here/../..
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$here/cluster.sh"
export DTRAIN=$program
# What Open MPI must know of this machine: more ranks than cores, no copies by the kernel, and root.
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# ---- Helpers --------------------------------------------------------------------------------------

declare -A job # of each name its number
checks=0
failures=0

# check NAME WHAT COMMAND...
check() {
    checks=$((checks + 1))
    "${@:3}" && return
    failures=$((failures + 1))
    echo "FAILED $1: $2"
    grep -hvE '^Epoch |^  Step ' "$1.out" 2>/dev/null | tail -n 25 | cut -c 1-160 | sed 's/^/    /'
}

same() {
    [[ $1 == "$2" ]]
}

# submit NAME SCRIPT SBATCH-OPTION... -- ARGUMENT...: with checkpoints in NAME and a log NAME.jsonl
submit() {
    local name=$1 script=$top/slurm/$2 options=()
    shift 2
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    job[$name]=$(sbatch --parsable --job-name="$name" --output="$name.out" "${options[@]}" "$script" "${@:2}" \
        --log-every 1000000 --checkpoint "$name" --log "$name.jsonl") || exit 1
}

# fact NAME FIELD: of a job, as scontrol names it
fact() {
    scontrol show job -o "${job[$1]}" | grep -o " $2=[^ ]*" | head -n 1 | cut -d = -f 2
}

# await NAME...: until these jobs are over
await() {
    local name
    for name; do
        while [[ $(squeue -h -j "${job[$name]}" 2>/dev/null) ]]; do
            sleep 0.2
        done
    done
}

# steps NAME: that are in the log
steps() {
    grep -hs '"event":"step"' "$1.jsonl" /dev/null | grep -c .
}

# under_way NAME STEPS: until so many are done; false if it ends before
under_way() {
    while (($(steps "$1") < $2)); do
        [[ $(fact "$1" JobState) =~ ^(PENDING|CONFIGURING|RUNNING)$ ]] || return
        sleep 0.05
    done
}

# newest NAME: the last step that is saved
newest() {
    local file
    for file in "$1"/step-*.h5; do :; done
    file=${file##*/step-}
    echo $((10#${file%.h5}))
}

# resumed NAME N: the step from which the Nth start went on
resumed() {
    jq -R "fromjson? // empty | select(.event == \"start\") | .global_step // 0" "$1.jsonl" | sed -n "$2p"
}

# reference NAME EPOCHS: an undisturbed run on one rank, which lets the others go first
reference() {
    nice mpirun -np 1 "$program" "${options[@]}" --epochs "$2" --threads 1 --quiet --checkpoint "$1" --log "$1.jsonl"
}

# is_run NAME REFERENCE: each step once, and every bit of losses and weights
is_run() {
    local file
    file=$(basename "$2"/step-*"$(newest "$2")".h5)
    check "$1" "$("$same" "$2/$file" "$2.jsonl" "$1/$file" "$1.jsonl" 0 2>&1 | head -n 3 | tr '\n' ' ')" \
        "$same" "$2/$file" "$2.jsonl" "$1/$file" "$1.jsonl" 0 >/dev/null
}

# ended NAME STATE RESTARTS: so many, or "N+": N or more, as where others keep a node from starting it in time
ended() {
    local restarts
    restarts=$(fact "$1" Restarts)
    check "$1" "is $(fact "$1" JobState), expected $2" same "$(fact "$1" JobState)" "$2"
    if [[ $3 == *+ ]]; then
        check "$1" "restarted $restarts times, expected ${3%+} at least" test "$restarts" -ge "${3%+}"
    else
        check "$1" "restarted $restarts times, expected $3" same "$restarts" "$3"
    fi
}

say() {
    echo "slurm: $SECONDS s: $*"
}

# crashes_of NAME: attempts in which a rank ended by SIGSEGV, each of which is told. Open MPI 4.1.4 can within MPI_Init,
# in its TCP, where starts are slow: of 32 beside each other on two cores 7 did. Then the job begins again.
# The program says that MPI did not start. That it was no later, and so is none of ours, is checked: only one attempt has
# begun to train.
crashes_of() {
    local n
    n=$(grep -c 'ended with status 139$' "$1.out")
    ((n == 0)) || say "$1: $n attempts ended by SIGSEGV: $(grep -h 'the program crashed' "$1.out" | head -n 2 | tr '\n' ' ')" >&2
    echo "$n"
}

# ---- The runs -------------------------------------------------------------------------------------

# 20000 rows of 9 features, and a target that is no linear law
awk 'BEGIN { srand(7); for (r = 0; r < 20000; r++) { s = 0; line = "";
    for (i = 0; i < 9; i++) { v = rand() * (i + 1) - i; s += v * v - i * v; line = line v "," }
    print line s / 40 } }' >data.csv
"$program" convert data.csv data.h5 --target -1 >/dev/null || exit 1
# shellcheck disable=SC2054
options=(--data "$PWD/data.h5" --hidden 256,256 --optimizer adam --lr 0.0001 --normalize standard --batch-size 1000)

# How many epochs, of 20 steps, take so many seconds of a core; what others do on it does not count.
TIMEFORMAT=%U
ten_epochs=$({ time "$program" "${options[@]}" --threads 1 --epochs 10 --quiet 2>/dev/null; } 2>&1)
epochs_in() {
    awk -v seconds="$1" -v ten="$ten_epochs" 'BEGIN { n = int(seconds / ten * 10); print (n < 4) ? 4 : n }'
}
few=2
more=$(epochs_in 5)
many=$(epochs_in 54)
say "10 epochs take $ten_epochs s of a core"

# ---- Too short a time, and jobs that are not repeated, while others run

# Slurm looks at the limits every 30 s, and a job that is put back waits for some 8 s: what takes 54 s of a core,
# and has but one, is cut twice at least.
printf '#!/bin/sh\nexec taskset -c %s "%s" "$@"\n' "$(cluster_first_cpus 1)" "$program" >one-core
printf '#!/bin/sh\nexit 75\n' >stands-still
chmod +x one-core stands-still
DTRAIN=./one-core submit limit train.sbatch --nodes=2 --ntasks-per-node=1 --nodelist=node1,node2 --time=1 \
    --signal=B:USR1@60 -- "${options[@]}" --epochs "$many"
reference many "$many" &
long=$!
DTRAIN=./stands-still submit stands train.sbatch --exclude=node4 -- --epochs 1
submit fails train.sbatch --ntasks=2 --exclude=node4 -- --data "$PWD/data.csv"
submit usage train.sbatch --exclude=node4 -- --epochs 0

# ---- 2 and 4 nodes

reference few $few
submit two train.sbatch --nodes=2 --ntasks-per-node=2 -- "${options[@]}" --epochs $few
submit four train.sbatch --nodes=4 --ntasks-per-node=1 -- "${options[@]}" --epochs $few
submit mpirun train-mpirun.sbatch --nodes=2 --ntasks-per-node=2 -- "${options[@]}" --epochs $few
await two four mpirun
for name in two four mpirun; do
    crashes=$(crashes_of $name)
    ended $name COMPLETED "$crashes"
    check $name "not one attempt that trained" same "$(grep -Ec '^[0-9]+ ranks on [0-9]+ nodes' $name.out)" 1
    is_run $name few
    check $name "not 4 ranks" grep -q '"event":"start","ranks":4,' $name.jsonl
done
check two "not on 2 nodes" grep -q '"nodes":2,' two.jsonl
check four "not on 4 nodes" grep -q '"nodes":4,' four.jsonl
check mpirun "not on 2 nodes" grep -q '"nodes":2,' mpirun.jsonl
say "2 and 4 nodes"

# ---- srun that gives MPI no help: N processes are no N runs, but one may be one

output=$(timeout 60 srun --mpi=none --ntasks=3 --nodelist=node3 "$program" --checkpoint alone 2>&1)
check alone "status $?, not 1" test $? -eq 1
check alone "says: $output" same "$(grep -c '^dtrain: error: 3 processes were started for one run' <<<"$output")" 1
check alone "more lines: $output" same "$(grep -vc -e '^srun: error: ' -e '^srun: job ' -e '^dtrain: error: ' <<<"$output")" 0
check alone "has begun" test ! -e alone
output=$(timeout 60 srun --mpi=none --ntasks=1 --nodelist=node3 "$program" --epochs 1 --quiet 2>&1)
check alone "one process: $output" test $? -eq 0 -a -z "$(grep -v '^srun: job ' <<<"$output")" # has waited

# ---- No two threads on one core, and none squeezed with others onto one

# cores_of NAME: those to which a thread of the job is bound, alone
cores_of() {
    local id
    for id in $(pgrep -x dtrain); do
        if tr '\0' ' ' <"/proc/$id/cmdline" | grep -q -- "--log $1.jsonl"; then
            sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\)$/\1/p' "/proc/$id/task"/*/status
        fi
    done 2>/dev/null | sort -un
}

cores=$(cluster_first_cpus $cluster_cpus | tr ',' '\n' | wc -l)
submit threads train.sbatch --nodelist=node3 --cpus-per-task="$cores" -- "${options[@]}" --epochs "$many"
check threads "ended too early" under_way threads 1
check threads "bound to cores $(cores_of threads | tr '\n' ' ')" same "$(cores_of threads | wc -l)" "$cores"
check threads "not $cores threads" grep -q "\"ranks\":1,\"threads\":$cores," threads.jsonl
scancel "${job[threads]}"
submit ranks train.sbatch --nodelist=node4 --ntasks="$cores" -- "${options[@]}" --epochs "$many"
check ranks "ended too early" under_way ranks 1
check ranks "bound to cores $(cores_of ranks | tr '\n' ' ')" same "$(cores_of ranks | wc -l)" "$cores"
check ranks "not $cores ranks" grep -q "\"ranks\":$cores,\"threads\":1," ranks.jsonl
# A second job in its folder, from another node
job[second]=$(sbatch --parsable --job-name=second --output=second.out --nodelist=node3 "$top/slurm/train.sbatch" \
    "${options[@]}" --epochs 1 --checkpoint ranks --log second.jsonl) || exit 1
await second
ended second FAILED "$(crashes_of second)"
check second "says: $(grep -h 'dtrain: error' second.out)" \
    grep -q "ranks: in use by process [0-9]* on node4, job ${job[ranks]}, since " second.out
check second "has a log" test ! -e second.jsonl
scancel "${job[ranks]}"
await threads ranks
check ranks "the first was disturbed" "$program" info "ranks/$(basename "$(echo ranks/step-* | tr ' ' '\n' | tail -n 1)")" >/dev/null
check ranks "the lock is left" test ! -e ranks/.dtrain-lock
say "cores"

# ---- A node that fails, and the wishes of people

declare -A saved # the newest checkpoint when it was cut

# cut NAME COMMAND...: in the middle of its run
cut_run() {
    check "$1" "ended too early" under_way "$1" 50
    saved[$1]=$(newest "$1")
    "${@:2}"
}

submit crash train.sbatch --nodes=2 --ntasks-per-node=1 --nodelist=node3,node4 -- "${options[@]}" --epochs "$more" \
    --checkpoint-every 15
cut_run crash node_crash 4
# When Slurm has found out, the node comes back, and the job to it.
(
    until [[ $(sinfo -h -n node4 -o %T) == down* ]]; do
        sleep 0.5
    done
    node_start 4
) &
for name in requeue usr1 batch cancel; do
    submit $name train.sbatch --nodes=2 --ntasks-per-node=1 --exclude=node4 -- "${options[@]}" --epochs "$more"
done
submit mpirun_usr1 train-mpirun.sbatch --nodes=2 --ntasks-per-node=1 --exclude=node4 -- "${options[@]}" --epochs "$more"
cut_run requeue scontrol requeue "${job[requeue]}"
cut_run usr1 scancel --signal=USR1 "${job[usr1]}"
cut_run batch scancel --batch --signal=USR1 "${job[batch]}"
cut_run cancel scancel "${job[cancel]}"
cut_run mpirun_usr1 scancel --batch --signal=USR1 "${job[mpirun_usr1]}"
say "cut"

# ---- A sweep, of which one run fails

printf '# a table\nlr\tseed\n0.1\t0\n0.1\t1\n1e30\t0\n0.01\t0\n0.01\t1\n0.001 0\n' >rates.tsv
job[sweep]=$(sbatch --parsable --exclude=node4 "$top/slurm/sweep.sbatch" rates.tsv --hidden 8 --val-fraction 0.1) || exit 1
await sweep
"$top/scripts/sweep-table.sh" rates >table
check sweep "not one line for each run: $(wc -l <table)" same "$(wc -l <table)" 7
check sweep "columns: $(head -n 1 table)" same "$(head -n 1 table | tr -s ' ')" \
    "lr seed status steps train_loss val_loss val_epoch run"
check sweep "runs" same "$(awk 'NR > 1 { print $NF }' table | sort | tr '\n' ' ')" \
    "rates/lr=0.001,seed=0 rates/lr=0.01,seed=0 rates/lr=0.01,seed=1 rates/lr=0.1,seed=0 rates/lr=0.1,seed=1 rates/lr=1e30,seed=0 "
check sweep "the failed one is not the last" grep -q '^[^ ]* *0 *failed .*lr=1e30' <(tail -n 1 table)
check sweep "not the best first" sort -gc -k 6,6 <(awk 'NR > 1 && $3 == "finished"' table)
best=$(for log in rates/*/run.jsonl; do
    echo "$(grep -o '"val_loss":[0-9.]*' "$log" | cut -d : -f 2 | sort -g | head -n 1) ${log%/run.jsonl}"
done | awk 'NF == 2' | sort -g | head -n 1 | cut -d ' ' -f 2)
check sweep "the best is $best" same "$(awk 'NR == 2 { print $NF }' table)" "$best"
grep -hv '"event":"step"' rates/*/run.jsonl | head -n 1 >none.jsonl
check sweep "a run without steps is left out" grep -q 'unfinished  *0 .*none.jsonl' <("$top/scripts/sweep-table.sh" none.jsonl rates)
check sweep "others are left out beside it" same "$("$top/scripts/sweep-table.sh" none.jsonl rates | wc -l)" 8
say "sweep"

# ---- What became of them

reference more "$more"
await cancel
ended cancel CANCELLED 0
check cancel "did not save" same "$(newest cancel)" "$(steps cancel)"
# The same line again goes on.
submit cancel train.sbatch --nodes=2 --ntasks-per-node=1 --exclude=node4 -- "${options[@]}" --epochs "$more"
await requeue usr1 batch mpirun_usr1 cancel
for name in requeue usr1 batch mpirun_usr1; do
    ended $name COMPLETED 1+
done
ended cancel COMPLETED 0
for name in requeue usr1 batch mpirun_usr1 cancel; do
    is_run $name more
    check $name "went on from step $(resumed $name 2), saved before the cut: ${saved[$name]}" \
        test "$(resumed $name 2)" -ge 50
done

await stands fails usage
ended stands FAILED 2
check stands "says why" grep -q 'made no step in three attempts' stands.out
for name in fails usage; do
    ended $name FAILED 0
done
check fails "not status 1" grep -q 'ended with status 1$' fails.out
check usage "not status 2" grep -q 'ended with status 2$' usage.out
say "people's wishes"

await crash
ended crash COMPLETED 1+
is_run crash more
check crash "went on from step $(resumed crash 2), but ${saved[crash]} was saved" \
    test "$(resumed crash 2)" -ge "${saved[crash]}"
say "crash"

await limit
wait $long
ended limit COMPLETED 2+
is_run limit many
say "time limit, $(fact limit Restarts) times"

echo "$checks checks, $failures failed"
((failures == 0))
