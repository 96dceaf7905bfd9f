#!/usr/bin/env bash
# A rank that dies under a launcher that does not end the others, here one that has been stopped: wherever the others
# then wait, one of them says so, and all end. lost_rank.sh LOST-RANK-PROGRAM
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
# shellcheck disable=SC2034 # common.sh's
fixtures_program=
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"

# lose VICTIM CALL [SECONDS]: with the program's arguments; $launched is a launcher that has been stopped. False if the
# victim makes fewer calls
lose() {
    rm -f stopped
    launch 3 "$@" >output &
    launched=$!
    wait_until has_line_or_ended . stopped
    if [[ ! -s stopped ]]; then
        wait $launched
        status=$?
        check "status $status where rank $1 does not come to call $2" status_is 0
        return 1
    fi
    wait_until some_error
    check "message where rank $1 dies in call $2" \
        says "rank $1 \(process [0-9]+\) has ended without a word: the run cannot go on"
}

# lose_all VICTIM FIRST: in every second of its calls, of which there are 18 at least, from that one on
lose_all() {
    local call=$2
    name=rank_$1_from_$2
    while lose "$1" "$call" && ((failures < 5)); do
        mapfile -t ids < <(running)
        kill -9 "$(<stopped)" "${ids[@]}"
        wait $launched
        call=$((call + 2))
    done 2>/dev/null # bash tells of what is killed
    check "$call calls only" test "$call" -gt 18
}

# in_folder NAME COMMAND...: with files of its own, and of its launcher, so that several go on beside each other
in_folder() {
    work=$PWD/dtrain-cli-test/$1
    mkdir -p "$work/tmp"
    export OMPI_MCA_orte_tmpdir_base=$work/tmp
    cd "$work" || exit 1
    "${@:2}"
    echo "$name: $checks checks, $failures failed"
    ((failures == 0))
}

# The first rank has other things to do, so that another says it. All end by themselves.
busy() {
    name=busy
    lose 2 1 $limit
    kill -CONT "$(<stopped)"
    wait $launched
    status=$?
    check "status 0" test $status -ne 0
    check "a process is left" no_survivor
}

rm -rf "$work"
parts=()
for part in "lose_all 0 1" "lose_all 0 2" "lose_all 2 1" "lose_all 2 2" busy; do
    read -ra words <<<"$part"
    in_folder "${part// /-}" "${words[@]}" &
    parts+=($!)
done
failed=0
for part in "${parts[@]}"; do
    wait "$part" || failed=1
done
exit $failed
