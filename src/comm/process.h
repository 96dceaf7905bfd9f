/* Processes of this machine, as /proc shows them. Not collective. */
#ifndef DT_COMM_PROCESS_H
#define DT_COMM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What /proc says of a process in this file; an empty text if nothing. */
void dt_process_read(pid_t process, const char *what, char *text, int size);

typedef struct {
    int64_t id;
    uint64_t start; /* in ticks since the system's; with it an id is one process for ever */
} dt_process;

/* A process that lives; all 0 where there is none, or it cannot be seen. */
dt_process dt_process_of(pid_t process);

#endif
