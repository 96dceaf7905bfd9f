#!/usr/bin/env bash
# Build and test. The last line is "N passed, N failed"; the exit status is 0 if none failed.
#
#   scripts/test.sh             all: in build/ (Release) and in build-debug/ (with the sanitizers), then the sources
#   scripts/test.sh --quick     while writing, in less than a minute: in build/ the unit tests, a few on 1 and 3 ranks,
#                               and bad input on one rank
#   scripts/test.sh --slurm     all, and the job scripts on a real Slurm, which is stood up on this machine for so
#                               long: as root. So it is where the variable CI is set, too
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/build.sh

extent=all
slurm=${CI:+yes}
case "${1-} $#" in
" 0") ;;
"--quick 1") extent=quick slurm= ;;
"--slurm 1") slurm=yes ;;
*)
    sed -n '4,8s/^# \{0,1\}//p' "scripts/${BASH_SOURCE[0]##*/}" >&2
    exit 2
    ;;
esac

if [[ $extent == quick ]]; then
    echo "Tests in build/: less than a minute on two cores that do nothing else, besides what is to be built."
else
    echo "Builds and tests in build/, build-debug/ and build-thread/: some 10 minutes on two cores that do nothing else" \
        "${slurm:+and 3 more for Slurm }(--quick: less than one)."
fi
scripts/install-deps.sh --tests # says what it installs, before it does
if [[ $slurm ]]; then
    scripts/install-deps.sh --slurm || true # without it, that part is skipped
fi
passed=0
failed=0

# check NAME COMMAND...: one check that is not a ctest test
check() {
    local name=$1
    shift
    if "$@"; then
        echo "$name: passed"
        passed=$((passed + 1))
    else
        echo "$name: FAILED"
        failed=$((failed + 1))
    fi
}

# test_in FOLDER TARGET LABELS CMAKE-OPTION...: build, run the tests that have labels of this regular expression, count
# them. More at a time than there are cores: most of a test's time goes into starting ranks.
test_in() {
    local folder=$1 target=$2 log=$1/test.log summary some=(-L "$3")
    shift 3
    echo "== $folder: building"
    if ! build_in "$folder" "$target" "$@" -DDTRAIN_TESTS=ON -DDTRAIN_WERROR=ON; then
        failed=$((failed + 1))
        return
    fi
    echo "== $folder: testing"
    (cd "$folder" && ctest -j "$((3 * $(cores)))" --output-on-failure --no-tests=error "${some[@]}") </dev/null 2>&1 |
        tee "$log" || true
    summary=$(grep -E 'tests passed, [0-9]+ tests failed out of [0-9]+' "$log" | tail -n 1) || true
    if [[ $summary =~ ,\ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+) ]]; then
        failed=$((failed + BASH_REMATCH[1]))
        passed=$((passed + BASH_REMATCH[2] - BASH_REMATCH[1]))
    else
        failed=$((failed + 1)) # ctest itself failed, or there are no tests
    fi
}

# finish: the last line, and the status
finish() {
    echo "$passed passed, $failed failed"
    [[ $failed -eq 0 ]]
    exit
}

if [[ $extent == quick ]]; then
    test_in build all '^(unit|quick)$' -DCMAKE_BUILD_TYPE=Release -DDTRAIN_SANITIZE=OFF
    finish
fi
test_in build all . -DCMAKE_BUILD_TYPE=Release -DDTRAIN_SANITIZE=OFF
test_in build-debug all . -DCMAKE_BUILD_TYPE=Debug -DDTRAIN_SANITIZE=ON

# The kernels for other processors; and the other compiler, which is to have nothing to warn of.
runs_code_for() {
    [[ $(/lib64/ld-linux-x86-64.so.2 --help 2>/dev/null) == *" $1 (supported"* ]]
}
has_clang() {
    echo '#include <omp.h>' | clang -fopenmp -x c -fsyntax-only - 2>/dev/null
}
if runs_code_for x86-64-v3; then
    test_in build-v3 kernel_tests kernels -DDTRAIN_ARCH=x86-64-v3
fi
if has_clang; then
    processor=native
    runs_code_for x86-64-v2 && processor=x86-64-v2
    test_in build-clang all '^(unit|kernels)$' -DCMAKE_C_COMPILER="$(command -v clang)" -DDTRAIN_ARCH=$processor
else
    echo "clang: skipped, it or its OpenMP (Debian: clang, libomp-dev) is not installed"
    runs_code_for x86-64-v2 && test_in build-v2 kernel_tests kernels -DDTRAIN_ARCH=x86-64-v2
fi

# The threads that read ahead and that write checkpoints, under the thread sanitizer. With one OpenMP thread:
# gcc's OpenMP is not built for it, and its barriers would be taken for races.
test_threads() {
    local folder=build-thread output
    if ! build_in "$folder" dtrain -DCMAKE_BUILD_TYPE=Debug -DDTRAIN_TESTS=OFF -DDTRAIN_SANITIZE=thread; then
        return 1
    fi
    output=$(OMP_NUM_THREADS=1 "$folder/dtrain" --data data/linear.h5 --memory 10k --epochs 3 --val-fraction 0.1 \
        --normalize standard --checkpoint "$folder/run" --checkpoint-every 1 </dev/null 2>&1) && return
    echo "$output"
    [[ $output == *"unexpected memory mapping"* ]] && echo "(this kernel cannot run it)"
}
echo "== build-thread"
check threads test_threads

# By itself: jobs that are too slow would be cut too often.
if [[ $slurm ]]; then
    echo "== slurm"
    status=0
    tests/slurm/run.sh build/dtrain build/tests/resume_same || status=$?
    [[ $status -eq 77 ]] || check slurm test $status -eq 0
fi

echo "== bench"
check bench build_in build bench

echo "== flags"
check "a packager's flags" tests/platform/flags.sh

echo "== sources"
mapfile -t sources < <(find include src tests scripts -name '*.[ch]' | sort)
# Versions format differently; 14 is the one the tree is formatted with.
format=
for candidate in clang-format-14 clang-format; do
    if [[ $("$candidate" --version 2>/dev/null) == *" version 14."* ]]; then
        format=$candidate
        break
    fi
done
if [[ $format ]]; then
    check clang-format "$format" --dry-run --Werror "${sources[@]}"
else
    echo "clang-format: skipped, version 14 is not installed"
fi
if command -v cppcheck >/dev/null; then
    # Newer ones do not see that ranks agree on an allocation that has failed (dt_world_agree).
    check cppcheck cppcheck -q -j "$(cores)" --std=c11 --language=c --inline-suppr --error-exitcode=1 \
        --enable=warning,performance,portability --suppress=missingIncludeSystem \
        --suppress=nullPointerOutOfMemory --suppress=nullPointerOutOfResources \
        --suppress=nullPointerArithmeticOutOfMemory --suppress=normalCheckLevelMaxBranches \
        -I include -I src src tests scripts
else
    echo "cppcheck: skipped, it is not installed"
fi

# A script that is run by hand in the wrong folder must not empty it.
keeps_folder() {
    ! grep -rnE 'rm +-[a-zA-Z]+ +(-- +)?[^ ]{0,3}\*' --include=*.sh --include=*.sbatch tests scripts slurm
}
check "scripts empty no folder" keeps_folder

finish
