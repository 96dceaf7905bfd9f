/* Powers of two by which a block's gradient is multiplied before it is rounded to integers, so that
 * the sum over all blocks fits an int32_t whatever its order, and as much of its precision as that
 * allows is kept. There is one for each input of each layer (a column of its weight: inputs may
 * differ in scale by any factor) and one for each of its vectors (dt_layer_vectors). They follow
 * the gradient of the steps before, which every rank knows, and belong to the run: a checkpoint
 * keeps them. */
#ifndef DT_ENGINE_SCALES_H
#define DT_ENGINE_SCALES_H

#include "model/model.h"

#include <dtrain/status.h>
#include <stdbool.h>

typedef struct {
    const dt_model *model;
    int spread;     /* log2 of the number of blocks in a batch, rounded up */
    int bits;       /* a block's integers stay below 2^bits in size */
    int64_t n;      /* of the state */
    double *state;  /* [n] whole numbers, as a checkpoint keeps them. Exponents: a block's gradient
                       stays below 2^exponent; by layer one for each input and one for each vector.
                       Then how patiently they are lowered, which grows with each time that one was
                       too small, and the number of steps followed; below 0: none are known */
    double *once;   /* [n] exponents of one step that was measured */
    bool is_once;   /* up and down are of these, not of the state */
    float *up;      /* what to multiply by, by layer and then to the end of the panel */
    float *down;    /* one over each, of inputs */
    int64_t *begin; /* [layers] where a layer's begin in up; its vectors' come last */
} dt_scales;

/* Not collective. model is borrowed. To be ended with dt_scales_free. */
dt_code dt_scales_init(dt_scales *scales, const dt_model *model, int64_t blocks, dt_error *err);
void dt_scales_free(dt_scales *scales);

/* Whether a block's gradient has been measured or the state was set. */
bool dt_scales_known(const dt_scales *scales);

/* Take the state as it is: after it was read, or measured.  */
void dt_scales_set(dt_scales *scales);

/* From the largest magnitude in each place, in most [n - 2], to exponents with some room above, in
 * exponent [n - 2]; of what is not finite DT_SCALES_NONFINITE. The maximum over all ranks is then
 * dt_scales_measured's. */
enum { DT_SCALES_NONFINITE = 1 << 20 };
void dt_scales_exponents(const dt_scales *scales, const float *most, int64_t *exponent);

/* Take exponents that were measured on all blocks of a batch: for that batch, until the next call
 * of dt_scales_follow, and if none are known, for those that come. Returns false, and takes none,
 * if one is DT_SCALES_NONFINITE. */
bool dt_scales_measured(dt_scales *scales, const int64_t *exponent);

/* Integers [begin, begin + n) of a gradient [P], in place, to the floats that they stand for. For
 * threads at once.
 *   values  [in,out] [n] */
void dt_scales_undo(const dt_scales *scales, int64_t begin, int64_t n, void *values);

/* The same for a part of a row of a layer's weight, from an input on, and of one of its vectors. */
void dt_scales_undo_row(const dt_scales *scales, int layer, int64_t input, int64_t n, void *values);
void dt_scales_undo_vector(const dt_scales *scales, int layer, int vector, int64_t n, void *values);

/* Whether what dt_scales_follow is called with next is looked at. */
bool dt_scales_looks(const dt_scales *scales);

/* See a step's gradient, the sum over its batch. */
void dt_scales_follow(dt_scales *scales, const float *gradient);

/* Whether behind a layer's inputs the engine has a column of ones, by which a block's bias is one
 * of the products: where these leave room in their last panel. */
bool dt_scales_has_ones(const dt_model *model, int layer);

/* The factors of a layer's inputs, with such a column its bias', and of one of its vectors. */
static inline const float *dt_scales_of(const dt_scales *s, int layer)
{
    return s->up + s->begin[layer];
}
float dt_scales_of_vector(const dt_scales *scales, int layer, int vector);

#endif
