/* Memory that the ranks of a node read from each other. It is anonymous (memfd_create), so neither
 * the size of /dev/shm bounds it nor does a killed run leave anything behind, and the others open
 * it under the owner's process in /proc. Where that is not possible, each has its own alone. */
#include "comm/comm.h"
#include "comm/internal.h"
#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* How the others find a rank's memory, and see that it is the right one. */
typedef struct {
    int64_t bytes, process, file, device, inode;
} address;

struct dt_shm {
    int node_size, node_rank;
    address *of;   /* [node_size] */
    void **memory; /* [node_size] NULL: not mapped */
};

/* Map this rank's file, for writing; NULL if the memory cannot be had. All pages are allocated now:
 * else running out of memory would show later, as SIGBUS or by the kernel's OOM killer. */
static void *map_own(int fd, int64_t bytes)
{
    if (bytes > dt_node_memory() || ftruncate(fd, bytes) ||
        (fallocate(fd, 0, 0, bytes) && errno != EOPNOTSUPP))
        return NULL;
    void *memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* This rank's own. Returns the file's descriptor, which is to be closed; -1, and no error, where
 * the system has no such files. */
static int create_own(dt_shm *s, int64_t bytes, dt_error *err)
{
    struct stat facts;
    char text[16];
    int fd = memfd_create("dtrain", MFD_CLOEXEC);
    if (fd < 0 || fstat(fd, &facts))
        return fd;
    s->memory[s->node_rank] = map_own(fd, bytes);
    s->of[s->node_rank] = (address){.bytes = bytes,
                                    .process = getpid(),
                                    .file = fd,
                                    .device = (int64_t)facts.st_dev,
                                    .inode = (int64_t)facts.st_ino};
    if (!s->memory[s->node_rank])
        dt_fail(err, DT_ERR_MEMORY, "out of memory: %s for what ranks share",
                dt_format_bytes((double)bytes, text));
    return fd;
}

/* Another rank's; NULL where it cannot be opened. */
static void *open_other(const address *a, bool writable)
{
    char path[64];
    struct stat facts;
    void *memory = MAP_FAILED;
    snprintf(path, sizeof path, "/proc/%lld/fd/%lld", (long long)a->process, (long long)a->file);
    int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &facts) == 0 && (int64_t)facts.st_dev == a->device &&
        (int64_t)facts.st_ino == a->inode)
        memory = mmap(NULL, (size_t)a->bytes, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED,
                      fd, 0);
    close(fd);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Returns whether this rank sees every rank's. */
static bool open_others(dt_shm *s, const dt_world *world, bool writable)
{
    bool all = true;
    MPI_Request request;
    MPI_Iallgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, s->of, (int)sizeof *s->of, MPI_BYTE,
                   world->comm->node, &request);
    dt_wait_for_request(world, &request);
    for (int r = 0; r < s->node_size; r++) {
        if (r != s->node_rank)
            s->memory[r] = open_other(&s->of[r], writable);
        all = all && s->memory[r];
    }
    return all;
}

dt_code dt_shm_create(const dt_world *world, int64_t bytes, bool writable, dt_shm **shared,
                      dt_error *err)
{
    dt_shm *s = calloc(1, sizeof *s);
    int own = -1;
    if (s) {
        s->node_size = world->node_size;
        s->node_rank = world->node_rank;
        s->of = calloc((size_t)world->node_size, sizeof *s->of);
        s->memory = calloc((size_t)world->node_size, sizeof *s->memory);
    }
    if (!s || !s->of || !s->memory)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for what ranks share");
    else
        own = create_own(s, bytes > 0 ? bytes : 1, err);
    int64_t blind = 0;
    if (!dt_world_agree(world, err)) {
        blind = !open_others(s, world, writable);
        dt_max_int64(world, &blind, 1);
    }
    if (own >= 0)
        close(own);
    if (err->code || blind) {
        dt_shm_destroy(s);
        s = NULL;
    }
    *shared = s;
    return err->code;
}

void *dt_shm_of_rank(const dt_shm *s, int node_rank)
{
    return s->memory[node_rank];
}

void dt_shm_destroy(dt_shm *s)
{
    if (!s)
        return;
    for (int r = 0; s->memory && s->of && r < s->node_size; r++)
        if (s->memory[r])
            munmap(s->memory[r], (size_t)s->of[r].bytes);
    free(s->memory);
    free(s->of);
    free(s);
}
