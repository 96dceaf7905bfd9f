/* What is amiss before the first step and will cost time, or the results their worth; it does not
 * keep the run from going. */
#ifndef DT_TRAIN_PREFLIGHT_H
#define DT_TRAIN_PREFLIGHT_H

#include "comm/comm.h"
#include "core/split.h"
#include "report/report.h"

#include <stdbool.h>
#include <stdint.h>

/* Of one rank. */
typedef struct {
    dt_placement placement;
    int64_t rows;           /* of the data, that it reads */
    bool folder_is_visible; /* of the checkpoints, that rank 0 writes to */
} dt_preflight_rank;

enum { DT_PREFLIGHT_LINES = 2, DT_PREFLIGHT_TEXT = 800 };

/* A line on what costs time and one on what costs more; empty where all is well. */
typedef struct {
    char line[DT_PREFLIGHT_LINES][DT_PREFLIGHT_TEXT];
    dt_preflight_rank *of; /* [ranks] what is known of them; rank 0, elsewhere NULL */
} dt_preflight;

/* Not collective.
 *   of      [ranks]
 *   batch   how a batch is shared out over the ranks
 *   folder  of the checkpoints; NULL: none */
void dt_preflight_check(dt_preflight *preflight, const dt_preflight_rank *of, int ranks,
                        const dt_split *batch, const char *folder);

/* What there is to say, on rank 0; elsewhere nothing. To be ended with dt_preflight_free, also
 * after an error. Collective.
 *   placement  this rank's
 *   rows       that it reads */
dt_code dt_preflight_run(dt_preflight *preflight, const dt_world *world,
                         const dt_placement *placement, int64_t rows, const dt_split *batch,
                         const char *folder, dt_error *err);

void dt_preflight_free(dt_preflight *preflight);

#endif
