#include "data/sample_map.h"

#include "core/memory.h"
#include "core/split.h"

#include <stdlib.h>
#include <string.h>

dt_code dt_sample_map_init(dt_sample_map *m, int64_t rows, dt_error *err)
{
    *m = (dt_sample_map){.rows = rows, .words = (rows + DT_SAMPLE_WORD - 1) / DT_SAMPLE_WORD};
    m->bits = dt_alloc(m->words, sizeof *m->bits, "the map of samples", err);
    m->before = dt_alloc(m->words + 1, sizeof *m->before, "the map of samples", err);
    if (!err->code)
        memset(m->bits, 0, (size_t)m->words * sizeof *m->bits);
    return err->code;
}

dt_code dt_sample_map_finish(dt_sample_map *m, int64_t files, const int64_t *begin, dt_error *err)
{
    m->files = files;
    m->begin = dt_alloc(files + 1, sizeof *m->begin, "the map of samples", err);
    if (err->code)
        return err->code;
    m->before[0] = 0;
    for (int64_t w = 0; w < m->words; w++)
        m->before[w + 1] = m->before[w] + __builtin_popcountll(m->bits[w]);
    m->samples = m->before[m->words];
    for (int64_t f = 0; f <= files; f++)
        m->begin[f] = dt_sample_map_before(m, begin[f]);
    return DT_OK;
}

int64_t dt_sample_map_before(const dt_sample_map *m, int64_t row)
{
    int64_t word = row / DT_SAMPLE_WORD;
    int bit = (int)(row % DT_SAMPLE_WORD);
    if (bit == 0)
        return m->before[word];
    uint64_t lower = ((uint64_t)1 << bit) - 1;
    return m->before[word] + __builtin_popcountll(m->bits[word] & lower);
}

int64_t dt_sample_map_row(const dt_sample_map *m, int64_t sample)
{
    int64_t word = dt_find_part(m->before, m->words, sample);
    uint64_t bits = m->bits[word];
    for (int64_t k = m->before[word]; k < sample; k++)
        bits &= bits - 1; /* without its lowest bit */
    return word * DT_SAMPLE_WORD + __builtin_ctzll(bits);
}

void dt_sample_map_free(dt_sample_map *m)
{
    free(m->bits);
    free(m->before);
    free(m->begin);
    *m = (dt_sample_map){0};
}
