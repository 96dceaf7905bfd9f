/* The log of a run that was cut, made ready to be continued. Not collective. */
#ifndef DT_REPORT_LOG_TRUNCATE_H
#define DT_REPORT_LOG_TRUNCATE_H

#include <dtrain/status.h>
#include <stdint.h>

enum { DT_LOG_IDENTITY = 6 };

/* Of the run that goes on. */
typedef struct {
    int64_t steps, epochs; /* that are done; epochs: whole ones */
    struct {
        const char *name; /* in the event "start"; NULL: no more */
        int64_t value;
    } is[DT_LOG_IDENTITY]; /* what makes it this run and no other */
    const char *options;   /* so too: a JSON object of options, each with the list of the values
                             * that it may have in "options" of the event "start"; NULL: any */
} dt_log_truncate_options;

/* Take out of a log what the run, which goes on, will do again: later steps, epochs and
 * checkpoints; also how it ended, and lines that are not whole. The new file replaces the old one
 * at once, so that a crash costs nothing. No file is no error, and what is no regular file is left
 * alone. So is the log of another run, and one that has not even a start of this one.
 *   last  [out] the last epoch that it has; -1: it has nothing of the run; of no regular file
 *         `epochs`
 *   other [out] with a code where it is the log of another run; it then says in what */
dt_code dt_log_truncate(const char *path, const dt_log_truncate_options *options, int64_t *last,
                        dt_error *other, dt_error *err);

#endif
