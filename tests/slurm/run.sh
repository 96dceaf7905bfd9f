#!/usr/bin/env bash
# The job scripts on a real Slurm of four nodes, which cluster.sh stands up on this machine:
#
#   tests/slurm/run.sh PROGRAM SAME-PROGRAM       for example: run.sh build/dtrain build/tests/resume_same
#
# As root, and with Slurm's packages (scripts/install-deps.sh --slurm installs them). Elsewhere it is skipped: one line
# says why, and the status is 77.
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
same=$(readlink -f -- "$2")
limit=600 # seconds, of which it takes a fourth where nothing else runs

skip() {
    echo "slurm: skipped, $*"
    exit 77
}

((EUID == 0)) || skip "needs root"
missing=$("$here/../../scripts/install-deps.sh" --slurm --check) ||
    skip "needs ${missing//$'\n'/ }: scripts/install-deps.sh --slurm"
unshare --pid --net --mount --uts --ipc --fork --mount-proc \
    bash -c 'ip link add cluster type bridge && ip link add port type veth' 2>/dev/null ||
    skip "needs namespaces with bridged networks, which cannot be had here"

folder=$(mktemp -d "${TMPDIR:-/tmp}/dtrain-slurm.XXXXXX") || exit 1
chmod 755 "$folder" # munge insists
mkdir "$folder/work"

# However this script ends, all of the cluster ends before its files go.
running=
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    [[ -z $running ]] || kill -KILL "$running" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

begin=$SECONDS
cd "$folder/work" || exit 1
"$here/cluster.sh" "$folder/cluster" timeout "$limit" \
    bash "$here/jobs.sh" "$folder/cluster" "$program" "$same" </dev/null &
running=$!
wait "$running"
status=$?
running=
((status != 124)) || echo "slurm: ended after $limit seconds"
echo "slurm: $((SECONDS - begin)) seconds"
exit "$status"
