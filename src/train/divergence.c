#include "train/divergence.h"

#include <math.h>

static const double RISE = 1000;
static const double NOISE = 1e-12; /* a smaller loss is rounding */

void dt_divergence_init(dt_divergence *d, int64_t batch_size)
{
    int64_t steps = (DT_DIVERGENCE_SAMPLES + batch_size - 1) / batch_size;
    *d = (dt_divergence){.wanted = steps};
}

/* In order, so that the quartile can be read off. */
static void insert(dt_divergence *d, double loss)
{
    int64_t i = d->n++;
    for (; i > 0 && d->first[i - 1] > loss; i--)
        d->first[i] = d->first[i - 1];
    d->first[i] = loss;
}

/* The loss of very few samples may be near 0 by accident, so that the least of several is no
 * measure; nor is their mean, since a run that diverges does so in its first steps. */
bool dt_divergence_look(dt_divergence *d, double loss)
{
    d->last = loss;
    if (d->n < d->wanted) {
        insert(d, loss);
        d->beginning = d->first[(d->n - 1) / 4];
    }
    if (d->found || !(loss > RISE * fmax(d->beginning, NOISE)) || d->n < d->wanted)
        return false;
    d->found = true;
    return true;
}

bool dt_divergence_stays(const dt_divergence *d)
{
    return d->found && d->last > d->beginning;
}
