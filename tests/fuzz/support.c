#include "fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <float.h>
#include <ftw.h>
#include <hdf5.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/dev/shm/dtrain-fuzz-XXXXXX";

void fuzz_fail(const char *why)
{
    fprintf(stderr, "fuzz: %s\n", why);
    abort();
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *at)
{
    (void)info;
    (void)flag;
    (void)at;
    return remove(path);
}

static bool leaves_open;

void fuzz_leave_open(void)
{
    leaves_open = true;
}

static void leave_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    fflush(NULL);
    if (leaves_open)
        _exit(0);
}

void fuzz_enter_folder(void)
{
    enum { FILE_BYTES = 4 << 20 };
    static bool entered;
    struct rlimit limit;
    if (entered)
        return;
    entered = true;
    if (!mkdtemp(folder) || chdir(folder) < 0)
        fuzz_fail("no folder in /dev/shm");
    H5open(); /* before atexit: what is registered last is called first */
    atexit(leave_folder);
    signal(SIGXFSZ, SIG_IGN); /* a header may promise terabytes */
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = FILE_BYTES;
    setrlimit(RLIMIT_FSIZE, &limit);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void fuzz_put_file(const char *name, const uint8_t *bytes, size_t n)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        fuzz_fail("cannot write a file");
    close(fd);
}

/* ---- Choices -------------------------------------------------------------------------------- */

static unsigned take_byte(fuzz_choices *c)
{
    if (c->n == 0)
        return 0;
    c->n--;
    return *c->bytes++;
}

unsigned fuzz_choose(fuzz_choices *c, unsigned below)
{
    unsigned value = take_byte(c);
    return (below > 256 ? value << 8 | take_byte(c) : value) % below;
}

int64_t fuzz_choose_integer(fuzz_choices *c)
{
    static const int64_t odd[] = {INT64_MIN,
                                  INT64_MIN + 1,
                                  INT64_MAX,
                                  INT64_MAX - 1,
                                  INT32_MIN,
                                  INT32_MAX,
                                  -1,
                                  0,
                                  1,
                                  2,
                                  3,
                                  (int64_t)1 << 31,
                                  UINT32_MAX,
                                  (int64_t)1 << 32,
                                  (int64_t)1 << 52,
                                  (int64_t)1 << 53,
                                  (int64_t)1 << 61,
                                  (int64_t)1 << 62};
    enum { N = sizeof odd / sizeof *odd };
    unsigned which = take_byte(c);
    if (which < 192)
        return odd[which % N];
    if (which < 240)
        return (int64_t)take_byte(c) - 8;
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | take_byte(c);
    return (int64_t)value;
}

double fuzz_choose_real(fuzz_choices *c)
{
    static const double odd[] = {0,        -0.0,      1,        -1,       0.5,     NAN,
                                 INFINITY, -INFINITY, DBL_MAX,  -DBL_MAX, DBL_MIN, 0x1p-1074,
                                 FLT_MAX,  0x1p127,   0x1p-149, 1e300,    126,     128,
                                 -90,      -91,       1e10};
    enum { N = sizeof odd / sizeof *odd };
    unsigned which = take_byte(c);
    return which < 200 ? odd[which % N] : (double)fuzz_choose_integer(c);
}
