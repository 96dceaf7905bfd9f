/* The program that started this process: mpirun, srun or another launcher. Not collective. */
#ifndef DT_COMM_LAUNCHER_H
#define DT_COMM_LAUNCHER_H

#include <sys/types.h>

/* The process of mpirun, or of mpirun's daemon on this node; 0: neither started this process. */
pid_t dt_launcher(void);

/* What a launcher has told this process by environment variables. */
typedef struct {
    const char *variable; /* the variable with the size */
    const char *own;      /* a process without this variable is alone */
    int size;             /* processes that were started as the ranks of one run; 0: unknown */
    int rank;             /* the number of this process among them; 0 if unknown */
} dt_launch;

/* Where there are several launchers (mpirun within a job of Slurm), this is the one that started
 * the process itself. */
dt_launch dt_launch_told(void);

/* Seconds since the launcher was started, or, without one, this process. */
double dt_launch_seconds(void);

#endif
