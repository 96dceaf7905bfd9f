#include "train/divergence.h"

#include <math.h>

static const double RISE = 1000;
static const double NOISE = 1e-12; /* a smaller loss is rounding */

/* A likelihood may be negative and pass 0, which is then no measure of its rise. */
void dt_divergence_init(dt_divergence *d, dt_loss loss, int64_t batch_size)
{
    int64_t steps = (DT_DIVERGENCE_SAMPLES + batch_size - 1) / batch_size;
    *d = (dt_divergence){.least = loss == DT_LOSS_GAUSSIAN_NLL ? 1 : NOISE, .wanted = steps};
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
bool dt_divergence_add(dt_divergence *d, double loss)
{
    d->last = loss;
    if (d->n < d->wanted) {
        insert(d, loss);
        d->beginning = d->first[(d->n - 1) / 4];
    }
    if (d->found || !(loss > RISE * fmax(d->beginning, d->least)) || d->n < d->wanted)
        return false;
    d->found = true;
    return true;
}

/* Whether the last loss of the steps is still above that of the beginning, a thousandfold of which
 * one of them was. */
static bool steps_stay(const dt_divergence *d)
{
    return d->found && d->last > fmax(d->beginning, d->least);
}

/* A model that was trained before (--init-from, --resume) may fit its training rows so well that
 * the validation is a thousandfold above them from the start. What a guess reaches is no beginning
 * to rise from, and no divergence: even odds for classes; for numbers their mean, which has an R^2
 * of 0. */
bool dt_divergence_add_validation(dt_divergence *d, const dt_scores *scores)
{
    double loss = scores->loss, min_loss = scores->has_r2 ? d->least : M_LN2;
    double beginning = d->validation.beginning;
    if (d->n == 0)
        return false;
    if (!(beginning > 0))
        beginning = fmax(d->beginning, min_loss);
    d->validation.last = loss;
    d->validation.beginning = fmax(fmin(beginning, loss), min_loss);
    if (d->validation.found || loss <= RISE * beginning || (scores->has_r2 && scores->r2 > 0))
        return false;
    d->validation.found = true;
    return !steps_stay(d); /* the steps have told it */
}

bool dt_divergence_stays(const dt_divergence *d, dt_rise *rise)
{
    bool validation = d->validation.found && !(d->validation.last <= d->validation.beginning);
    if (rise && steps_stay(d))
        *rise = (dt_rise){"the loss", d->beginning, d->last};
    else if (rise)
        *rise = (dt_rise){"the validation loss", d->validation.beginning, d->validation.last};
    return steps_stay(d) || validation;
}
