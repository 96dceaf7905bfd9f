/* Prepares the log of a stopped run for its continuation. Not collective. */
#ifndef DT_REPORT_LOG_TRUNCATE_H
#define DT_REPORT_LOG_TRUNCATE_H

#include <dtrain/status.h>
#include <stdint.h>

enum { DT_LOG_IDENTITY = 6 };

/* The resumed run. */
typedef struct {
    int64_t steps, epochs; /* completed */
    struct {
        const char *name; /* a key of the event "start"; NULL: end of the list */
        int64_t value;
    } is[DT_LOG_IDENTITY]; /* numbers that the event "start" of this run has */
    const char *options; /* options that the event "start" of this run has: a JSON object, in which
                              each option has a list of the values that it may have; NULL: any */
} dt_log_truncate_options;

/* Remove from a log the events of everything that the resumed run will do again: later steps,
 * epochs and checkpoints. Also remove its event "end" and incomplete lines. The new file replaces
 * the old one in one operation, so a crash loses nothing. It is no error if the file does not
 * exist. A file stays unchanged if it is not a regular file, is the log of another run, or has no
 * event "start" of this run.
 *   last   [out] the last epoch in the log; -1: the log has nothing of this run. If the file is not
 *          a regular file, it is options->epochs
 *   other  [out] if it is the log of another run, an error that tells the difference; else DT_OK */
dt_code dt_log_truncate(const char *path, const dt_log_truncate_options *options, int64_t *last,
                        dt_error *other, dt_error *err);

#endif
