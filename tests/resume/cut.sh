#!/usr/bin/env bash
# A run that is cut again and again, at random moments by SIGTERM, SIGUSR1 and kill -9 to a random rank,
# and goes on each time on another number of ranks, ends as the run never cut:
#   cut.sh PROGRAM SAME-PROGRAM [CUTS [DELAY]]
# until it has been cut CUTS times by each signal, at most DELAY tenths of a second after its start. The bits are
# the same. It works in a folder that it makes here, and removes it if all went well.
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
same=$(readlink -f -- "$2")
wanted=${3:-40}
delay=${4:-25}
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"

make_folder dtrain-cut
make_data "${ROWS:-20000}" data.h5
options=(--data data.h5 --hidden 16 --activation gelu --momentum 0.9 --lr 0.0005 --normalize standard --val-fraction 0.1
    --epochs 6 --batch-size 20 --threads 1 --quiet)
steps=$(printf '%010d' $((6 * ((${ROWS:-20000} * 9 / 10 + 19) / 20))))
start 2 "${options[@]}" --checkpoint never --log never.jsonl
wait "$job" || complain "the run never cut"
streamed=(--memory 400k)
start 3 "${options[@]}" "${streamed[@]}" --checkpoint never_streamed --log never_streamed.jsonl
wait "$job" || complain "the streamed run never cut"

declare -A cuts=([TERM]=0 [USR1]=0 [KILL]=0)
late=0
runs=0
left() {
    ((cuts[TERM] < wanted || cuts[USR1] < wanted || cuts[KILL] < wanted))
}

# One run to its end
run_once() {
    local ranks=$((RANDOM % 4 + 1)) signals=(TERM USR1 KILL) signal difference first never=never
    local memory=()
    first=$ranks
    if ((RANDOM % 3 == 0)); then
        memory=("${streamed[@]}")
        never=never_streamed
    fi
    rm -rf run run.jsonl
    for ((;;)); do
        # the window is the run's: --memory is needed at its beginning only
        start "$ranks" "${options[@]}" "${memory[@]}" --checkpoint run --checkpoint-every 50 --log run.jsonl \
            --resume
        ranks_of "$ranks"
        sleep "$(((RANDOM % delay) / 10)).$((RANDOM % 10))$((RANDOM % 10))"
        signal=${signals[RANDOM % 3]}
        if left; then
            kill "-$signal" "${ids[RANDOM % ranks]}" 2>/dev/null
        fi
        finish
        grep -q 'warning: .*\.h5' errors && complain "a damaged checkpoint"
        ((status == 0)) && break
        case $signal$status in
        KILL*) ;;
        *75) ;;
        *) # the signal came before the program could take it
            if grep -q 'error' errors; then
                complain "status $status after SIG$signal on $ranks ranks"
                return
            fi
            late=$((late + 1))
            ;;
        esac
        cuts[$signal]=$((cuts[$signal] + 1))
        ranks=$((RANDOM % 4 + 1))
    done
    runs=$((runs + 1))
    difference=$("$same" "$never/step-$steps.h5" "$never.jsonl" "run/step-$steps.h5" run.jsonl 0) ||
        complain "from $first ranks, ${memory[*]}: $difference"
    echo "from $first ranks ${memory[*]}: $difference (cuts: ${cuts[TERM]} SIGTERM, ${cuts[USR1]} SIGUSR1, ${cuts[KILL]} kill -9)"
}

while left && ((failures < 5)); do
    run_once
done
echo "$runs runs, cut ${cuts[TERM]} times by SIGTERM, ${cuts[USR1]} by SIGUSR1, ${cuts[KILL]} by kill -9;" \
    "$late signals before the start; $failures failures"
((failures == 0))
