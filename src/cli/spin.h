/* Lets OpenMP's threads wait actively between two steps. Not collective. */
#ifndef DT_CLI_SPIN_H
#define DT_CLI_SPIN_H

/* GNU's OpenMP counts the cores when a program starts. If there are fewer cores than threads, its
 * threads sleep as soon as they wait, and waking them takes longer than a small step. If mpirun
 * starts one or two ranks, it binds each of them to one core, and the program changes this only
 * later. So this function starts the program again with all cores that mpirun may use, and then
 * restores the binding at once; the ranks decide together later what to do with it.
 *
 * It does nothing if mpirun binds the program to enough cores, if the binding must stay (--bind
 * keep), or if the environment sets how OpenMP waits or where its threads run. Call it before
 * everything else. */
void dt_spin_allow(char **argv);

#endif
