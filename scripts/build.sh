# Sourced by the other scripts: build in a folder, quietly unless it fails.
# shellcheck shell=bash

# The cores this process may use; OMP_NUM_THREADS, which nproc would obey, is about the job.
cores() {
    env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc
}

# build_in FOLDER TARGET [CMAKE OPTION...]: configure, unless the folder is configured and no options
# are given, and build: for this machine's processor, or for DTRAIN_ARCH of the environment. Works in the
# current directory, the top of the tree.
build_in() {
    local folder=$1 target=$2 log=$1/build.log
    shift 2
    if ! { mkdir -p "$folder" && : >"$log"; } 2>/dev/null; then
        echo "${0##*/}: cannot write in $PWD/$folder" >&2
        return 1
    fi
    # A tree that was copied carries a cache that CMake refuses.
    if ! grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$folder/CMakeCache.txt"; then
        rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles"
    fi
    {
        if [[ $# -gt 0 || ! -f $folder/CMakeCache.txt || ! (-f $folder/Makefile || -f $folder/build.ninja) ]]; then
            cmake -S . -B "$folder" -DDTRAIN_ARCH="${DTRAIN_ARCH-native}" "$@"
        fi && cmake --build "$folder" --target "$target" -j "$(cores)"
    } >"$log" 2>&1 </dev/null || {
        cat "$log" >&2
        echo "${0##*/}: the build failed; its output is above and in $PWD/$log" >&2
        return 1
    }
}
