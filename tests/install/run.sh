#!/usr/bin/env bash
# What is installed, as another project finds it: run.sh CMAKE BUILD-FOLDER SHARED-LIBRARY. Works in an empty folder.
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cmake=$1
build=$2
shared=$3
prefix=$PWD/prefix
checks=0
failures=0

# check WHAT COMMAND...
check() {
    checks=$((checks + 1))
    if ! "${@:2}" >output 2>&1; then
        failures=$((failures + 1))
        echo "FAILED: $1"
        head -n 20 output | sed 's/^/    /'
    fi
}

skip() {
    echo "skipped: $*"
}

same() {
    [[ $1 == "$2" ]] || { diff <(echo "$1") <(echo "$2") && false; }
}

has() {
    command -v "$1" >/dev/null
}

trains() {
    [[ $("$@" "$data") == *trained ]]
}

check "installs" "$cmake" --install "$build" --prefix "$prefix"
data=$prefix/share/dtrain/linear.h5
for file in bin/dtrain share/dtrain/linear.h5 share/dtrain/slurm/train.sbatch share/doc/dtrain/LICENSE \
    include/dtrain/version.h; do
    check "$file" test -f "$prefix/$file"
done
check "the program finds its data" "$prefix/bin/dtrain" --epochs 1

# Pages without a warning of roff's. Each command has one, with its options in it.
mapfile -t commands < <("$prefix/bin/dtrain" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p')
check "commands" test ${#commands[@]} -ge 5
if has man && has groff; then
    for page in dtrain "${commands[@]/#/dtrain-}"; do
        file=$prefix/share/man/man1/$page.1
        check "$page.1" same "$(MANWIDTH=80 man --warnings -l "$file" 2>&1 >"$page.txt")" ''
        check "wide lines in $page.1" same "$(col -b <"$page.txt" | grep -E '.{81}')" ''
    done
    for command in "${commands[@]}"; do
        check "options in dtrain-$command.1" same "$(col -b <"dtrain-$command.txt" | grep -Eo '^ +--[a-z0-9-]+' | tr -d ' ' | LC_ALL=C sort -u)" \
            "$("$prefix/bin/dtrain" help "$command" | grep -Eo '^ +--[a-z0-9-]+' | tr -d ' ' | grep -Ev '^--(help|version)$' | LC_ALL=C sort -u)"
    done
else
    skip "no man"
fi

# complete WORD...: what bash makes of the last word
complete_words() (
    # shellcheck source=/dev/null
    . "$prefix/share/bash-completion/completions/dtrain"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _dtrain
    echo "${COMPREPLY[*]}"
)
mkdir "a folder"
touch "a file.h5"
check "--opt" same "$(complete_words dtrain --opt)" --optimizer
check "train --opt" same "$(complete_words dtrain train --opt)" --optimizer
check "--loss c" same "$(complete_words dtrain --loss c)" cross-entropy
check "--loss=c" same "$(complete_words dtrain train --loss = c)" cross-entropy
check "--loss=" same "$(complete_words dtrain train --loss = | wc -w)" 8
check "evaluate --mo" same "$(complete_words dtrain evaluate --mo)" --model
check "evaluate --opt" same "$(complete_words dtrain evaluate --opt)" ''
check "ev" same "$(complete_words dtrain ev)" evaluate
check "help pre" same "$(complete_words dtrain help pre)" predict
check "--data a" same "$(complete_words dtrain --data 'a f')" 'a file.h5 a folder'
check "--checkpoint a" same "$(complete_words dtrain --checkpoint 'a f')" 'a folder'
check "info a" same "$(complete_words dtrain info 'a fi')" 'a file.h5'
check "--x" same "$(complete_words dtrain --x a)" ''

# A shared library exports what the headers declare.
declared() {
    cc -E -P -I "$prefix/include" "$prefix/include/dtrain/dtrain.h" | tr '\n' ' ' |
        grep -Eo 'visibility\("default"\)\)\) [^;]*' |
        sed -E 's/^[^ ]* //; s/__attribute__\(\(format[^)]*\)\)\)//; s/^([^(]*[ *])?([a-z0-9_]+)\(.*/\2/' | LC_ALL=C sort
}
check "other symbols than the headers'" same "$(nm -D --defined-only "$shared" | awk '{ print $3 }' | LC_ALL=C sort)" \
    "$(declared)"

# Projects of one language, which find it by CMake and by pkg-config
for language in C CXX; do
    if [[ $language == CXX ]] && ! has c++; then
        skip "no C++ compiler"
        continue
    fi
    check "find_package, $language" "$cmake" -S "$here" -B "$language" -DLANGUAGE=$language -DCMAKE_PREFIX_PATH="$prefix"
    check "builds, $language" "$cmake" --build "$language"
    check "trains, $language" trains "$language/use"
done
if has pkg-config; then
    PKG_CONFIG_PATH=$(dirname -- "$(find "$prefix" -name dtrain.pc)")${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
    export PKG_CONFIG_PATH
    check "version" same "dtrain $(pkg-config --modversion dtrain)" "$("$prefix/bin/dtrain" -V)"
    read -ra flags < <(pkg-config --cflags dtrain)
    read -ra libraries < <(pkg-config --libs dtrain)
    check "pkg-config, C" cc -std=c99 -Wall -Wextra -pedantic -Werror "${flags[@]}" "$here/use.c" -o use "${libraries[@]}"
    check "trains, pkg-config, C" trains ./use
    if has c++; then
        check "pkg-config, C++" c++ -std=c++11 -Wall -Wextra -pedantic -Werror "${flags[@]}" -x c++ "$here/use.c" -x none \
            -o use++ "${libraries[@]}"
        check "trains, pkg-config, C++" trains ./use++
    fi
else
    skip "no pkg-config"
fi

echo "$checks checks, $failures failed"
((failures == 0))
