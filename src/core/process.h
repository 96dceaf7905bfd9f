/* Processes of this host, from /proc. Not collective. */
#ifndef DT_CORE_PROCESS_H
#define DT_CORE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read a file of a process in /proc: its first size - 1 bytes, or the empty text. */
void dt_process_read(int64_t process, const char *file, char *text, size_t size);

typedef struct {
    int64_t id;
    uint64_t start; /* in ticks since the system's start; id and start together are unique */
} dt_process;

/* The process with this id; all 0 if there is none, if it has ended and only waits for its parent,
 * or if this process cannot see it. */
dt_process dt_process_of(int64_t process);

/* Whether there is a process with this id that has not ended. */
bool dt_process_lives(int64_t process);

#endif
