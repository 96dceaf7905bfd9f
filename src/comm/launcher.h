/* What started this process. Not collective. */
#ifndef DT_COMM_LAUNCHER_H
#define DT_COMM_LAUNCHER_H

#include <sys/types.h>

/* The process of mpirun, or of its daemon on this node; 0: none of these. */
pid_t dt_launcher(void);

/* What a launcher has told this process by its environment. */
typedef struct {
    const char *variable; /* that tells the size */
    const char *own;      /* without this one the process is on its own */
    int size;             /* processes that were started to be the ranks of one run; 0: not known */
    int rank;             /* which of them this process is; 0 where that is not known */
} dt_launch;

/* Of several launchers (mpirun within a job of Slurm) it is the one that has started this process
 * itself. */
dt_launch dt_launch_told(void);

/* Seconds since it, or else this process, was started. */
double dt_launch_seconds(void);

#endif
