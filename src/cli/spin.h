/* Whether OpenMP's threads wait awake between two steps. */
#ifndef DT_CLI_SPIN_H
#define DT_CLI_SPIN_H

/* GNU's OpenMP counts the cores when a program starts, and with fewer cores than threads lets them
 * sleep as soon as they wait: to wake one takes longer than a small step. mpirun confines each of
 * one or two ranks to a core, and the program frees itself of that only later. So here it starts
 * itself again with all the cores that mpirun has, and takes its own binding back at once: what is
 * to be done with it is decided when the ranks know each other. Does nothing where mpirun binds to
 * enough cores, or its binding is to stand (--bind keep), or where the environment says how OpenMP
 * is to wait or where its threads are to be. To be called first of all. */
void dt_spin_allow(char **argv);

#endif
