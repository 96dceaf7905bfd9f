#!/usr/bin/env bash
# What the program says of bad input: run.sh PROGRAM RANKS FIXTURES-PROGRAM [CASE...], in a folder
# that it may empty. A case is a folder cases/NAME with the files
#   args    the arguments, quoted as in a shell; @DIR@ stands for the folder of the fixtures
#   status  the exit status that is expected
#   error   an extended regular expression for all of the one line on standard error, without
#           "dtrain: error: "
#   ranks   where it is there: the only number of ranks to be tried
# Besides, it must end in time, leave no process and no file, and touch no file.
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
ranks=$2
fixtures_program=$(readlink -f -- "$3")
shift 3
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"

# try NAME: the case in cases/NAME
try() {
    local folder=$here/cases/$1 args=() want status before after text lines seconds
    text=$(<"$folder/args")
    eval "args=(${text//@DIR@/../fixtures})"
    want=$(<"$folder/status")
    before=$(files .. | grep -Ev '(^| )\.\./(errors|launcher|output)')
    seconds=$SECONDS
    launch "$ranks" "${args[@]}" >"$work/output"
    status=$?
    seconds=$((SECONDS - seconds))
    after=$(files .. | grep -Ev '(^| )\.\./(errors|launcher|output)')
    text=$(errors)
    lines=$(errors | wc -l)
    if ((status != want)); then
        complain "$1" "status $status, not $want"
    elif ((lines != 1)); then
        complain "$1" "$lines lines on standard error, not 1"
    elif [[ $text != "dtrain: error: "* ]] ||
        ! grep -Eqx -f "$folder/error" <<<"${text#dtrain: error: }"; then
        complain "$1" "another message than /$(<"$folder/error")/"
    elif ((seconds > limit)); then
        complain "$1" "took $seconds s"
    elif [[ $before != "$after" ]]; then
        complain "$1" "files changed:"
        diff <(echo "$before") <(echo "$after") | head -n 8
    elif [[ $(survivors) ]]; then
        complain "$1" "a process is left"
    else
        return 0
    fi
}

prepare
touch "$work/output"
tried=0
if (($# == 0)); then
    mapfile -t names < <(cd "$here/cases" && LC_ALL=C ls)
    set -- "${names[@]}"
fi
for name; do
    if [[ ! -e $here/cases/$name/ranks || $(<"$here/cases/$name/ranks") == "$ranks" ]]; then
        try "$name"
        tried=$((tried + 1))
    fi
done
echo "$tried cases on $ranks ranks, $failures failed"
((tried > 0 && failures == 0))
