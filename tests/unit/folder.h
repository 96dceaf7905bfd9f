/* A folder of its own for each test program, emptied after each test: to be given to
 * cmocka_run_group_tests (enter_folder, leave_folder) and as the tests' teardown (empty_folder). */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/dtrain-test.XXXXXX";

static inline int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *info, int flag, struct FTW *at)
{
    (void)info;
    (void)flag;
    return at->level == 0 ? 0 : remove(path);
}

static inline int empty_folder(void **state)
{
    (void)state;
    return nftw(".", remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline int leave_folder(void **state)
{
    empty_folder(state);
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

#endif
