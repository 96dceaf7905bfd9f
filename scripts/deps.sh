#!/usr/bin/env bash
# Build the small libraries that dtrain needs and this system lacks, without root, with the compiler at hand:
#
#   scripts/deps.sh --prefix DIR [--sources DIR] [--tests] [--all]
#
#   --prefix DIR    they are installed there; dtrain is then built with CMAKE_PREFIX_PATH=DIR in the environment
#   --sources DIR   the tarballs lie there, under any name: they are known by their checksums. Without this option
#                   they are downloaded. Those of Debian 12 will do:
#                   apt-get source --download-only librandom123 jansson libinih xxhash libcsv libdeflate hwloc cmocka
#   --tests         also cmocka, which the tests need
#   --all           also what the system has
#
# A compiler, CMake, make and pkg-config have to be there; so have MPI, HDF5 and zlib, which are not built.
set -euo pipefail

usage() {
    sed -n 's/^# \{0,1\}//p' "$0" | sed -n '2,12p'
}

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# Of each: name, version, address, and the checksums (SHA-256) of the tarball as it is published, and as Debian has it
# where that is another one.
table='
random123 1.14.0 https://github.com/DEShawResearch/random123/archive/refs/tags/v1.14.0.tar.gz effafd8656b18030b2a5b995cd3650c51a7c45052e6e1c21e48b9fa7a59d926e 0ed9bf1de7732303f35529ff9b42b0ab84e1fbeaad8ba97768440d8e2b109e87
jansson 2.14 https://github.com/akheron/jansson/archive/v2.14.tar.gz c739578bf6b764aa0752db9a2fdadcfe921c78f1228c7ec0bb47fa804c55d17b
inih 55 https://github.com/benhoyt/inih/archive/refs/tags/r55.tar.gz ba55f8ae2a8caf0653f30f48567241e14ea916acfc13481f502d8a9c8f507f68
inih 59 - 062279922805f5e9a369551a08d5ddb506140fe50774183ffdbb7c22bb97e3f4
xxhash 0.8.1 https://github.com/Cyan4973/xxHash/archive/refs/tags/v0.8.1.tar.gz 3bb6b7d6f30c591dd65aaaff1c8b7a5b94d81687998ca9400082c739a690436c
libcsv 3.0.3 https://downloads.sourceforge.net/project/libcsv/libcsv/libcsv-3.0.3/libcsv-3.0.3.tar.gz d9c0431cb803ceb9896ce74f683e6e5a0954e96ae1d9e4028d6e0f967bebd7e4 06fddfaca720a4be7603bad63eb1833bca5b6c5a69b42b1c518a02cda2a73aef
libdeflate 1.14 https://github.com/ebiggers/libdeflate/archive/refs/tags/v1.14.tar.gz 89e7df898c37c3427b0f39aadcf733731321a278771d20fc553f92da8d4808ac
hwloc 2.9.0 https://download.open-mpi.org/release/hwloc/v2.9/hwloc-2.9.0.tar.bz2 2070e963596a2421b9af8eca43bdec113ee1107aaf7ccb475d4d3767a8856887 b3fb1a43a14d8fbcd8e976de5ede2ea7ce1d768ed173adb33c7ceaaf098dc970
cmocka 1.1.5 https://cmocka.org/files/1.1/cmocka-1.1.5.tar.xz f0ccd8242d55e2fd74b16ba518359151f6f8383ff8aef4976e48393f77bba8b6
'

# ---- Whether the system has it, as CMakeLists.txt looks for it ---------------------------------------

links() { # links HEADER CALL LIBRARY
    printf '#include <%s>\nint main(void) { return %s != 0; }\n' "$1" "$2" |
        $cc -x c - -o /dev/null -I"$prefix/include" -L"$prefix/lib" "-l$3" >/dev/null 2>&1
}

has() {
    case $1 in
    random123) links Random123/philox.h 0 c ;;
    libcsv) links csv.h '(int)sizeof(struct csv_parser)+csv_init(0,0)' csv ;;
    libdeflate) links libdeflate.h '(libdeflate_free_compressor(0),0)' deflate ;;
    xxhash) pkg-config --exists libxxhash ;;
    *) pkg-config --exists "$1" ;;
    esac
}

# ---- How each is built, in the folder of its sources --------------------------------------------------

# Static, and fit for a shared library: then a program that uses them needs no path to find them.
archive() { # archive NAME SOURCE...
    local name=$1
    shift
    $cc -O2 -fPIC -c "$@"
    ar rcs "lib$name.a" ./*.o
    cp "lib$name.a" "$prefix/lib"
}

pc_file() { # pc_file NAME LIBRARY VERSION
    printf '%s\n' "Name: $1" "Description: $1" "Version: $3" "Libs: -L$prefix/lib -l$2" "Cflags: -I$prefix/include" \
        >"$prefix/lib/pkgconfig/$1.pc"
}

with_cmake() {
    cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_POLICY_VERSION_MINIMUM=3.5 "$@"
    cmake --build build -j "$jobs"
    cmake --install build
}

build_random123() {
    cp -R include/Random123 "$prefix/include"
}

build_jansson() {
    with_cmake -DJANSSON_BUILD_DOCS=OFF -DJANSSON_EXAMPLES=OFF -DJANSSON_WITHOUT_TESTS=ON
}

build_inih() {
    archive inih ini.c
    cp ini.h "$prefix/include"
    pc_file inih inih "$1"
}

build_xxhash() {
    archive xxhash xxhash.c
    cp xxhash.h xxh3.h "$prefix/include"
    pc_file libxxhash xxhash "$1"
}

build_libcsv() {
    archive csv libcsv.c
    cp csv.h "$prefix/include"
}

build_libdeflate() {
    make CC="$cc" CFLAGS=-fPIC libdeflate.a
    cp libdeflate.a "$prefix/lib"
    cp libdeflate.h "$prefix/include"
}

# A shared one: where MPI uses hwloc itself, the program gets one of the two, by its name and version.
build_hwloc() {
    ./configure --prefix="$prefix" --libdir="$prefix/lib" CC="$cc" --disable-static --disable-cairo --disable-libxml2 \
        --disable-pci --disable-opencl --disable-cuda --disable-nvml --disable-rsmi --disable-levelzero --disable-gl \
        --disable-libudev --disable-doxygen
    make -j "$jobs"
    make install
}

build_cmocka() {
    with_cmake -DWITH_EXAMPLES=OFF -DUNIT_TESTING=OFF
}

# ---- Options ------------------------------------------------------------------------------------------

prefix=
sources=
all=no
names=(random123 jansson inih xxhash libcsv libdeflate hwloc)
while [[ $# -gt 0 ]]; do
    case $1 in
    --prefix=* | --sources=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
    --prefix | --sources)
        [[ $# -gt 1 && $2 ]] || fail "$1 takes a folder"
        if [[ $1 == --prefix ]]; then prefix=$2; else sources=$2; fi
        shift 2
        ;;
    --tests)
        names+=(cmocka)
        shift
        ;;
    --all)
        all=yes
        shift
        ;;
    --help | -h)
        usage
        exit
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
done
if [[ -z $prefix ]]; then
    usage >&2
    exit 2
fi
cc=${CC:-cc}
jobs=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
for tool in "${cc%% *}" cmake make pkg-config sha256sum; do
    command -v "$tool" >/dev/null || lacking+=("$tool")
done
[[ ! ${lacking-} ]] || fail "needs ${lacking[*]}"
mkdir -p "$prefix"/{include,lib/pkgconfig} || exit 1
prefix=$(cd -- "$prefix" && pwd)
[[ -z $sources ]] || sources=$(cd -- "$sources" && pwd)
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}

# ---- The tarballs: all that lack are told at once ------------------------------------------------------

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tarballs"
if [[ $sources ]]; then
    find "$sources" -maxdepth 1 -type f -exec sha256sum {} + >"$work/sums"
fi

# lines_of NAME: the table's of this library
lines_of() {
    grep "^$1 " <<<"$table"
}

# from_sources NAME: the tarball that is there, and its version; false if none is
from_sources() {
    local version sums sum file
    while read -r _ version _ sums; do
        for sum in $sums; do
            if file=$(grep "^$sum " "$work/sums"); then
                file=$(head -n 1 <<<"$file")
                echo "$version ${file#* [ *]}"
                return
            fi
        done
    done < <(lines_of "$1")
    return 1
}

# download NAME: the same, from where it is published
download() {
    local version address sums sum file=$work/tarballs/$1
    read -r _ version address sums < <(lines_of "$1")
    if command -v curl >/dev/null; then
        curl -fsSL --retry 3 -o "$file" "$address"
    else
        wget -q -O "$file" "$address"
    fi || return 1
    for sum in $sums; do
        if [[ $(sha256sum <"$file") == "$sum "* ]]; then
            echo "$version $file"
            return
        fi
    done
    echo "${0##*/}: $address has the checksum $(sha256sum <"$file" | cut -d ' ' -f 1), not ${sums%% *}" >&2
    return 1
}

declare -A tarball
wanted=()
for name in "${names[@]}"; do
    if [[ $all == no ]] && has "$name"; then
        echo "$name: is there"
    else
        wanted+=("$name")
    fi
done
if [[ ${#wanted[@]} -gt 0 && -z $sources ]] && ! command -v curl wget >/dev/null; then
    fail "needs curl or wget, or the tarballs (--sources) of: ${wanted[*]}"
fi
lost=()
for name in "${wanted[@]}"; do
    if [[ $sources ]]; then
        tarball[$name]=$(from_sources "$name") || lost+=("$name")
    else
        tarball[$name]=$(download "$name") || lost+=("$name")
    fi
done
if [[ ${#lost[@]} -gt 0 ]]; then
    if [[ $sources ]]; then
        echo "${0##*/}: $sources has no tarball with the right checksum of:" >&2
    else
        echo "${0##*/}: these cannot be downloaded; get them elsewhere and use --sources:" >&2
    fi
    for name in "${lost[@]}"; do
        read -r _ version address _ < <(lines_of "$name")
        echo "  $name $version ($address)" >&2
    done
    exit 1
fi

# ---- Built one after another ---------------------------------------------------------------------------

for name in "${wanted[@]}"; do
    read -r version file <<<"${tarball[$name]}"
    mkdir "$work/$name"
    # CMake unpacks all kinds, also where the system has no bzip2 or xz. In the background, as bash goes on after
    # a failure in what it tests.
    (
        set -e
        cd "$work/$name"
        cmake -E tar xf "$file"
        cd ./*/
        "build_$name" "$version"
    ) >"$work/log" 2>&1 </dev/null &
    wait $! || {
        tail -n 20 "$work/log" >&2
        fail "$name $version could not be built; the last of its output is above"
    }
    has "$name" || fail "$name $version was built, but is not found in $prefix"
    echo "$name $version: built"
done
echo "Build dtrain with: export CMAKE_PREFIX_PATH=$prefix"
