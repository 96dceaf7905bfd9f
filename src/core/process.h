/* Processes of this host, by their numbers. */
#ifndef DT_CORE_PROCESS_H
#define DT_CORE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* When a process was started, in ticks since the kernel was; 0: there is none of this number, it
 * has ended and only waits for its parent, or nothing can be known of it. */
int64_t dt_process_start(int64_t process);

/* Whether there is a process of this number that has not ended. */
bool dt_process_lives(int64_t process);

#endif
