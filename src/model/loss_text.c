#include "model/loss_text.h"

#include <stdio.h>
#include <string.h>

const char *dt_loss_name(dt_loss loss)
{
    static const char *const name[] = {"auto",     "mse",           "mae",
                                       "huber",    "cross-entropy", "bce",
                                       "quantile", "gaussian-nll",  "cross-entropy"};
    return name[loss];
}

const char *dt_loss_describe(char out[DT_LOSS_WORDS], dt_loss loss, const dt_quantiles *quantiles)
{
    char list[DT_QUANTILES_TEXT];
    if (loss == DT_LOSS_QUANTILE)
        snprintf(out, DT_LOSS_WORDS, "%s:%s", dt_loss_name(loss),
                 dt_quantiles_format(list, quantiles));
    else
        snprintf(out, DT_LOSS_WORDS, "%s", dt_loss_name(loss));
    return out;
}

bool dt_loss_parse(const char *text, dt_loss *loss, dt_quantiles *quantiles)
{
    size_t length = text ? strcspn(text, ":") : 0;
    *quantiles = (dt_quantiles){0};
    for (int i = DT_LOSS_AUTO; text && i <= DT_LOSS_GAUSSIAN_NLL; i++) {
        const char *name = dt_loss_name((dt_loss)i);
        *loss = (dt_loss)i;
        if (strlen(name) == length && strncmp(text, name, length) == 0)
            return i == DT_LOSS_QUANTILE
                       ? text[length] && dt_quantiles_parse(text + length + 1, quantiles)
                       : !text[length];
    }
    return false;
}
