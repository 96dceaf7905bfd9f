#!/usr/bin/env bash
# A run that is cut again and again, at random moments by SIGTERM, SIGUSR1 and kill -9 to a random rank,
# and goes on each time on another number of ranks, ends as the run never cut:
#   cut.sh PROGRAM SAME-PROGRAM [CUTS [DELAY]]
# in a folder that it may empty, until it has been cut CUTS times by each signal, at most DELAY tenths of
# a second after its start. On a constant number of ranks the bits are the same, else nearly.
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
same=$(readlink -f -- "$2")
wanted=${3:-40}
delay=${4:-25}
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"

rm -rf ./*
make_data "${ROWS:-20000}" data.h5
options=(--data data.h5 --hidden 16 --activation gelu --momentum 0.9 --lr 0.0005 --normalize standard --val-fraction 0.1
    --epochs 6 --batch-size 20 --threads 1 --quiet)
steps=$(printf '%010d' $((6 * ((${ROWS:-20000} * 9 / 10 + 19) / 20))))
reference() { # the run never cut, on $1 ranks
    [[ -d never$1 ]] && return
    start "$1" "${options[@]}" --checkpoint "never$1" --log "never$1.jsonl"
    wait "$job" || complain "the run never cut"
}

declare -A cuts=([TERM]=0 [USR1]=0 [KILL]=0)
late=0
runs=0
bits=0
left() {
    ((cuts[TERM] < wanted || cuts[USR1] < wanted || cuts[KILL] < wanted))
}

# One run to its end; $constant: on as many ranks all the time
run_once() {
    local ranks=$((RANDOM % 4 + 1)) signals=(TERM USR1 KILL) signal difference tolerance=1e-5 first
    local memory=()
    first=$ranks
    ((RANDOM % 3 == 0)) && memory=(--memory 400k) # streamed
    [[ ${memory[*]} ]] && constant=1
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
        finish 60
        grep -q warning errors && complain "a damaged checkpoint"
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
        ((constant)) || ranks=$((RANDOM % 4 + 1))
    done
    runs=$((runs + 1))
    if [[ ${memory[*]} ]]; then
        rm -rf streamed streamed.jsonl
        start "$first" "${options[@]}" "${memory[@]}" --checkpoint streamed --log streamed.jsonl
        finish 60
        difference=$("$same" "streamed/step-$steps.h5" streamed.jsonl "run/step-$steps.h5" run.jsonl 0) ||
            complain "streamed: $difference"
        bits=$((bits + 1))
        return
    fi
    if ((constant)); then
        tolerance=0
        bits=$((bits + 1))
    fi
    reference "$first"
    difference=$("$same" "never$first/step-$steps.h5" "never$first.jsonl" "run/step-$steps.h5" run.jsonl \
        $tolerance) || complain "from $first ranks, to $tolerance: $difference"
    echo "from $first ranks, to a tolerance of $tolerance: $difference (cuts: ${cuts[TERM]} SIGTERM, ${cuts[USR1]} SIGUSR1, ${cuts[KILL]} kill -9)"
}

while left && ((failures < 5)); do
    constant=$((RANDOM % 2))
    run_once
done
echo "$runs runs, cut ${cuts[TERM]} times by SIGTERM, ${cuts[USR1]} by SIGUSR1, ${cuts[KILL]} by kill -9;" \
    "$bits compared to the bit; $late signals before the start; $failures failures"
((failures == 0))
