#!/usr/bin/env bash
# A bare Debian, and the README's two commands in it, as root and without a terminal. By hand; README.md here.
#
#   tests/platform/debian.sh [trixie|bookworm] [--root DIR] [--mirror URL] [-- COMMAND...]
#
#   trixie, bookworm   Debian 13 (the default), Debian 12
#   --root DIR         stand the system up in DIR and keep it; one that is there is used again. Without it the
#                      system is bare every time, in a folder of TMPDIR that is removed at the end
#   --mirror URL       default: http://deb.debian.org/debian
#   -- COMMAND...      run this in the copy of the tree, instead of the two commands
#
# The tree is the last commit, without anything that is built or changed here. The exit status is 0 if all passed,
# 77 where it cannot be tried: without root, debootstrap, namespaces or the mirror.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
tree=/root/dtrain # in the system

skip() {
    echo "debian.sh: skipped: $*" >&2
    exit 77
}

# seconds_of NAME COMMAND...: run it, and print how it ended and how long it took
seconds_of() {
    local begin=$SECONDS status=0
    "${@:2}" || status=$?
    echo "== $1: status $status, $((SECONDS - begin)) s"
    return "$status"
}

# in_root ROOT COMMAND...: in the system, with the environment of a fresh login, no terminal and no input. Mounts
# and processes are in namespaces of their own, so that none is left however this ends.
in_root() {
    # shellcheck disable=SC2016 # the inner shell's
    unshare --mount --pid --fork --kill-child --propagation private bash -euc '
        root=$1
        shift
        mount -t proc proc "$root/proc"
        mount --rbind /sys "$root/sys"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
        exec chroot "$root" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            setsid -w "$@"' debian.sh "$@" </dev/null
}

# in_tree COMMAND...: in the copy of the tree
in_tree() {
    # shellcheck disable=SC2016
    in_root "$root" bash -c 'cd "$0" && exec "$@"' "$tree" "$@"
}

# Remove a root that this script has made; never through a mount.
remove_root() {
    if findmnt -rno TARGET | grep -q "^$root/"; then
        echo "debian.sh: $root has mounts in it and is left" >&2
    else
        rm -rf --one-file-system "$root"
    fi
}

suite=trixie root='' mirror=http://deb.debian.org/debian
while (($# > 0)); do
    case $1 in
        trixie | bookworm) suite=$1 ;;
        --root) root=${2:?--root needs a folder} && shift ;;
        --mirror) mirror=${2:?--mirror needs an address} && shift ;;
        --)
            shift
            break
            ;;
        *)
            sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$here/debian.sh" >&2
            exit 2
            ;;
    esac
    shift
done
command=("$@")

[[ $EUID -eq 0 ]] || skip "needs root"
command -v debootstrap >/dev/null || skip "needs debootstrap"
unshare --mount --pid --fork true 2>/dev/null || skip "this system lets nobody have namespaces"

if [[ $root ]]; then
    mkdir -p "$root"
    root=$(realpath -- "$root")
else
    root=$(mktemp -d "${TMPDIR:-/tmp}/dtrain-$suite.XXXXXX")
    trap remove_root EXIT
fi
if [[ -e $root/etc/debian_version && ! -e $root/debootstrap ]]; then
    echo "== $suite in $root, as it is"
else
    wget -q --spider "$mirror/dists/$suite/Release" || skip "no mirror at $mirror"
    echo "== $suite in $root, by debootstrap from $mirror"
    log=$(mktemp)
    if ! debootstrap --variant=minbase "$suite" "$root" "$mirror" </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm "$log"
        exit 1
    fi
    rm "$log"
fi
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/hosts "$root/etc/hosts"

rm -rf --one-file-system "${root:?}$tree"
mkdir -p "$root$tree"
git -C "$here/../.." archive HEAD | tar -x -C "$root$tree"
echo "== Debian $(<"$root/etc/debian_version"), commit $(git -C "$here" rev-parse --short HEAD)"

if [[ ${#command[@]} -gt 0 ]]; then
    seconds_of "${command[*]}" in_tree "${command[@]}"
    exit
fi
failed=0
seconds_of scripts/quickstart.sh in_tree scripts/quickstart.sh || failed=1
# The suite takes clang where it is there.
in_root "$root" apt-get install -q -y --no-install-recommends clang libomp-dev >/dev/null 2>&1 ||
    echo "debian.sh: clang is not to be had" >&2
seconds_of scripts/test.sh in_tree scripts/test.sh || failed=1
exit "$failed"
