/* Memory that some ranks of a node share, for folders that do not use MPI. comm/numa_group.h has
 * the functions and says which are collective; `with` is the group. */
#ifndef DT_CORE_SHARING_H
#define DT_CORE_SHARING_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    void *with; /* NULL: this rank shares no memory, and the functions are NULL */
    int ranks;  /* ranks that share the memory */
    void *(*alloc)(void *with, int64_t n, size_t size, const char *what, dt_error *err);
    int64_t (*part)(const void *with, int64_t n, int64_t *begin);
    bool (*barrier)(void *with, bool ok);
} dt_sharing;

#endif
