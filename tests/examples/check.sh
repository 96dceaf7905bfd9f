#!/usr/bin/env bash
# The documents fit together and fit the program: every link leads somewhere, what they name of the source is there,
# the folders of src use only those below them, and the table of options is that of --help.
#
#   check.sh PROGRAM SOURCE-FOLDER DOCUMENT...
set -uo pipefail
program=$(readlink -f -- "$1")
cd -- "$2" || exit 1
shift 2
failed=0

fail() {
    failed=$((failed + 1))
    echo "FAILED $*"
}

# anchors DOCUMENT: of its headings, as GitHub makes them
anchors() {
    awk '/^```/ { inside = !inside } !inside && sub(/^#+ /, "") { print tolower($0) }' "$1" |
        sed -E 's/`//g; s/[^a-z0-9 _-]//g; s/ /-/g'
}

# links DOCUMENT: what its links lead to, within the tree
links() {
    awk '/^```/ { inside = !inside } !inside' "$1" | grep -oE '\]\([^) ]+\)' | sed -E 's/^..//; s/.$//' |
        grep -vE '^[a-z]+:'
}

for document; do
    while read -r link; do
        file=${link%%#*}
        path=$(dirname -- "$document")/$file
        [[ $file ]] || path=$document
        if [[ ! -e $path ]]; then
            fail "$document: $link: no such file"
        elif [[ $link == *#* && -f $path ]] && ! anchors "$path" | grep -qxF -- "${link#*#}"; then
            fail "$document: $link: no such heading"
        fi
    done < <(links "$document")
done

# shellcheck disable=SC2016 # the quotes are those of the documents
# What is named in code style: identifiers of ours, and files; from the top, from the document's folder or from src
for document; do
    while read -r name; do
        if [[ $name == *N[AO][MU][EN]* ]] || grep -qxF -- "<!-- file: $name -->" "$document"; then
            continue # a place holder; or a file of the reader's
        elif [[ $name =~ ^(dt|DT)_[A-Za-z0-9_]+$ ]]; then
            grep -rqwF --include='*.[ch]' -- "$name" include src || fail "$document: $name is not in the source"
        elif [[ $name =~ ^[a-z_/.]+/[a-zA-Z0-9_./-]*\.(c|h|sh|py|md|sbatch|tsv)$ ]]; then
            [[ -e $name || -e $(dirname -- "$document")/$name || -e src/$name ]] || fail "$document: there is no $name"
        fi
    done < <(awk '/^```/ { inside = !inside } !inside' "$document" | grep -oE '`[^` ]+`' | tr -d '`')
done

# The folders of src, in the order of their table: none includes a header of a folder above it
# shellcheck disable=SC2016 # they are no expressions
modules=$(sed -nE 's/^\| \[?`([a-z/]+)\/`.*/\1/p' src/README.md)
[[ $(wc -w <<<"$modules") -gt 9 ]] || fail "src/README.md: no table of folders"
above=
for module in $modules; do
    for other in $above; do
        grep -HnE "^#include \"$other/[a-z0-9_]+\.h\"" src/"$module"/*.[ch] && fail "src/$module includes $other/, which is above it"
    done
    above+=" $module"
done

# The options of train: those in the first column of the table, and those of --help
table=$(awk '/^## / { inside = /^## Options of train$/ } inside && /^\| `--/ { split($0, cell, "|"); print cell[2] }' \
    src/cli/README.md | grep -oE -- '--[a-z0-9-]+' | LC_ALL=C sort)
help=$("$program" train --help | grep -oE '^  --[a-z0-9-]+' | tr -d ' ' | grep -vxE -- '--(help|version)' | LC_ALL=C sort)
if [[ -z $help || $table != "$help" ]]; then
    fail "src/cli/README.md: its options (<) are not those of dtrain train --help (>)"
    diff <(echo "$table") <(echo "$help")
fi
echo "$# documents, $failed failed"
((failed == 0))
