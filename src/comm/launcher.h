/* What started this process. Not collective. */
#ifndef DT_COMM_LAUNCHER_H
#define DT_COMM_LAUNCHER_H

#include <sys/types.h>

/* The process of mpirun, or of its daemon on this node; 0: none of these. */
pid_t dt_launcher(void);

/* Seconds since it, or else this process, was started. */
double dt_launch_seconds(void);

#endif
