/* JSON values of what jansson itself refuses. */
#ifndef DT_CORE_JSON_H
#define DT_CORE_JSON_H

#include <jansson.h>

/* null for NULL. A text that is not UTF-8 (a file name may be anything) gets '?' for each byte
 * above ASCII. The caller owns the reference; NULL when memory runs out. */
json_t *dt_json_text(const char *text);

/* null for NaN and the infinities, which JSON does not have. */
json_t *dt_json_real(double value);

#endif
