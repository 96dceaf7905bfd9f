#!/usr/bin/env bash
# The answer to bad input: run.sh PROGRAM RANKS FIXTURES-PROGRAM [--part I/N | CASE...]. A case is a folder cases/NAME
# with the files
#   args    the arguments, quoted as in a shell; @DIR@ stands for the folder of the fixtures
#   status  the exit status that is expected
#   words   what the one line on standard error has to contain, one text a line, in upper or lower case:
#           the file, the option, the numbers, a key word. The wording around them may change
#   error   instead of words, in a few cases: an extended regular expression for the whole line, without
#           "dtrain: error: "
#   ranks   the numbers of ranks to be tried; without this file it is 1, alone and without mpirun. 3 is
#           for errors that one rank finds and others must hear of
# Besides, it must end in time, leave no process and no file, and touch no file.
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
ranks=$2
fixtures_program=$(readlink -f -- "$3")
shift 3
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"

# fits FOLDER TEXT: whether this is the message that the case in the folder asks for
fits() {
    local word text=${2#dtrain: error: }
    [[ $2 == "dtrain: error: "* ]] || return
    if [[ -e $1/error ]]; then
        grep -Eqx -f "$1/error" <<<"$text"
        return
    fi
    while IFS= read -r word; do
        [[ ${text,,} == *"${word,,}"* ]] || return
    done <"$1/words"
}

# tried_on RANKS NAME: whether the case is for so many ranks
tried_on() {
    local on=1
    [[ ! -e $here/cases/$2/ranks ]] || on=$(<"$here/cases/$2/ranks")
    [[ " $on " == *" $1 "* ]]
}

# try NAME: the case in cases/NAME
try() {
    local folder=$here/cases/$1 args=() want status before after text lines
    text=$(<"$folder/args")
    eval "args=(${text//@DIR@/../fixtures})"
    want=$(<"$folder/status")
    before=$(files .. | grep -Ev '(^| )\.\./(errors|launcher|output)')
    launch "$ranks" "${args[@]}" >"$work/output"
    status=$?
    after=$(files .. | grep -Ev '(^| )\.\./(errors|launcher|output)')
    text=$(errors)
    lines=$(errors | wc -l)
    if ((status != want)); then
        complain "$1" "status $status, not $want"
    elif ((lines != 1)); then
        complain "$1" "$lines lines on standard error, not 1"
    elif ! fits "$folder" "$text"; then
        complain "$1" "not the message of this case"
        cat "$folder"/{error,words} 2>/dev/null | shown "expected"
    elif [[ $before != "$after" ]]; then
        complain "$1" "files changed:"
        diff <(echo "$before") <(echo "$after") | head -n 8
    elif ! no_survivor; then
        complain "$1" "a process is left"
    else
        return 0
    fi
}

prepare
touch "$work/output"
tried=0
if (($# == 0)) || [[ $1 == --part ]]; then
    part=${2-1/1} # every Nth case, from the Ith
    mapfile -t names < <(cd "$here/cases" && printf '%s\n' * | LC_ALL=C sort |
        awk -v i="${part%/*}" -v n="${part#*/}" 'NR % n == i % n')
    set -- "${names[@]}"
fi
for name; do
    if tried_on "$ranks" "$name"; then
        try "$name"
        tried=$((tried + 1))
    fi
done
echo "$tried cases on $ranks ranks, $failures failed"
((tried > 0 && failures == 0))
