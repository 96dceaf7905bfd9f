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

static dt_code make_hints(dt_sample_map *m, dt_error *err)
{
    int64_t n = m->samples / DT_SAMPLE_HINT + 1, word = 0;
    m->hint = dt_alloc(n + 1, sizeof *m->hint, "the map of samples", err);
    for (int64_t i = 0; i < n && m->hint; i++) {
        while (word < m->words - 1 && m->before[word + 1] <= i * DT_SAMPLE_HINT)
            word++;
        m->hint[i] = word;
    }
    if (m->hint)
        m->hint[n] = m->words - 1;
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
    if (make_hints(m, err))
        return err->code;
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

/* The place of the k-th of the bits that are set, from 0. */
static int find_bit(uint64_t bits, int k)
{
    int place = 0;
    if (bits == UINT64_MAX)
        return k;
    for (int half = DT_SAMPLE_WORD / 2; half > 0; half /= 2) {
        int lower = __builtin_popcountll(bits & (((uint64_t)1 << half) - 1));
        if (k >= lower) {
            k -= lower;
            bits >>= half;
            place += half;
        }
    }
    return place;
}

int64_t dt_sample_map_row(const dt_sample_map *m, int64_t sample)
{
    const int64_t *hint = m->hint + sample / DT_SAMPLE_HINT;
    int64_t first = hint[0], words = hint[1] - first + 1;
    int64_t word = first + dt_find_part(m->before + first, words, sample);
    return word * DT_SAMPLE_WORD + find_bit(m->bits[word], (int)(sample - m->before[word]));
}

void dt_sample_map_free(dt_sample_map *m)
{
    free(m->bits);
    free(m->before);
    free(m->begin);
    free(m->hint);
    *m = (dt_sample_map){0};
}
