/* Finds processes of this host, in /proc. Not collective. */
#ifndef DT_CORE_PROCESS_H
#define DT_CORE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read the first size - 1 bytes of a file of a process in /proc into text [size]. If the file
 * cannot be read, text is empty. */
void dt_process_read(int64_t process, const char *file, char *text, size_t size);

typedef struct {
    int64_t id;
    uint64_t start; /* ticks from the system's start to the process's; unique together with id */
} dt_process;

/* Return the process with this id. It is all 0 if there is no such process, if it has ended and is
 * a zombie, or if this process cannot see it. */
dt_process dt_process_of(int64_t process);

/* Return whether a process with this id exists and has not ended. */
bool dt_process_lives(int64_t process);

#endif
