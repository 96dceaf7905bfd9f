#!/usr/bin/env bash
# Runs that are cut and go on, and what is said of it: signals, damaged checkpoints, other options, a disk
# that fills up. resume.sh PROGRAM FIXTURES-PROGRAM SAME-PROGRAM
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
fixtures_program=$(readlink -f -- "$2")
same_program=$(readlink -f -- "$3")
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"

# warns REGEX: the last launch said this one line, and no error
warns() {
    [[ $(errors | wc -l) -eq 1 ]] && errors | grep -Eqx "dtrain: warning: $1"
}

# stopped_by SIGNAL FOLDER
stopped_by() {
    [[ $(errors | wc -l) -eq 1 ]] &&
        errors | grep -Eqx "dtrain: stopped by $1 after step [0-9]+, which is saved in $2; go on with --resume"
}

# same_run CHECKPOINT LOG CHECKPOINT LOG
same_run() {
    "$same_program" "$@" 0 >output
}

# all_good FOLDER: at least one checkpoint, and each is good
all_good() {
    local file n=0
    for file in "$1"/*.h5; do
        "$program" info "$file" 2>/dev/null | grep -qx 'Checksums:  good' || return 1
        n=$((n + 1))
    done
    ((n > 0))
}

no_temporary() {
    ! compgen -G "$1/*.tmp.*" >/dev/null
}

prepare

name=goes_on
options=(--val-fraction 0.1 --normalize standard --momentum 0.9 --hidden 6 --batch-size 64 --quiet)
launch 1 "${options[@]}" --checkpoint never --log never.jsonl --keep 100
for ranks in 1 3; do
    for cut in 15 50; do # at the end of an epoch, within the fourth
        launch "$ranks" "${options[@]}" --max-steps $cut --checkpoint run --log run.jsonl
        check "cut after $cut" test -e "run/step-00000000$(printf '%02d' $cut).h5"
        launch $((4 - ranks)) "${options[@]}" --checkpoint run --log run.jsonl --resume
        status=$?
        check "status $status after $cut" status_is 0
        check "something on standard error" quiet_errors
        check "another run than never cut, after $cut" \
            same_run never/step-0000000075.h5 never.jsonl run/step-0000000075.h5 run.jsonl
        check "best.h5" test -e run/best.h5
        rm -r run run.jsonl
    done
done

name=log_that_lacks_something
for lost in all some; do
    launch 2 "${options[@]}" --max-steps 50 --checkpoint run --log run.jsonl
    expected='run.jsonl: has nothing of the run up to step 50, where it goes on'
    if [[ $lost = all ]]; then
        rm run.jsonl
    else
        sed -i '/"event":"epoch","epoch":2/,$d' run.jsonl
        expected='run.jsonl: ends in epoch 2, but the run goes on in epoch 4: it lacks what is between'
    fi
    launch 2 "${options[@]}" --checkpoint run --log run.jsonl --resume
    status=$?
    check "status $status, $lost lost" status_is 0
    check "what is lost, $lost" warns "$expected"
    check "the log goes on, $lost lost" grep -q '"event":"end","status":"finished"' run.jsonl
    rm -r run run.jsonl
done

name=keeps
launch 1 "${options[@]}" --checkpoint run --checkpoint-every 10 --keep 2
check "steps kept" same "$(cd run && echo *)" "best.h5 step-0000000070.h5 step-0000000075.h5"
rm -r run
launch 1 "${options[@]}" --checkpoint run --checkpoint-every 2e --keep 9
check "every second epoch" same "$(cd run && echo step*)" \
    "step-0000000030.h5 step-0000000060.h5 step-0000000075.h5"

name=nothing_left
launch 1 "${options[@]}" --checkpoint again --log again.jsonl
cp again.jsonl before.jsonl
launch 3 "${options[@]:0:10}" --checkpoint again --log again.jsonl --resume >output
status=$?
check "status $status" status_is 0
check "says so" grep -q '^Nothing is left to do' output
check "the checkpoint to use" grep -q '^Best by validation: again/best.h5 ' <(tail -n 1 output)
check "no other end" same "$(wc -l <output)" 2
check "the log is another" cmp again.jsonl before.jsonl

name=afresh
launch 3 --checkpoint fresh --resume --epochs 1 >output
status=$?
check "status $status" status_is 0
check "says so" grep -qx 'No checkpoint to go on from in fresh: starting afresh' output

# older.h5 is of a program that added 97 to the seed; these losses are of the run that it never cut
name=older
mkdir older
cp "$here/../resume/older.h5" older/step-0000000014.h5
for ranks in 1 3; do
    rm -rf run3 run3.jsonl
    cp -r older run3
    launch "$ranks" --data "${program%/*}/data/linear.h5" --val-fraction 0.1 --hidden 4 --dropout 0.2 \
        --momentum 0.9 --seed 3 --max-steps 30 --checkpoint run3 --log run3.jsonl --resume --quiet
    status=$?
    check "status $status on $ranks ranks" status_is 0
    launch "$ranks" --data "${program%/*}/data/linear.h5" --val-fraction 0.1 --hidden 4 --dropout 0.2 \
        --momentum 0.9 --seed 3 --checkpoint run3 --log run3.jsonl --resume --quiet
    for at in 15:0.8970886 18:1.4284274 19:1.0766044 30:0.4955288 45:0.4852839; do
        loss=$(grep "\"event\":\"step\",.*\"global_step\":${at%:*}," run3.jsonl | sed 's/.*"loss":\([^,]*\),.*/\1/')
        check "step ${at%:*}: ${loss:-none} on $ranks ranks, not ${at#*:}" \
            awk -v a="${loss:-9}" -v b="${at#*:}" 'BEGIN { exit !(a - b < 2e-6 && b - a < 2e-6) }'
    done
done
rm -r older run3 run3.jsonl

# Numbers that another program has put into a checkpoint; those that no run can have are unit.numbers'.
name=edited
launch 1 "${options[@]}" --max-steps 40 --checkpoint whole2
declare -A several=(['/ step 9']=3) # the same on several ranks
for edit in '/ step 9' '/ step -1' '/ epoch 1' '/ global_step 39' '/run epoch_samples 500' '/run lr nan'; do
    for ranks in 1 ${several[$edit]:-}; do
        rm -rf edited
        cp -r whole2 edited
        read -ra words <<<"$edit"
        "$fixtures_program" set edited/step-0000000040.h5 "${words[@]}" || exit 1
        before=$(files edited)
        launch "$ranks" "${options[@]}" --checkpoint edited --resume
        status=$?
        check "status $status of $edit" status_is 1
        check "message of $edit" says 'edited/step-0000000040\.h5: .*'
        check "the folder is another after $edit" same "$(files edited)" "$before"
    done
done
rm -r edited whole2

# ---- Nothing of another run is lost ---------------------------------------------------------------

# A run that is there is neither written over nor mixed with another one.
name=used_folder
launch 1 "${options[@]}" --checkpoint used --log used.jsonl --epochs 2
echo "mine" >used/notes.txt
before=$(files used used.jsonl)
for ranks in 1 3; do
    launch "$ranks" "${options[@]}" --checkpoint used --log other.jsonl
    status=$?
    check "status $status of a folder" status_is 1
    check "message of a folder" says 'used: holds a run to step 30: --resume .*, --overwrite .*'
    launch "$ranks" "${options[@]}" --checkpoint other --log used.jsonl
    status=$?
    check "status $status of a log" status_is 1
    check "message of a log" says 'used\.jsonl: holds the log of a run: --resume .*, --overwrite .*'
    # what else is wrong is found before anything is deleted
    launch "$ranks" "${options[@]}" --checkpoint used --log used.jsonl --overwrite --data no.h5
    status=$?
    check "status $status" status_is 1
    launch "$ranks" "${options[@]}" --checkpoint used --log used.jsonl --overwrite --class-weights 1,2
    launch "$ranks" "${options[@]}" --checkpoint used --log no/folder.jsonl --overwrite
    check "message" says 'no/folder\.jsonl: cannot be written: .*'
    launch "$ranks" "${options[@]}" --checkpoint used --log used.jsonl --resume --overwrite
    status=$?
    check "status $status of both" status_is 2
    check "something was touched" same "$(files used used.jsonl)" "$before"
    check "something was made" gone other other.jsonl
done
launch 1 "${options[@]}" --checkpoint fourth --log used.jsonl --seed 4 --epochs 1 --overwrite
launch 1 "${options[@]}" --checkpoint used --log used.jsonl --resume
status=$?
check "status $status of another run's log" status_is 0
check "message" warns 'used\.jsonl: is the log of another run \(seed 4 there, 0 here\); kept as used\.jsonl\.1'
check "one start each" same "$(grep -c '"event":"start"' used.jsonl) $(grep -c '"event":"start"' used.jsonl.1)" "1 1"
rm used.jsonl.1
for lr in 0.005 0.002; do # each time another one
    launch 1 "${options[@]}" --checkpoint used --log used.jsonl --resume --lr $lr
    check "the run's own log is kept" gone used.jsonl.1
done
launch 1 "${options[@]}" --checkpoint fourth --log used.jsonl --lr 0.5 --epochs 1 --overwrite
before=$(cksum <used.jsonl)
launch 1 "${options[@]}" --checkpoint used --log used.jsonl --resume
check "message" warns 'used\.jsonl: is the log of another run \(--lr 0\.5 there\); kept as used\.jsonl\.1'
check "another run's log is cut" same "$(cksum <used.jsonl.1)" "$before"
rm used.jsonl.1
for ranks in 1 3; do
    launch "$ranks" --checkpoint used --log used.jsonl --epochs 1 --overwrite >output
    status=$?
    check "status $status of --overwrite" status_is 0
    check "says so" grep -q '^used: the run that was there, to step [0-9]*, is deleted' output
    check "another file" same "$(cd used && echo *)" "notes.txt step-0000000010.h5"
    check "one start" same "$(grep -c '"event":"start"' used.jsonl)" 1
done
# A first start that ended before its first checkpoint, and is started again
rm used/*.h5
launch 3 --checkpoint used --log used.jsonl --epochs 1 --resume >output
check "starts afresh" grep -q '^No checkpoint to go on from in used' output
check "the log is kept" warns 'used\.jsonl: holds the log of a run .*; kept as used\.jsonl\.1'
check "one start each" same "$(grep -c '"event":"start"' used.jsonl) $(grep -c '"event":"start"' used.jsonl.1)" "1 1"
rm -r used used.jsonl* fourth

# Two runs in one folder at once: the second is told by whom it is used, and touches nothing.
name=in_use
for ranks in 1 3; do
    rm -rf twice twice.jsonl*
    launch "$ranks" --epochs 100000000 --quiet --checkpoint twice --checkpoint-every 50 --log twice.jsonl &
    launched=$!
    wait_for "twice/step-*0.h5"
    holder=$(sed -n 's/^process //p' twice/.dtrain-lock)
    for how in --resume --overwrite --quiet; do
        launch $((4 - ranks)) --checkpoint twice --log other.jsonl $how
        status=$?
        check "status $status of a second run, $how" status_is 1
        check "message, $how" says "twice: in use by process $holder on .*, since .*"
    done
    mkdir kept
    launch 1 --log twice.jsonl --overwrite --checkpoint kept/new//deep/
    check "its log alone" says 'twice\.jsonl: in use by another run.*'
    check "an empty folder is left" gone kept/new
    check "a folder that was there is gone" rmdir kept
    check "a log was made" gone other.jsonl
    check "still there" test -e twice/.dtrain-lock
    kill -TERM "$holder"
    wait $launched
    status=$?
    check "status $status of the first" status_is 75
    check "a checkpoint of the first is bad" all_good twice
    check "steps of the first" same "$(grep -c '"event":"step"' twice.jsonl)" \
        "$(sed -n 's/.*"event":"end".*"global_step":\([0-9]*\).*/\1/p' twice.jsonl)"
    check "the lock is left" gone twice/.dtrain-lock
done
rm -rf twice twice.jsonl*
launch 3 --epochs 100000000 --quiet --checkpoint twice --checkpoint-every 50 --log twice.jsonl &
launched=$!
wait_for "twice/step-*0.h5"
kill -9 "$(sed -n 's/^process //p' twice/.dtrain-lock)"
wait $launched 2>/dev/null
check "the lock is not left" test -e twice/.dtrain-lock
launch 3 --checkpoint twice --log twice.jsonl --resume --epochs 1 >output
status=$?
check "status $status after kill -9" status_is 0
check "after kill -9" grep -q '^Nothing is left' output
check "something is left" same "$(cd twice && echo .d* *.tmp*)" '.d* *.tmp*'
rm -r twice twice.jsonl

name=streamed # the windows are the run's, whatever memory there is later
launch 1 "${options[@]}" --memory 20k --checkpoint never_streamed --log never_streamed.jsonl
for ranks in 1 3; do
    launch "$ranks" "${options[@]}" --memory 20k --max-steps 40 --checkpoint run2 --log run2.jsonl
    launch $((4 - ranks)) "${options[@]}" --checkpoint run2 --log run2.jsonl --resume
    check "another run than never cut" same_run never_streamed/step-0000000075.h5 \
        never_streamed.jsonl run2/step-0000000075.h5 run2.jsonl
    rm -r run2 run2.jsonl
done

name=other_run
for ranks in 1 3; do
    launch "$ranks" "${options[@]}" --checkpoint run --resume --seed 5
    status=$?
    check "status $status" status_is 2
    check "seed" says '--seed is 5, but 0 in the run of run/step-0000000075\.h5; with another one .*'
    launch "$ranks" "${options[@]/%6/6,7}" --checkpoint run --resume
    check "hidden" says '--hidden is 6,7, but 6 in the run of run/step-0000000075\.h5; .*'
    launch "$ranks" "${options[@]}" --data ../fixtures/good.h5 --checkpoint run --resume
    status=$?
    check "status $status" status_is 1
    check "data" says '.*good\.h5: [0-9]+ values in a row, but 10 in the run that is to go on; .*'
done
launch 1 "${options[@]}" --clip-norm 3 --checkpoint run --resume
check "an option that was not given" says '--clip-norm is 3\.0, but none in the run of .*'
launch 1 "${options[@]}" --checkpoint run --resume --lr 0.02 --epochs 6 --log lr.jsonl
check "lr" grep -q '"lr":0.02}' lr.jsonl
launch 1 "${options[@]}" --checkpoint run --resume --epochs 7 --log lr.jsonl
check "lr stays" same "$(grep -c '"lr":0.02}' lr.jsonl)" 30
launch 1 --resume
status=$?
check "status $status without --checkpoint" status_is 2
check "without --checkpoint" says '--resume: expected a --checkpoint DIR with it'
rm -r run

name=quantiles
launch 1 --loss quantile:0.10,0.9 --epochs 1 --quiet --checkpoint quantiles
launch 2 --loss quantile:0.1,0.8 --epochs 2 --quiet --checkpoint quantiles --resume
check "other quantiles" says '--loss is quantile:0\.1,0\.8, but quantile:0\.1,0\.9 in the run of .*'
launch 2 --loss quantile:.1,0.90 --epochs 2 --quiet --checkpoint quantiles --resume
check "the same quantiles" quiet_errors
launch 1 info quantiles/step-0000000020.h5 >output
check "info" grep -qx 'Checkpoint: linear 10-2, quantile:0\.1,0\.9; 22 parameters' output
rm -r quantiles

name=damaged
launch 1 "${options[@]}" --checkpoint whole --keep 9
declare -A three=([flip]=3) # the same on several ranks, for one of them
for damage in 'truncate -s 4000' 'truncate -s 0' flip; do
    for ranks in 1 ${three[$damage]:-}; do
        rm -rf run
        cp -r whole run
        newest=run/step-0000000075.h5
        if [[ $damage == flip ]]; then
            printf 'x' | dd of=$newest bs=1 seek=3000 conv=notrunc status=none
        else
            $damage $newest
        fi
        launch "$ranks" "${options[@]:0:10}" --checkpoint run --resume >output
        status=$?
        check "status $status" status_is 0
        check "$damage" warns "run/step-0000000075\.h5: .*"
        check "$damage: the one before" grep -q '^Going on from run/step-0000000060\.h5, after 4 epochs' output
    done
done

# None is good, or the newest cannot be read: the run that is there is not begun anew, and nothing of it is touched.
name=none_good
for ranks in 1 3; do
    rm -rf run
    cp -r whole run
    for file in run/step-*.h5; do
        truncate -s 4000 "$file"
    done
    before=$(files run)
    launch "$ranks" "${options[@]}" --checkpoint run --log none.jsonl --resume >output
    status=$?
    check "status $status on $ranks ranks" status_is 1
    check "message on $ranks ranks" \
        says 'run/step-0000000075\.h5: the file is truncated.*no checkpoint in run can be used, of 5; --overwrite.*'
    check "the folder on $ranks ranks" same "$(files run)" "$before"
    check "no log on $ranks ranks" test ! -e none.jsonl
done
launch 1 "${options[@]}" --checkpoint run --overwrite
status=$?
check "status $status of --overwrite" status_is 0
check "checkpoints of --overwrite" all_good run
rm run/step-0000000075.h5
ln -s /proc/self/mem run/step-0000000075.h5 # EIO
launch 1 "${options[@]}" --checkpoint run --resume
status=$?
check "status $status of one that cannot be read" status_is 1
check "message of one that cannot be read" says 'run/step-0000000075\.h5: cannot be read: Input/output error'

name=signal
declare -A alone=([TERM]=1)
for signal in TERM INT USR1; do
    for ranks in 3 ${alone[$signal]:-}; do
        rm -rf run
        launch "$ranks" --epochs 100000000 --quiet --checkpoint run --checkpoint-every 200 &
        launched=$!
        wait_for "run/step-*0.h5"
        kill -$signal "$(processes | tail -n 1)"
        wait $launched
        status=$?
        check "status $status of SIG$signal on $ranks ranks" status_is 75
        check "message of SIG$signal" stopped_by SIG$signal run
        check "a process is left" no_survivor
    done
done
launch 1 --epochs 100000000 --quiet --log stop.jsonl &
launched=$!
wait_until has_line_or_ended '"event":"step"' stop.jsonl
kill -TERM "$(processes)"
wait $launched
status=$?
check "status $status without --checkpoint" status_is 75
check "end" grep -q '"event":"end","status":"stopped"' stop.jsonl

# The time of a run ends by the clock alone; what it then goes on with has another limit.
name=time_limit
endless=(--epochs 100000000 --hidden 6 --val-fraction 0.1 --quiet --log-steps 0 --log time.jsonl --checkpoint time)
for seconds in 4 12 36; do # more where the start takes so long
    seconds=$((seconds * ${DTRAIN_TEST_TIME:-1}))
    rm -rf time time.jsonl
    launch 1 "${endless[@]}" --max-time ${seconds}s
    status=$?
    ((status == 75)) && break
done
check "status $status of --max-time" status_is 75
check "message" stopped_by --max-time time
check "end" grep -Eq '"event":"end","status":"stopped",.*"reason":"--max-time"}' time.jsonl
check "a checkpoint is bad" all_good time
before=$(cd time && echo step*)
for seconds in 8 24; do
    seconds=$((seconds * ${DTRAIN_TEST_TIME:-1}))
    SLURM_JOB_END_TIME=$(($(date +%s) + seconds)) launch 3 "${endless[@]}" --resume --max-time 1d
    status=$?
    ((status == 75)) && break
done
check "status $status at the job's end" status_is 75
check "message" stopped_by SLURM_JOB_END_TIME time
check "went no further" test "$(cd time && echo step*)" != "$before"
check "a checkpoint is bad" all_good time
SLURM_JOB_END_TIME=1 launch 1 --epochs 1 --quiet # of a job that is over
status=$?
check "status $status of an old job" status_is 0
output=$(bash -c 'sleep 1.1; exec "$@"' limit "$program" --max-time 1s --checkpoint late 2>&1 </dev/null)
status=$?
check "status $status without time for a step" status_is 1
check "message without time for a step" same "$output" \
    'dtrain: error: --max-time: the time was up before the first step'
check "a folder without a step" gone late

# ---- A folder that can no longer be written to ----------------------------------------------------

name=folder_gone
for ranks in 1 3; do
    rm -rf run moved
    launch "$ranks" --epochs 100000000 --quiet --checkpoint run --checkpoint-every 100 &
    launched=$!
    wait_for "run/step-*0.h5"
    mv run moved
    wait $launched
    status=$?
    check "status $status on $ranks ranks" status_is 1
    check "message" says 'run/step-[0-9]+\.h5: cannot be written \(No such file or directory\)'
    check "a checkpoint is bad" all_good moved
    check "something half-written" no_temporary moved
done

name=full_disk
disk=$work/disk
mkdir "$disk"
if mount -t tmpfs -o size=7m tmpfs "$disk" 2>/dev/null; then
    trap 'umount "$disk"' EXIT
    for ranks in 1 3; do
        launch "$ranks" --quiet --hidden 300,300 --epochs 10000 --checkpoint "$disk/run" --checkpoint-every 3 \
            --keep 1000 --val-fraction 0.1
        status=$?
        check "status $status" status_is 1
        check "message" says ".*/run/(step-[0-9]+|best)\.h5: no space left on the disk"
        check "a checkpoint is bad" all_good "$disk/run"
        check "several" test "$(find "$disk/run" -name "step-*" | wc -l)" -gt 5
        check "something half-written" no_temporary "$disk/run"
        rm -r "$disk/run"
    done
    launch 3 --epochs 100000000 --quiet --checkpoint "$disk/run" --checkpoint-every 100 &
    launched=$!
    wait_for "$disk/run/step-*0.h5"
    if mount -o remount,ro "$disk" 2>/dev/null || { sleep 0.05 && mount -o remount,ro "$disk"; }; then
        wait $launched
        status=$?
        check "status $status of a disk that becomes read-only" status_is 1
        check "message" says '.*h5: cannot be written \(Read-only file system\)'
        check "a checkpoint is bad" all_good "$disk/run"
        mount -o remount,rw "$disk"
        launch 1 --checkpoint "$disk/run" --resume --epochs 1 >output
        check "goes on" grep -Eq '^(Nothing is left|Going on)' output
        check "something half-written" no_temporary "$disk/run"
    else
        kill -TERM "$(processes | head -n 1)"
        wait $launched
        skip "cannot remount"
    fi
else
    skip "needs root, and leave to mount a small file system"
fi

echo "$checks checks, $failures failed"
((failures == 0))
