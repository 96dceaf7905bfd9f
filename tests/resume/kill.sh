#!/usr/bin/env bash
# kill -9 at random moments of a run that writes a checkpoint after every step: kill.sh PROGRAM [KILLS]. After each,
# every checkpoint is good, and the run goes on from the newest. It works in a folder that it makes here, and
# removes it if all went well.
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
wanted=${2:-200}
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"

make_folder dtrain-kill
make_data 2000 data.h5
newest=0
writing=0
went_on=0
for ((i = 1; i <= wanted && failures < 5; i++)); do
    ranks=$((i % 5 == 0 ? RANDOM % 3 + 2 : 1))
    start $ranks --data data.h5 --hidden 128,64 --epochs 1000000 --momentum 0.9 --lr 1e-6 --checkpoint run \
        --checkpoint-every 1 --val-fraction 0.1 --log run.jsonl --log-every 1000000 --resume
    ranks_of $ranks
    sleep "0.$((RANDOM % 10))$((RANDOM % 10))$((RANDOM % 10))"
    ((i % 3 == 0)) && sleep 0.$((RANDOM % 10))
    kill -9 "${ids[RANDOM % ranks]}" 2>/dev/null || complain "it has ended by itself"
    finish
    grep -q 'warning: .*\.h5' errors && complain "a damaged checkpoint"
    ((status == 0)) && complain "status 0"
    if ((newest > 0)) && grep -q '^Going on' output; then
        went_on=$((went_on + 1))
        grep -q "^Going on from run/step-$(printf '%010d' "$newest").h5" output ||
            complain "goes on from another than step $newest"
    fi
    for file in run/*.h5; do
        [[ -e $file ]] || continue
        "$program" info "$file" 2>errors | grep -qx 'Checksums:  good' || complain "$file is damaged"
        [[ $file == run/step-* ]] && newest=${file#run/step-} && newest=$((10#${newest%.h5}))
    done
    for file in run/step-*.tmp.*; do # of older steps: one that is kept to be written over
        step=${file#run/step-}
        [[ -e $file ]] && ((10#${step%%.*} > newest)) && writing=$((writing + 1))
    done
done
echo "$((i - 1)) kills, $writing of them while a checkpoint was written; $went_on runs went on;" \
    "$newest steps; $failures failures"
((failures == 0))
