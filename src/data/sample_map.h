/* Which rows of the files are samples, where some rows are left out, or with which rows they begin,
 * where a sample is several rows. The samples keep the order of their rows. The map is the same on
 * every rank: a bit for each row, and sums of bits. Not collective.
 *
 *   row      0  1  2  3  4  5
 *   bit      1  1  0  1  0  1
 *   sample   0  1  .  2  .  3
 */
#ifndef DT_DATA_SAMPLE_MAP_H
#define DT_DATA_SAMPLE_MAP_H

#include <dtrain/status.h>
#include <stdbool.h>
#include <stdint.h>

enum { DT_SAMPLE_WORD = 64, DT_SAMPLE_HINT = 512 }; /* rows that share a word of bits */

typedef struct {
    int64_t rows, samples;
    int64_t words;
    uint64_t *bits;  /* [words]; owned */
    int64_t *before; /* [words + 1] samples before the rows of each word; owned */
    int64_t *hint;   /* the word of each DT_SAMPLE_HINT-th sample, then the last one; owned */
    int64_t files;
    int64_t *begin; /* [files + 1] first sample of each file; owned */
} dt_sample_map;

/* Make a map in which no row is a sample. To be ended with dt_sample_map_free, also after an error. */
dt_code dt_sample_map_init(dt_sample_map *map, int64_t rows, dt_error *err);

/* Make a row a sample. */
static inline void dt_sample_map_set(dt_sample_map *map, int64_t row)
{
    map->bits[row / DT_SAMPLE_WORD] |= (uint64_t)1 << (row % DT_SAMPLE_WORD);
}

static inline bool dt_sample_map_has(const dt_sample_map *map, int64_t row)
{
    return map->bits[row / DT_SAMPLE_WORD] >> (row % DT_SAMPLE_WORD) & 1;
}

/* Count the samples, when all are set.
 *   begin  [files + 1] first row of each file */
dt_code dt_sample_map_finish(dt_sample_map *map, int64_t files, const int64_t *begin,
                             dt_error *err);

/* The number of samples before a row; row <= rows. */
int64_t dt_sample_map_before(const dt_sample_map *map, int64_t row);

/* The row of a sample, 0 <= sample < samples. */
int64_t dt_sample_map_row(const dt_sample_map *map, int64_t sample);

/* Also for a map that is all zero. */
void dt_sample_map_free(dt_sample_map *map);

#endif
