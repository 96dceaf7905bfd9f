#!/usr/bin/env bash
# A packager's flags stand, and nothing is built for the builder's processor alone unless that is asked for.
# flags.sh, in the top folder of the tree; only configures.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
commands=$folder/compile_commands.json
failures=0

# configure CMAKE-OPTION...
configure() {
    rm -f "$folder/CMakeCache.txt"
    env -u CFLAGS cmake -S . -B "$folder" -DDTRAIN_TESTS=OFF "$@" </dev/null >"$folder/log" 2>&1 || {
        cat "$folder/log"
        exit 1
    }
}

# compiling: the commands that compile what is installed. What makes the manual pages runs where they are made.
compiling() {
    grep '"command"' "$commands" | grep -v ' -c [^ ]*/src/cli/manual/'
}

# every_has FLAG, none_has FLAG: of these commands
every_has() {
    if [[ $(compiling | wc -l) -ne $(compiling | grep -c -e " $1 ") ]]; then
        echo "FAILED: a file is compiled without $1"
        failures=1
    fi
}
none_has() {
    if compiling | grep -q -e " $1"; then
        echo "FAILED: a file is compiled with $1"
        failures=1
    fi
}

configure -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="-O2 -g -DPACKAGER"
every_has -O2
every_has -DPACKAGER
every_has -ffp-contract=fast
for flag in -O3 -march -mtune -DNDEBUG; do
    none_has "$flag"
done
configure -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-O1 -DDTRAIN_ARCH=x86-64-v3
every_has -O1
every_has -march=x86-64-v3
none_has -O3
exit "$failures"
