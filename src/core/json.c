#include "core/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *dt_json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *json = json_string(text);
    if (json)
        return json;
    char *ascii = strdup(text);
    if (!ascii)
        return NULL;
    for (char *c = ascii; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json = json_string(ascii);
    free(ascii);
    return json;
}

json_t *dt_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}
