/* A loss as the option --loss and the checkpoint's options name it. */
#ifndef DT_MODEL_LOSS_TEXT_H
#define DT_MODEL_LOSS_TEXT_H

#include "core/quantiles.h"
#include <dtrain/options.h>
#include <stdbool.h>

enum { DT_LOSS_WORDS = DT_QUANTILES_TEXT + 32 };

/* Return "mse", or "quantile" without its list. */
const char *dt_loss_name(dt_loss loss);

/* Write "mse", or "quantile:0.1,0.9" with the quantiles, which no other loss looks at. Return
 * out. */
const char *dt_loss_describe(char out[DT_LOSS_WORDS], dt_loss loss, const dt_quantiles *quantiles);

/* Read what dt_loss_describe writes; "auto" too. False if no loss is called so, or text is NULL.
 *   quantiles  [out] none, if the loss has none */
bool dt_loss_parse(const char *text, dt_loss *loss, dt_quantiles *quantiles);

#endif
