/* The list of quantiles that --loss quantile:Q,... takes. */
#ifndef DT_CORE_QUANTILES_H
#define DT_CORE_QUANTILES_H

#include <dtrain/options.h> /* dt_quantiles */
#include <stdbool.h>

enum { DT_QUANTILE_TEXT = 32, DT_QUANTILES_TEXT = DT_MAX_QUANTILES * DT_QUANTILE_TEXT };

/* Parse "0.1,0.5,0.9". False if the text is no such list; then quantiles is unspecified. */
bool dt_quantiles_parse(const char *text, dt_quantiles *quantiles);

/* Return whether there are 1 to DT_MAX_QUANTILES, strictly between 0 and 1, in increasing order. */
bool dt_quantiles_are_good(const dt_quantiles *quantiles);

/* Write one quantile, or all with commas between them, with as few digits as give the same number.
 * Return out. */
const char *dt_quantile_format(char out[DT_QUANTILE_TEXT], double level);
const char *dt_quantiles_format(char out[DT_QUANTILES_TEXT], const dt_quantiles *quantiles);

/* Return the index of the quantile that is nearest to 0.5; of two equally near, of the lower. */
int dt_quantiles_median(const dt_quantiles *quantiles);

#endif
