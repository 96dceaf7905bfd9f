/* What a rank holds in memory of all data of a run together, and what it reads from the files as it
 * is needed: decided before any of it is loaded. The numbers alone decide, so every rank comes to
 * the same plan. */
#ifndef DT_DATA_MEMORY_PLAN_H
#define DT_DATA_MEMORY_PLAN_H

#include "data/holdout.h"
#include <dtrain/status.h>
#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

/* The rows of one file, before they are loaded. */
typedef struct {
    const char *path;   /* for messages */
    dt_holdout holdout; /* how many there are, and which are held out of training */
    int64_t row_bytes;  /* of x and y as they lie in memory */
    int64_t chunk_rows; /* that one rank reads */
} dt_planned_rows;

typedef struct {
    int64_t memory; /* bytes that a rank may hold; 0: a fair part of its node */
    int64_t part;   /* a rank's part of the memory of its node, as dt_memory_part has it */
    int ranks;
    /* A run that goes on has its rows in memory, or in windows, as it had them before. */
    bool goes_on;
    int64_t block_rows, window_blocks; /* as in dt_stream_plan; 0: in memory */
} dt_memory_limit;

typedef struct {
    bool streamed;   /* the rows trained on are read in windows; else they are in memory */
    bool reread;     /* the rows validated on are read each time; else they are in memory */
    int64_t windows; /* bytes that the windows may take */
    int64_t held;    /* bytes of all that a rank holds at most */
} dt_memory_plan;

/* The smallest part of a node's memory that any rank has. Collective. */
int64_t dt_memory_part(const dt_world *world);

/* With a memory that was asked for, neither the order of the samples nor the size of the windows
 * depends on the number of ranks: the rows trained on stay in memory only if one rank could hold
 * them all.
 *   train     what is trained on; the rows held out of it are validated on
 *   validate  NULL, or what is validated on instead
 * DT_ERR_MEMORY: the node has less than that. Not collective. */
dt_code dt_memory_plan_make(dt_memory_plan *plan, const dt_memory_limit *limit,
                            const dt_planned_rows *train, const dt_planned_rows *validate,
                            dt_error *err);

#endif
