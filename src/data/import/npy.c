/* NPY, NumPy's array file: "\x93NUMPY", version, length of the header, and the header: a Python
 * dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, padded by spaces. */
#include "data/import/array.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_HEADER = 1 << 20, /* bytes; a true header has about a hundred */
    DESCR_ROOM = 32,
};

enum { HAS_DESCR = 1, HAS_ORDER = 2, HAS_SHAPE = 4, HAS_ALL = 7 };

/* Each take_... steps over what it names, with the space before it, and tells whether it was there.
 */
static bool take_token(const char **at, const char *token)
{
    while (isspace((unsigned char)**at))
        ++*at;
    size_t n = strlen(token);
    if (strncmp(*at, token, n) != 0)
        return false;
    *at += n;
    return true;
}

static bool take_string(const char **at, char *text, size_t capacity)
{
    const char *quote = take_token(at, "'") ? "'" : take_token(at, "\"") ? "\"" : NULL;
    if (!quote)
        return false;
    size_t n = strcspn(*at, quote);
    if ((*at)[n] == '\0' || n >= capacity)
        return false;
    memcpy(text, *at, n);
    text[n] = '\0';
    *at += n + 1;
    return true;
}

static bool take_shape(const char **at, dt_array *array)
{
    if (!take_token(at, "("))
        return false;
    while (!take_token(at, ")")) {
        if (array->rank == DT_ELEMENT_RANK || !isdigit((unsigned char)**at))
            return false;
        char *end;
        errno = 0;
        array->dims[array->rank++] = strtoll(*at, &end, 10);
        *at = end;
        if (errno)
            return false;
        take_token(at, "L"); /* Python 2 wrote long integers so */
        if (!take_token(at, ",") && **at != ')')
            return false;
    }
    return true;
}

static bool find_element(const char *descr, dt_element *element)
{
    bool ordered = *descr && strchr("<>|=", *descr);
    char order = ordered ? *descr : '=';
    const char *code = descr + ordered;
    static const char *const known[] = {"b1", "u1", "u2", "u4", "u8", "i1",
                                        "i2", "i4", "i8", "f2", "f4", "f8"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(code, known[i]) == 0) {
            element->kind = code[0] == 'b' ? 'i' : code[0]; /* uint8 would be scaled to 1/255 */
            element->size = code[1] - '0';
            element->big = order == '>' || (order != '<' && DT_ELEMENT_HOST_BIG);
            return true;
        }
    }
    return false;
}

static dt_code fail_damaged(const dt_array *array, dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s: its NPY header is damaged", array->source.path);
}

static dt_code take_descr(const char **at, dt_array *array, dt_error *err)
{
    const char *path = array->source.path;
    char descr[DESCR_ROOM];
    if (take_token(at, "["))
        return dt_fail(err, DT_ERR_DATA,
                       "%s: its elements are structures; only plain numbers can be converted",
                       path);
    if (!take_string(at, descr, sizeof descr))
        return fail_damaged(array, err);
    if (!find_element(descr, &array->element))
        return dt_fail(
            err, DT_ERR_DATA,
            "%s: element type \"%s\" cannot be converted (bool, integers and floats of up "
            "to 8 bytes can)",
            path, descr);
    return DT_OK;
}

static dt_code parse_header(const char *at, dt_array *array, dt_error *err)
{
    unsigned has = 0;
    if (!take_token(&at, "{"))
        return fail_damaged(array, err);
    while (!take_token(&at, "}")) {
        char key[DESCR_ROOM];
        if (!take_string(&at, key, sizeof key) || !take_token(&at, ":"))
            return fail_damaged(array, err);
        unsigned now = 0;
        if (strcmp(key, "descr") == 0) {
            dt_code code = take_descr(&at, array, err);
            if (code)
                return code;
            now = HAS_DESCR;
        } else if (strcmp(key, "fortran_order") == 0) {
            array->fortran = take_token(&at, "True");
            now = array->fortran || take_token(&at, "False") ? HAS_ORDER : 0;
        } else if (strcmp(key, "shape") == 0) {
            now = take_shape(&at, array) ? HAS_SHAPE : 0;
        }
        if (!now || has & now)
            return fail_damaged(array, err);
        has |= now;
        if (!take_token(&at, ",") && *at != '}')
            return fail_damaged(array, err);
    }
    return has == HAS_ALL ? DT_OK : fail_damaged(array, err);
}

dt_code dt_npy_header(dt_array *array, dt_error *err)
{
    const char *path = array->source.path;
    uint8_t rest[4]; /* "PY", major, minor */
    dt_code code = dt_array_header_bytes(array, rest, sizeof rest, err);
    if (code)
        return code;
    if (rest[0] != 'P' || rest[1] != 'Y')
        return fail_damaged(array, err);
    if (rest[2] < 1 || rest[2] > 3)
        return dt_fail(err, DT_ERR_DATA, "%s: NPY version %d is unknown (1, 2 and 3 are known)",
                       path, rest[2]);
    uint8_t b[4] = {0};
    code = dt_array_header_bytes(array, b, rest[2] == 1 ? 2 : 4, err);
    if (code)
        return code;
    int64_t length = (int64_t)b[3] << 24 | b[2] << 16 | b[1] << 8 | b[0];
    if (length > MAX_HEADER)
        return fail_damaged(array, err);
    char *text = calloc((size_t)length + 1, 1);
    if (!text)
        return dt_fail(err, DT_ERR_MEMORY, "%s: out of memory", path);
    code = dt_array_header_bytes(array, text, length, err);
    if (!code)
        code = parse_header(text, array, err);
    free(text);
    return code;
}
