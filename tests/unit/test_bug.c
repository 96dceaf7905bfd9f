/* A fault of the program ends it with a message, without a core dump, on all ranks, in every
 * build. */
#undef NDEBUG
#define NDEBUG /* as a packager may: this changes nothing */
#include "core/bug.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int numbers[2] = {1, 2};

static void end_others(void)
{
    static const char text[] = "the others are ended\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(9);
}

static void break_assertion(void)
{
    DT_ASSERT(numbers[0] < numbers[1]);
    DT_ASSERT(numbers[0] == numbers[1]);
}

static void lose_rank(void)
{
    char name[3000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    dt_end_run("error: rank 3 of %s", name);
}

/* What a process of its own says that does this. It must exit, not be killed. */
static void run(void (*act)(void), int rank, bool has_others, char *output, size_t size)
{
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        dt_bug_set_ranks(rank, has_others ? end_others : NULL);
        act();
        _exit(0);
    }
    close(ends[1]);
    ssize_t n, used = 0;
    while ((n = read(ends[0], output + used, size - 1 - (size_t)used)) > 0)
        used += n;
    output[used] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void ends_a_process(void **state)
{
    (void)state;
    char output[4096];
    run(break_assertion, -1, false, output, sizeof output);
    assert_non_null(strstr(output, "dtrain: bug: "));
    assert_non_null(strstr(output, "test_bug.c:"));
    assert_non_null(strstr(output, "expected numbers[0] == numbers[1]\n"));
    assert_null(strstr(output, "rank"));
}

static void ends_all_ranks(void **state)
{
    (void)state;
    char output[4096];
    run(break_assertion, 3, true, output, sizeof output);
    assert_non_null(strstr(output, "dtrain: bug: rank 3, "));
    assert_non_null(strstr(output, "numbers[1]\nthe others are ended\n"));
}

static void says_one_line(void **state)
{
    (void)state;
    char output[4096];
    run(lose_rank, 0, false, output, sizeof output);
    assert_int_equal(strncmp(output, "dtrain: error: rank 3 of nnn", 28), 0);
    assert_int_equal(strcspn(output, "\n"), strlen(output) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_a_process),
        cmocka_unit_test(ends_all_ranks),
        cmocka_unit_test(says_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
