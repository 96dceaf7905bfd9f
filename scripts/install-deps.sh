#!/usr/bin/env bash
# Install what dtrain needs and this system lacks: with apt, as root or through sudo.
#
#   scripts/install-deps.sh [--tests | --slurm]
#       --tests: also what scripts/test.sh needs
#       --slurm: only what tests/slurm/run.sh needs besides: Slurm, to stand up on this machine
#
# Does nothing where all is there, so that it needs no root then.
set -euo pipefail

packages=(gcc libc6-dev cmake make pkg-config libopenmpi-dev openmpi-bin libhdf5-openmpi-dev
    librandom123-dev libjansson-dev libinih-dev libxxhash-dev libhwloc-dev zlib1g-dev
    libcsv-dev libdeflate-dev)
if [[ ${1-} == --tests ]]; then
    packages+=(libcmocka-dev cppcheck clang-format jq)
elif [[ ${1-} == --slurm ]]; then
    # Slurm opens libpmix.so, the name that is in the -dev package.
    packages=(slurmctld slurmd slurm-client munge libpmix-dev iproute2 util-linux jq)
fi

# The packages that dpkg does not have, or all where there is no dpkg.
missing_packages() {
    local installed
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null) || true
    for p in "${packages[@]}"; do
        [[ $'\n'"$installed"$'\n' == *$'\n'"installed $p"$'\n'* ]] || echo "$p"
    done
}

# have COMMAND...
have() {
    (($(command -v "$@" | wc -l) == $#))
}

# Whether the libraries are there though no Debian package brought them: modules of a cluster, say.
found_otherwise() {
    if [[ ${1-} == --slurm ]]; then
        have slurmctld slurmd srun munged ip unshare jq
        return
    fi
    have cmake make mpicc mpirun pkg-config || return 1
    pkg-config --exists hwloc inih jansson libxxhash || return 1
    pkg-config --exists hdf5-openmpi || pkg-config --exists hdf5 || return 1
    printf '#include <%s>\n' csv.h libdeflate.h Random123/philox.h zlib.h | mpicc -E - >/dev/null 2>&1 || return 1
    [[ ${1-} != --tests ]] || pkg-config --exists cmocka
}

give_up() {
    echo "${0##*/}: $1. Please install:" >&2
    echo "  ${missing[*]}" >&2
    echo "(Debian's names; elsewhere: CMake, make, Open MPI, HDF5, Random123, jansson, inih," \
        "xxHash, hwloc, zlib, libcsv, libdeflate; with pkg-config)" >&2
    exit 1
}

mapfile -t missing < <(missing_packages)
[[ ${#missing[@]} -gt 0 ]] || exit 0

root=()
if [[ $EUID -ne 0 ]]; then
    root=(sudo -n)
fi
if ! command -v apt-get >/dev/null; then
    found_otherwise "${1-}" && exit 0
    give_up "some packages are missing, and this system has no apt to install them with"
elif ! "${root[@]}" true 2>/dev/null; then
    found_otherwise "${1-}" && exit 0
    give_up "some packages are missing, and installing them needs root (or sudo without a password)"
fi

echo "Installing with apt: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a \
        apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$log" 2>&1
}
apt update || true # a broken source that none of the packages comes from does not matter
if ! apt install --no-install-recommends "${missing[@]}"; then
    tail -n 20 "$log" >&2
    give_up "apt could not install everything"
fi
