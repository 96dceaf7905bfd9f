#!/usr/bin/env bash
# Install what dtrain needs and this system lacks: with apt, as root or through sudo.
#
#   scripts/install-deps.sh [--tests | --slurm] [--check]
#       --tests: also what scripts/test.sh needs
#       --slurm: only what tests/slurm/run.sh needs besides: Slurm, to stand up on this machine
#       --check: install nothing; name what is missing, with status 1 if anything is
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

# Of what is needed, by whatever it may be brought (a module of a cluster, scripts/deps.sh and CMAKE_PREFIX_PATH), what
# is not found: one name a line.
not_found() {
    local tool library flags=() folders folder
    if [[ ${1-} == --slurm ]]; then
        for tool in slurmctld slurmd srun munged ip unshare jq; do
            command -v "$tool" >/dev/null || echo "$tool"
        done
        compgen -G "/usr/lib*/libpmix.so" >/dev/null || compgen -G "/usr/lib/*/libpmix.so" >/dev/null || echo libpmix.so
        return
    fi
    IFS=: read -ra folders <<<"${CMAKE_PREFIX_PATH-}"
    for folder in "${folders[@]}"; do
        PKG_CONFIG_PATH=$folder/lib/pkgconfig:$folder/lib64/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
        flags+=("-I$folder/include")
    done
    export PKG_CONFIG_PATH=${PKG_CONFIG_PATH-}
    for tool in cmake make mpicc mpirun pkg-config; do
        command -v "$tool" >/dev/null || echo "$tool"
    done
    for library in hwloc inih jansson libxxhash; do
        pkg-config --exists "$library" 2>/dev/null || echo "$library"
    done
    pkg-config --exists hdf5-openmpi 2>/dev/null || pkg-config --exists hdf5 2>/dev/null || echo HDF5
    for library in csv.h libdeflate.h Random123/philox.h zlib.h; do
        mpicc "${flags[@]}" -E -include "$library" -x c /dev/null >/dev/null 2>&1 || echo "$library"
    done
    [[ ${1-} != --tests ]] || pkg-config --exists cmocka 2>/dev/null || echo cmocka
}

# give_up REASON: with all that is missing; by Debian's names where this is Debian
give_up() {
    local names
    mapfile -t names < <(not_found "${option-}")
    echo "${0##*/}: $1. Not found:" >&2
    echo "  ${names[*]}" >&2
    echo "Debian's packages: ${missing[*]}" >&2
    if [[ ${option-} != --slurm ]]; then
        echo "Without root, scripts/deps.sh --prefix DIR builds all but MPI, HDF5 and zlib; then" \
            "export CMAKE_PREFIX_PATH=DIR" >&2
    fi
    exit 1
}

option=${1-}
mapfile -t missing < <(missing_packages)
[[ ${#missing[@]} -gt 0 ]] || exit 0
if [[ $option != --tests && -z $(not_found "$option") ]]; then
    exit 0 # --tests: there is more, which the suite does without
fi
if [[ ${!#} == --check ]]; then
    ! not_found "$option" | grep .
    exit
fi

root=()
if [[ $EUID -ne 0 ]]; then
    root=(sudo -n)
fi
if ! command -v apt-get >/dev/null; then
    [[ $(not_found "$option") ]] || exit 0
    give_up "some packages are missing, and this system has no apt to install them with"
elif ! "${root[@]}" true 2>/dev/null; then
    [[ $(not_found "$option") ]] || exit 0
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
