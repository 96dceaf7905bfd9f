/* Decides, before any data is loaded, which data a rank holds in memory and which it reads from the
 * files when it is needed: training and validation data of the run together. The decision depends
 * on numbers that all ranks have, so every rank makes the same plan. */
#ifndef DT_DATA_MEMORY_PLAN_H
#define DT_DATA_MEMORY_PLAN_H

#include "data/holdout.h"
#include <dtrain/status.h>
#include <dtrain/world.h>
#include <stdbool.h>
#include <stdint.h>

/* The rows of one file, before they are loaded. */
typedef struct {
    const char *path;     /* for messages */
    dt_holdout holdout;   /* the number of rows, and which are held out of training */
    int64_t row_bytes;    /* of x and y, each row by itself */
    int64_t shared_bytes; /* the same where samples that overlap share their values */
    int64_t chunk_rows;   /* one rank reads so many rows together */
} dt_planned_rows;

typedef struct {
    int64_t memory; /* bytes that a rank may hold; 0: a fair part of its node */
    int64_t part;   /* a rank's part of the memory of its node, as dt_memory_part has it */
    int ranks;
    /* A resumed run has its rows in memory, or in windows, as it had them before. */
    bool goes_on;
    int64_t block_rows, window_blocks; /* as in dt_stream_plan; 0: in memory */
} dt_memory_limit;

typedef struct {
    bool streamed;   /* the rows trained on are read in windows, not held in memory */
    bool reread;     /* the rows validated on are read at each validation, not held in memory */
    int64_t windows; /* bytes that the windows may take */
    int64_t held;    /* bytes that a rank holds at most, all together */
} dt_memory_plan;

/* The smallest part of a node's memory that any rank has. Collective. */
int64_t dt_memory_part(const dt_world *world);

/* If the user gave a size (limit->memory), neither the order of the samples nor the size of the
 * windows depends on the number of ranks: the rows trained on stay in memory only if one rank could
 * hold them all.
 *   train     the rows trained on; those held out of them are validated on
 *   validate  the rows validated on instead; NULL: none
 * DT_ERR_MEMORY: the node has less memory than the plan needs. Not collective. */
dt_code dt_memory_plan_make(dt_memory_plan *plan, const dt_memory_limit *limit,
                            const dt_planned_rows *train, const dt_planned_rows *validate,
                            dt_error *err);

#endif
