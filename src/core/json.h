/* Makes JSON values also from texts and numbers that jansson refuses. Not collective. */
#ifndef DT_CORE_JSON_H
#define DT_CORE_JSON_H

#include <jansson.h>

/* Return a JSON string, or null for NULL. If the text is not UTF-8 (a file name may contain any
 * bytes), each byte above ASCII becomes '?'. The caller owns the reference. NULL when memory runs
 * out. */
json_t *dt_json_text(const char *text);

/* Return a JSON number, or null for NaN and the infinities, which JSON does not have. The caller
 * owns the reference. NULL when memory runs out. */
json_t *dt_json_real(double value);

#endif
