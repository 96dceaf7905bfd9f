#!/usr/bin/env bash
# Install what is missing, build in build/, and train on the bundled data set on 4 ranks.
set -euo pipefail
here=$PWD
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/build.sh

scripts/install-deps.sh
[[ -x build/dtrain ]] || echo "Building in $PWD/build ..."
build_in build dtrain

program=$PWD/build/dtrain
from_here=$(realpath -m --relative-to="$here" "$program")
[[ $from_here == ../../* ]] || program=./$from_here

command=(mpirun)
if [[ $(mpirun --version 2>/dev/null) == *"Open MPI"* ]]; then
    # Open MPI asks twice before it runs as root, and starts no more ranks than there are cores
    # (hardware threads do not count) unless told to.
    if [[ $EUID -eq 0 ]]; then
        command=(env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun)
    fi
    physical=$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l) || true
    if [[ $(cores) -lt 4 || $physical -lt 4 ]]; then
        command+=(--oversubscribe)
    fi
fi
command+=(-np 4 "$program")

cd -- "$here"
status=0
"${command[@]}" </dev/null || status=$?
printf '\nThe command that did this, to run again from here:\n '
printf ' %q' "${command[@]}"
printf '\n'
exit "$status"
