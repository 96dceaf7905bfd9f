/* IDX and NPY files, gzipped or not, as convert reads them: x is the input, y has three rows. */
#include "fuzz/fuzz.h"

#include <dtrain/convert.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    dt_error err = {0};
    fuzz_enter_folder();
    fuzz_put_file("y", (const uint8_t *)"\0\0\x08\x01\0\0\0\x03\2\0\1", 11);
    fuzz_put_file("x", bytes, n);
    dt_convert_arrays("x", "y", "out.h5", &err);
    return 0;
}

static size_t put_npy(uint8_t *bytes, const char *dict, size_t values)
{
    size_t n = strlen(dict);
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (uint8_t)n;
    bytes[9] = 0;
    memcpy(bytes + 10, dict, n);
    for (size_t i = 0; i < values; i++)
        bytes[10 + n + i] = (uint8_t)i;
    return 10 + n + values;
}

static size_t pack(uint8_t *bytes, size_t n)
{
    static uint8_t packed[FUZZ_ROOM];
    z_stream s = {
        .next_in = bytes, .avail_in = (unsigned)n, .next_out = packed, .avail_out = FUZZ_ROOM};
    if (deflateInit2(&s, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&s, Z_FINISH) != Z_STREAM_END)
        fuzz_fail("cannot pack");
    memcpy(bytes, packed, s.total_out);
    n = s.total_out;
    deflateEnd(&s);
    return n;
}

size_t fuzz_seed(int i, uint8_t *bytes)
{
    static const uint8_t idx[] = {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6};
    size_t n;
    switch (i) {
    case 0:
        memcpy(bytes, idx, sizeof idx);
        return sizeof idx;
    case 1:
        return put_npy(bytes, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", 24);
    case 2:
        return put_npy(bytes, "{'descr': '>i2', 'fortran_order': True, 'shape': (3, 2, 2), }", 24);
    case 3:
        return put_npy(bytes, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }\n", 3);
    case 4:
        memcpy(bytes, idx, sizeof idx);
        return pack(bytes, sizeof idx);
    case 5:
        n = pack(bytes,
                 put_npy(bytes, "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }", 48));
        memcpy(bytes + n, "\0\0\0\0", 4);
        return n + 4;
    case 6: { /* of two members */
        memcpy(bytes, idx, 14);
        n = pack(bytes, 14);
        memcpy(bytes + n, idx + 14, 4);
        return n + pack(bytes + n, 4);
    }
    default:
        return 0;
    }
}
