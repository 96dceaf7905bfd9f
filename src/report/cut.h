/* The log of a run that was cut, made ready to be continued. Not collective. */
#ifndef DT_REPORT_CUT_H
#define DT_REPORT_CUT_H

#include <dtrain/status.h>
#include <stdint.h>

enum { DT_LOG_CUT_FACTS = 6 };

/* Of the run that goes on. */
typedef struct {
    int64_t steps, epochs; /* that are done; epochs: whole ones */
    struct {
        const char *name; /* in the event "start"; NULL: no more */
        int64_t value;
    } is[DT_LOG_CUT_FACTS]; /* what makes it this run and no other */
} dt_log_cut_options;

/* Take out of a log what the run, which goes on, will do again: later steps, epochs and
 * checkpoints; also how it ended, and lines that are not whole. The new file replaces the old one
 * at once, so that a crash costs nothing. No file is no error, and what is no regular file is left
 * alone. DT_ERR_DATA, and nothing is changed, if it is the log of another run.
 *   last  [out] the last epoch that it has; -1: not even a start; of no regular file `epochs` */
dt_code dt_log_cut(const char *path, const dt_log_cut_options *options, int64_t *last,
                   dt_error *err);

#endif
