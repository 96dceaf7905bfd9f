/* What is done when the program finds a fault of its own, and when a run cannot go on. It ends on
 * all its ranks, with a message and without a core dump. */
#ifndef DT_CORE_BUG_H
#define DT_CORE_BUG_H

/* A condition that nothing but a fault of the program can make false: no data, file or option. It
 * is tested in every build, and must have no side effect. */
#define DT_ASSERT(condition) ((condition) ? (void)0 : dt_bug(__FILE__, __LINE__, #condition))

_Noreturn void dt_bug(const char *file, int line, const char *condition);

/* Print "dtrain: " and the message, and end the run, with exit status 1. For what leaves the ranks
 * no way to agree on an error. Any thread may call it. */
__attribute__((format(printf, 1, 2))) _Noreturn void dt_end_run(const char *format, ...);

/* The same where another rank has said it. */
_Noreturn void dt_end_quietly(void);

/* How the other ranks are ended: set where there are some.
 *   rank  of this process, for the message; negative: there are no ranks
 *   end   NULL: this process alone ends. If it returns, the process ends then. */
void dt_bug_set_ranks(int rank, void (*end)(void));

#endif
