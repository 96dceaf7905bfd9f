/* Checks before the first step: of what will cost time, or make the results worthless. They warn,
 * and the run goes on. */
#ifndef DT_TRAIN_PREFLIGHT_H
#define DT_TRAIN_PREFLIGHT_H

#include "comm/comm.h"
#include "core/split.h"
#include "report/report.h"

#include <stdbool.h>
#include <stdint.h>

/* What is checked of one rank. */
typedef struct {
    dt_placement placement;
    int64_t rows;           /* rows of the data that the rank reads */
    bool folder_is_visible; /* the rank sees the checkpoint folder that rank 0 writes to */
} dt_preflight_rank;

enum { DT_PREFLIGHT_LINES = 2, DT_PREFLIGHT_TEXT = 800 };

/* The first line is on what costs time, the second on what costs more. A line is empty where all is
 * well. */
typedef struct {
    char line[DT_PREFLIGHT_LINES][DT_PREFLIGHT_TEXT];
    dt_preflight_rank *of; /* [ranks] facts of each rank; rank 0, elsewhere NULL */
} dt_preflight;

/* Write the lines. Not collective.
 *   of      [ranks] facts of each rank
 *   batch   how a batch is divided among the ranks
 *   folder  checkpoint folder; NULL: none */
void dt_preflight_check(dt_preflight *preflight, const dt_preflight_rank *of, int ranks,
                        const dt_split *batch, const char *folder);

/* Gather the facts of all ranks, and write the lines on rank 0; elsewhere they are empty.
 * Collective; an error is the same on every rank. To be ended with dt_preflight_free, also after an
 * error.
 *   placement  cores of this rank
 *   rows       rows that this rank reads */
dt_code dt_preflight_run(dt_preflight *preflight, const dt_world *world,
                         const dt_placement *placement, int64_t rows, const dt_split *batch,
                         const char *folder, dt_error *err);

void dt_preflight_free(dt_preflight *preflight);

#endif
