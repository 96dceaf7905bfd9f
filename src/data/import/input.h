/* Reads the bytes of a file, plain or gzipped, from front to back. For zlib's gzread, a damaged
 * later member of a gzip file, or other bytes behind a member, are the end of the data; here they
 * are an error. Not collective. */
#ifndef DT_DATA_IMPORT_INPUT_H
#define DT_DATA_IMPORT_INPUT_H

#include <dtrain/status.h>

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

typedef struct {
    const char *path;      /* borrowed */
    bool is_open;          /* fd and buffer are to be freed */
    int fd;                /* of the file, packed or not */
    unsigned char *buffer; /* its bytes [at, have) are not used yet */
    int64_t at, have;
    bool at_end;    /* the file has no bytes behind the buffer */
    bool is_packed; /* it is gzip, by its first bytes */
    bool in_member; /* the next byte of the file belongs to a gzip member that has begun */
    z_stream stream;
    int64_t offset; /* of the next byte, in the unpacked stream */
} dt_input;

/* Open a file; a folder is an error. */
dt_code dt_input_open(dt_input *source, const char *path, dt_error *err);

/* Read n bytes into data, or fewer if the stream ends.
 *   got  [out] how many
 * It is an error if a gzip stream is cut short, damaged, or followed by other bytes than zeros. Any
 * read up to the one at the end may find it. */
dt_code dt_input_read(dt_input *source, void *data, int64_t n, int64_t *got, dt_error *err);

/* The number of bytes; -1 if it is unknown without reading: gzip, or not a regular file. */
int64_t dt_input_size(const dt_input *source);

/* Go to an offset of the unpacked stream. To go backwards in a gzip stream, it is unpacked again.
 * The next read finds an offset behind the end. */
dt_code dt_input_seek(dt_input *source, int64_t offset, dt_error *err);

/* Also for an input that is closed or all zero. */
void dt_input_close(dt_input *source);

#endif
