/* Memory that some ranks have together, for rooms that know neither MPI nor which ranks these are.
 * comm/numa_group.h has the functions: `with` is the group. */
#ifndef DT_CORE_SHARING_H
#define DT_CORE_SHARING_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    void *with; /* NULL: the memory is this rank's alone, and there are no functions */
    int ranks;
    void *(*alloc)(void *with, int64_t n, size_t size, const char *what, dt_error *err);
    int64_t (*part)(const void *with, int64_t n, int64_t *begin);
    bool (*barrier)(void *with, bool ok);
} dt_sharing;

#endif
