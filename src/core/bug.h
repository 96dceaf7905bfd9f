/* The end of a run that cannot go on: after a fault of the program, or the loss of a rank. The run
 * ends on all its ranks, with a message and without a core dump. */
#ifndef DT_CORE_BUG_H
#define DT_CORE_BUG_H

/* A condition that only a fault of the program can make false; no data, file or option can. It is
 * tested in every build, and must have no side effect. */
#define DT_ASSERT(condition) ((condition) ? (void)0 : dt_bug(__FILE__, __LINE__, #condition))

_Noreturn void dt_bug(const char *file, int line, const char *condition);

/* Print "dtrain: " and the message, and end the run with exit status 1. It is for failures after
 * which the ranks cannot agree on an error any more. Any thread may call it. */
__attribute__((format(printf, 1, 2))) _Noreturn void dt_end_run(const char *format, ...);

/* End the run without a message, since another rank prints it. */
_Noreturn void dt_end_quietly(void);

/* Set how the other ranks are ended.
 *   rank  of this process, for the message; negative: there are no ranks
 *   end   called to end the other ranks; if it returns, this process ends then; NULL: this process
 *         alone ends */
void dt_bug_set_ranks(int rank, void (*end)(void));

#endif
