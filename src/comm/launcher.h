/* Finds the program that started this process: mpirun, srun or another launcher. Not collective. */
#ifndef DT_COMM_LAUNCHER_H
#define DT_COMM_LAUNCHER_H

#include <sys/types.h>

/* Return the process id of mpirun, or of mpirun's daemon on this node; 0: neither of them started
 * this process. */
pid_t dt_launcher(void);

/* The data about a run that a launcher passes to each process in environment variables. */
typedef struct {
    const char *variable; /* the variable that contains the size */
    const char *own;      /* a variable that every rank has; a process without it is alone */
    int size;             /* processes that were started as the ranks of one run; 0: unknown */
    int rank;             /* the number of this process among them; 0 if unknown */
} dt_launch;

/* Return the data of the launcher that started this process directly. There may be several
 * launchers, such as mpirun within a job of Slurm. */
dt_launch dt_launch_told(void);

/* Return the seconds since the launcher was started; without a launcher, since this process was
 * started. */
double dt_launch_seconds(void);

#endif
