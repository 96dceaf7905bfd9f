/* Prepares the log of a run that was stopped for its continuation. Not collective. */
#ifndef DT_REPORT_LOG_TRUNCATE_H
#define DT_REPORT_LOG_TRUNCATE_H

#include <dtrain/status.h>
#include <stdint.h>

enum { DT_LOG_IDENTITY = 6 };

/* The resumed run. */
typedef struct {
    int64_t steps, epochs; /* completed */
    struct {
        const char *name; /* a key of the event "start"; NULL: no more */
        int64_t value;
    } is[DT_LOG_IDENTITY]; /* what makes it this run and no other */
    const char *options;   /* so too: a JSON object of options, each with the list of the values
                             * that it may have in "options" of the event "start"; NULL: any */
} dt_log_truncate_options;

/* Remove from a log what the resumed run will do again: later steps, epochs and checkpoints; also
 * its event "end", and lines that are not complete. The new file replaces the old one in one
 * operation, so a crash loses nothing. It is no error if the file does not exist. What is not a
 * regular file stays as it is, and so does the log of another run, or one without a start of this
 * run.
 *   last  [out] the last epoch that it has; -1: it has nothing of the run; of no regular file
 *         `epochs`
 *   other [out] with a code where it is the log of another run; it then says in what */
dt_code dt_log_truncate(const char *path, const dt_log_truncate_options *options, int64_t *last,
                        dt_error *other, dt_error *err);

#endif
