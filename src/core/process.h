/* Processes of this host, as /proc shows them. Not collective. */
#ifndef DT_CORE_PROCESS_H
#define DT_CORE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What /proc says of a process in this file: the first size - 1 bytes, or nothing. */
void dt_process_read(int64_t process, const char *file, char *text, size_t size);

typedef struct {
    int64_t id;
    uint64_t start; /* in ticks since the system's start; with it an id is one process for ever */
} dt_process;

/* A process that lives; all 0 where there is none of this number, where it has ended and only waits
 * for its parent, or where it cannot be seen. */
dt_process dt_process_of(int64_t process);

/* Whether there is a process of this number that has not ended. */
bool dt_process_lives(int64_t process);

#endif
