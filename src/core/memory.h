/* Allocates aligned memory, with a message on failure, and finds the size of the memory. Not
 * collective. */
#ifndef DT_CORE_MEMORY_H
#define DT_CORE_MEMORY_H

#include <dtrain/status.h>
#include <stddef.h>
#include <stdint.h>

/* Allocate n items of `size` bytes, aligned to 64 bytes and not initialised. The caller frees them
 * with free(). At least one item is allocated, so NULL always means DT_ERR_MEMORY.
 *   what  the use of the memory, for the message */
void *dt_alloc(int64_t n, size_t size, const char *what, dt_error *err);

/* Return the bytes that the processes of this node may use: the installed memory, or the limit of
 * the control group (of a batch job or a container) if that is lower. */
int64_t dt_node_memory(void);

/* Write bytes as "1.5 GB" into text. Returns text. */
const char *dt_format_bytes(double bytes, char text[16]);

#endif
