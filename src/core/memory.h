/* Memory: aligned allocation that fails with a message, and how much there is. */
#ifndef DT_CORE_MEMORY_H
#define DT_CORE_MEMORY_H

#include <dtrain/status.h>
#include <stddef.h>
#include <stdint.h>

/* n items of the given size, aligned to 64 bytes, not initialised; to be freed with free(). At
 * least one item is allocated, so that NULL always means failure: then err says what the memory was
 * for. */
void *dt_alloc(int64_t n, size_t size, const char *what, dt_error *err);

/* Bytes that the processes of this node may use: what is installed, or the control groups' limit
 * (of a batch job, of a container) if that is lower. */
int64_t dt_node_memory(void);

/* "1.5 GB" in a buffer of the caller's; returns it. */
const char *dt_format_bytes(double bytes, char text[16]);

#endif
