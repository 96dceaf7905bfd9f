/* Ends a run that cannot go on: after a fault of the program, or the loss of a rank. All ranks end,
 * with a message and without a core dump. Nothing here is collective: one rank ends the others. */
#ifndef DT_CORE_BUG_H
#define DT_CORE_BUG_H

/* Check a condition that only a fault of the program can make false; no data, file or option can.
 * It is checked in every build. It must have no side effect. */
#define DT_ASSERT(condition) ((condition) ? (void)0 : dt_bug(__FILE__, __LINE__, #condition))

/* Print the rank, the place in the source and the condition, and end the run like dt_end_run. */
_Noreturn void dt_bug(const char *file, int line, const char *condition);

/* Print "dtrain: " and the message, and end the run with exit status 1. It is for failures after
 * which the ranks can no longer agree on an error. Any thread may call it. */
__attribute__((format(printf, 1, 2))) _Noreturn void dt_end_run(const char *format, ...);

/* End the run without a message, because another rank prints it. */
_Noreturn void dt_end_quietly(void);

/* Set how the other ranks are ended.
 *   rank  the number of this process, for the message; negative: there are no ranks
 *   end   the function that ends the other ranks; this process ends after it. NULL: this process
 *         ends alone */
void dt_bug_set_ranks(int rank, void (*end)(void));

#endif
