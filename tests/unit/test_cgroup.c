/* Limits of memory in files as the kernel has them, made up here: of a job of Slurm's, of a
 * container, and of both versions of control groups. */
#include "core/cgroup.h"
#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* A file in the folder, and the folders on the way to it. */
static void put(const char *path, const char *text)
{
    char way[512];
    snprintf(way, sizeof way, "%s", path);
    for (char *slash = strchr(way, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(way, 0755);
        *slash = '/';
    }
    FILE *file = fopen(way, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

static void none(void **state)
{
    (void)state;
    assert_true(dt_cgroup_memory(".") == INT64_MAX); /* no such files at all */
    put("proc/self/cgroup", "0::/\n");
    assert_true(dt_cgroup_memory(".") == INT64_MAX);
    put("sys/fs/cgroup/memory.max", "max\n");
    assert_true(dt_cgroup_memory(".") == INT64_MAX);
    put("proc/self/cgroup", "nothing\n4:memory\n\n:\n::\n");
    assert_true(dt_cgroup_memory(".") == INT64_MAX);
}

/* Slurm limits the job, and leaves the groups below it without one. */
static void version_2(void **state)
{
    (void)state;
    put("proc/self/cgroup", "0::/system.slice/slurmstepd.scope/job_5/step_0/user/task_0\n");
    put("sys/fs/cgroup/system.slice/slurmstepd.scope/job_5/step_0/user/task_0/memory.max", "max\n");
    put("sys/fs/cgroup/system.slice/slurmstepd.scope/job_5/step_0/memory.max", "max\n");
    put("sys/fs/cgroup/system.slice/slurmstepd.scope/job_5/memory.max", "2147483648\n");
    put("sys/fs/cgroup/system.slice/memory.max", "max\n");
    put("sys/fs/cgroup/system.slice/slurmstepd.scope/job_6/memory.max", "1\n"); /* another's */
    assert_int_equal(dt_cgroup_memory("."), 2147483648);
    put("sys/fs/cgroup/system.slice/memory.max", "1073741824\n"); /* one farther up */
    assert_int_equal(dt_cgroup_memory("."), 1073741824);
    put("sys/fs/cgroup/memory.max", "536870912\n"); /* the mount point's */
    assert_int_equal(dt_cgroup_memory("."), 536870912);
    put("sys/fs/memory.max", "1\n"); /* above it */
    assert_int_equal(dt_cgroup_memory("."), 536870912);
}

static void version_1(void **state)
{
    (void)state;
    put("proc/self/cgroup", "9:name=systemd:/\n5:cpuset:/slurm/cpus\n"
                            "4:hugetlb,memory:/slurm/uid_0/job_5/step_0\n0::/\n");
    put("sys/fs/cgroup/memory/slurm/uid_0/job_5/step_0/memory.limit_in_bytes",
        "9223372036854771712\n");
    put("sys/fs/cgroup/memory/slurm/uid_0/job_5/memory.limit_in_bytes", "3000000000\n");
    put("sys/fs/cgroup/memory/slurm/cpus/memory.limit_in_bytes", "1\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assert_int_equal(dt_cgroup_memory("."), 3000000000);
}

/* Named as the host has it, while the container sees its own group at the mount point. */
static void container(void **state)
{
    (void)state;
    put("proc/self/cgroup", "4:memory:/docker/0123456789ab\n0::/../../docker/0123456789ab\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000000000\n");
    assert_int_equal(dt_cgroup_memory("."), 4000000000);
    put("sys/fs/cgroup/memory.max", "1000000000\n");
    assert_int_equal(dt_cgroup_memory("."), 1000000000);
}

static void quota(void **state)
{
    (void)state;
    assert_true(dt_cgroup_processors(".") == INT64_MAX);
    put("proc/self/cgroup", "0::/job/step\n");
    put("sys/fs/cgroup/job/step/cpu.max", "max 100000\n");
    assert_true(dt_cgroup_processors(".") == INT64_MAX);
    put("sys/fs/cgroup/job/cpu.max", "350000 100000\n"); /* three and a half processors */
    assert_int_equal(dt_cgroup_processors("."), 4);
    put("sys/fs/cgroup/cpu.max", "50000 100000\n");
    assert_int_equal(dt_cgroup_processors("."), 1);
    put("proc/self/cgroup", "7:cpu,cpuacct:/docker/ab\n4:memory:/\n");
    put("sys/fs/cgroup/cpu/docker/ab/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu/docker/ab/cpu.cfs_period_us", "100000\n");
    assert_true(dt_cgroup_processors(".") == INT64_MAX);
    put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    assert_int_equal(dt_cgroup_processors("."), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(none, empty_folder),
        cmocka_unit_test_teardown(version_2, empty_folder),
        cmocka_unit_test_teardown(version_1, empty_folder),
        cmocka_unit_test_teardown(container, empty_folder),
        cmocka_unit_test_teardown(quota, empty_folder),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
