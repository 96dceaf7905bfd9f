/* JSON values from texts and numbers that jansson refuses. */
#ifndef DT_CORE_JSON_H
#define DT_CORE_JSON_H

#include <jansson.h>

/* A JSON string; null for NULL. In a text that is not UTF-8 (a file name may have any bytes) each
 * byte above ASCII becomes '?'. The caller owns the reference; NULL when memory runs out. */
json_t *dt_json_text(const char *text);

/* A JSON number; null for NaN and the infinities, which JSON does not have. */
json_t *dt_json_real(double value);

#endif
