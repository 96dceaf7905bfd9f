#!/usr/bin/env bash
# Run the code blocks of a document as they stand there, from the top of a tree that has only what a reader has:
#
#   run.sh BUILD-FOLDER SOURCE-FOLDER DOCUMENT        in an empty folder
#
# sh blocks are run, each from the top; python blocks too, where a Python has the modules that they import. A block without
# a language is the output of the block before it: each number may be another, and "..." stands for any lines. text blocks
# are pictures. A comment in the line before a block says what else is to be done with it:
#
#   <!-- not run: REASON -->          nothing
#   <!-- file: NAME -->               the block becomes this file
#   <!-- needs: NAME -->              it is run where this file is there, which a Python block may have to make, or this program
#   <!-- output of: COMMAND -->       the block is the output of this command
#   <!-- keys of: COMMAND -->         the block is JSON with the same keys as the output of this command, but for "options"
#   <!-- same losses -->              the block is output, and the numbers of its losses are as they stand there
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
build=$(readlink -f -- "$1")
source=$(readlink -f -- "$2")
document=$3
limit=120 # seconds of one block
# shellcheck source-path=SCRIPTDIR source=blocks.sh
. "$here/blocks.sh"
# shellcheck source-path=SCRIPTDIR source=prepare.sh
. "$here/prepare.sh"

blocks=$PWD/blocks
export HOME=$PWD/home HWLOC_COMPONENTS=-gl # which looks for displays
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
rm -rf tree home blocks
mkdir tree home
for name in README.md data include scripts slurm src; do
    ln -s "$source/$name" tree/
done
ln -s "$build" tree/build
split_blocks "$source/$document" "$blocks"
cd tree || exit 1

ran=0
skipped=0
failed=0

skip() {
    skipped=$((skipped + 1))
    echo "skipped $document:$line: $*"
}

fail() {
    failed=$((failed + 1))
    echo "FAILED $document:$line: $*"
}

# run COMMAND...: one block; its output, and behind it the standard error, are in ../output
run() {
    local status=0
    timeout -k 5 "$limit" "$@" >../output 2>../errors </dev/null || status=$?
    cat ../errors >>../output
    ran=$((ran + 1))
    output=yes
    [[ $status -eq 0 ]] && return
    output=
    fail "status $status"
    sed 's/^/    /' ../output | tail -n 20
}

# plain [same]: lines to be compared: without numbers, and with single blanks
plain() {
    local keep='^$'
    [[ $# -eq 0 ]] || keep='Loss:'
    sed -E "/$keep/!s/-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?/N/g; s/[ \t]+/ /g; s/ \$//; s/([0-9N]) (us|ms|min)\b/\1 s/g"
}

# compare FILE [same]: whether the lines of the file are in the output, in this order; between two "..." one behind the other
compare() {
    plain ${2:+"$2"} <"$1" >../expected
    plain ${2:+"$2"} <../output >../found
    awk '
        NR == FNR { found[++n] = $0; next }
        /^ ?\.\.\.$/ { place(); next }
        { part[++m] = $0 }
        END { place(); exit lost }
        function place(    i, k) {
            if (!m || lost) { m = 0; return }
            for (i = at; i + m <= n; i++) {
                for (k = 1; k <= m && found[i + k] == part[k]; k++);
                if (k > m) { at = i + m; m = 0; return }
            }
            lost = 1
            print "    not in the output, one behind the other:"
            for (k = 1; k <= m; k++) print "    | " part[k]
        }' ../found ../expected && return
    fail "the output is another one"
    sed 's/^/    /' ../output | head -n 30
}

# keys FILE: of its JSON
keys() {
    tr -d '\n' <"$1" | sed -E 's/"options": *\{[^}]*\}//g' | grep -oE '"[a-z_]+":' | LC_ALL=C sort -u
}

block() {
    local file=$blocks/$number python
    case $mark in
    "not run: "*)
        output=
        skip "${mark#*: }"
        return
        ;;
    "file: "*)
        mkdir -p "$(dirname -- "${mark#*: }")"
        cp "$file" "${mark#*: }"
        return
        ;;
    "needs: "*)
        if [[ ! -e ${mark#*: } ]] && ! command -v "${mark#*: }" >/dev/null; then
            output=
            skip "there is no ${mark#*: }"
            return
        fi
        ;;
    "output of: "*)
        run bash -c "${mark#*: }"
        compare "$file"
        return
        ;;
    "keys of: "*)
        run bash -c "${mark#*: }"
        diff <(keys "$file") <(keys ../output) || fail "its keys (<) are others than those there (>)"
        return
        ;;
    esac
    case $language in
    sh) run bash -eu "$file" ;;
    python)
        if python=$(python_for "$file"); then
            run "$python" "$file"
        else
            output=
            skip "no Python here has all modules that it imports"
        fi
        ;;
    -)
        if [[ $output ]]; then
            compare "$file" "${mark:+same}"
        else
            skip "the output of a block that was not run"
        fi
        ;;
    text) ;;
    *) fail "a block of language \"$language\", with which nothing is done" ;;
    esac
}

output=
prepare "$document"
while IFS=$'\t' read -r -u 3 number line language mark; do
    block
done 3<"$blocks/index"
echo "$document: $ran run, $skipped skipped, $failed failed"
((failed == 0))
