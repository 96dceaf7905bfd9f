#!/usr/bin/env bash
# Make tests/golden/tolerances anew: for each golden file three times the largest difference that is measured, on 1 to
# 4 ranks and in both ways of summing, and no less than float32's noise.
#
#   scripts/golden-tolerances.sh BUILD...       build folders, of several processors (DTRAIN_ARCH), say
#
# To be run where a change of the arithmetic is meant, and its result looked at: a tolerance that grows says that
# something has become less precise.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
least=2e-6 # of 16 units in the last place
if [[ $# -eq 0 ]]; then
    echo "usage: ${0##*/} BUILD..." >&2
    exit 2
fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe OMPI_MCA_mpi_yield_when_idle=1

table=$here/../tests/golden/tolerances
builds=()
for build; do
    builds+=("$(cd -- "$build" && pwd)")
done
folder=$(mktemp -d) # the runs write files where they are started
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for build in "${builds[@]}"; do
    for ranks in 1 2 3 4; do
        mpirun -np "$ranks" "$build/tests/test_mpi_golden" measure </dev/null 2> >(grep -v '^dtrain: warning: ' >&2)
    done
done | awk -v least="$least" '
    # three times, one digit, rounded up
    function tolerance(x) {
        x = 3 * x > least ? 3 * x : least
        power = 10 ^ int(log(x) / log(10) - 1)
        digit = int(x / power)
        if (digit * power < x * 0.999999) digit++
        return sprintf("%.0e", digit * power)
    }
    $1 ~ /\.h5$/ && $2 == "losses" && $6 == "weights" {
        sub(/^\//, "", $1); sub(/\.h5$/, "", $1)
        if ($3 > loss[$1]) loss[$1] = $3
        if ($7 > weights[$1]) weights[$1] = $7
        if (!($1 in loss)) loss[$1] = 0
        if (!($1 in weights)) weights[$1] = 0
        names[$1]
    }
    END { for (name in names) print name, tolerance(loss[name]), tolerance(weights[name]) }' |
    LC_ALL=C sort >"$table.new"
if [[ ! -s $table.new ]]; then
    rm "$table.new"
    echo "${0##*/}: nothing was measured" >&2
    exit 1
fi
{
    echo "# How far a run may be from its golden file: the losses, and the weights (relative to the largest of the tensor)."
    echo "# Made by scripts/golden-tolerances.sh."
    column -t "$table.new"
} >"$table"
rm "$table.new"
