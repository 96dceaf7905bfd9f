#!/usr/bin/env bash
# The runs of a sweep, or any others, in one table, the best first:
#
#   scripts/sweep-table.sh FOLDER|LOG...         LOG: the file of --log; FOLDER: of runs with a run.jsonl each
#
# The columns are the options in which the runs differ, how each ended, its steps, its losses, and its place. Best is
# the smallest validation loss of any epoch (that of best.h5), or without validation the mean loss of the last
# epoch. Runs that have not finished stand at the end: "unfinished" ones wait, run, or were killed.
# shellcheck disable=SC2016 # $names are jq's
set -euo pipefail

if [[ $# -eq 0 || $1 == -* ]]; then
    echo "usage: ${0##*/} FOLDER|LOG..." >&2
    exit 2
fi
if ! command -v jq >/dev/null; then
    echo "${0##*/}: needs jq, which is not installed" >&2
    exit 1
fi

# logs_of FOLDER|LOG...
logs_of() {
    local place
    for place; do
        if [[ -d $place ]]; then
            find "$place" -mindepth 2 -maxdepth 2 -name run.jsonl | LC_ALL=C sort
        else
            echo "$place"
        fi
    done
}

# One run, as JSON. Of the steps the last is enough; a line that a crash has cut short is passed over.
summary='
    [inputs | fromjson? // empty]
    | map(select(.event == "epoch")) as $epochs
    | (map(select(.event == "start")) | last) as $start
    | (map(select(.event == "step")) | last) as $step
    | ($epochs | map(select(.val_loss)) | min_by(.val_loss)) as $best
    | (map(select(.event == "end")) | last | .status // "unfinished") as $status
    | {
        options: ($start.options | if . then del(.checkpoint, .log) else null end),
        end: {
            status: $status,
            steps: (map(.global_step // 0) | max // 0),
            train_loss: (($epochs | last | .train_loss) // $step.loss),
            val_loss: $best.val_loss,
            val_epoch: $best.epoch,
            run: $run
        }
    }
    | .order = [$status != "finished", (.end | .val_loss // .train_loss) == null, (.end | .val_loss // .train_loss)]'

# All of them, in columns. No cell has a blank in it, so that other programs can read them too.
table='
    def cell: if . == null or . == [] then "-" elif type == "array" then join(",") else tostring end | gsub("\\s+"; "_");
    map(select(.options)) as $begun
    | ($begun | map(.options) | add // {} | keys_unsorted) as $names
    | [$names[] | select(. as $name | $begun | map(.options[$name]) | unique | length > 1)] as $differ
    | ($differ + (.[0].end | keys_unsorted)),
      (sort_by(.order)[] | [.options[$differ[]]] + [.end[]] | map(cell))
    | @tsv'

mapfile -t logs < <(logs_of "$@")
if [[ ${#logs[@]} -eq 0 ]]; then
    echo "${0##*/}: no run.jsonl in $*" >&2
    exit 1
fi
for log in "${logs[@]}"; do
    [[ -r $log ]] || {
        echo "${0##*/}: $log: no such log" >&2
        exit 1
    }
done
for log in "${logs[@]}"; do
    {
        grep -v '"event":"step"' "$log" || true
        grep '"event":"step"' "$log" | tail -n 1 || true # none: --log-steps 0, or it ended before
    } | jq -cnR --arg run "${log%/run.jsonl}" "$summary"
done | jq -rs "$table" | awk -F '\t' '
    { for (i = 1; i <= NF; i++) {
        cell[NR, i] = $i ~ /^-?[0-9]+\.[0-9]/ ? sprintf("%.6g", $i) : $i
        if (length(cell[NR, i]) > width[i]) width[i] = length(cell[NR, i])
    } columns = NF }
    END { for (r = 1; r <= NR; r++) {
        for (i = 1; i < columns; i++) printf "%-*s  ", width[i], cell[r, i]
        print cell[r, columns]
    } }'
