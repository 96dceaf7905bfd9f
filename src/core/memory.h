/* Memory: aligned allocation that fails with a message, and the size of the memory. */
#ifndef DT_CORE_MEMORY_H
#define DT_CORE_MEMORY_H

#include <dtrain/status.h>
#include <stddef.h>
#include <stdint.h>

/* Allocate n items of the given size, aligned to 64 bytes and not initialised; to be freed with
 * free(). At least one item is allocated, so NULL always means an error.
 *   what  the use of the memory, for the message */
void *dt_alloc(int64_t n, size_t size, const char *what, dt_error *err);

/* The bytes that the processes of this node may use: the installed memory, or the limit of the
 * control group (of a batch job or a container) if it is lower. */
int64_t dt_node_memory(void);

/* Write bytes as "1.5 GB" into text. Returns text. */
const char *dt_format_bytes(double bytes, char text[16]);

#endif
