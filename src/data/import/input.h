/* Bytes of an input file, plain or gzipped, front to back. zlib's own gzread takes a later member
 * of a gzip file that is damaged, or anything else behind a member, for the end of the data; here
 * that is an error. Nothing here is collective. */
#ifndef DT_DATA_IMPORT_INPUT_H
#define DT_DATA_IMPORT_INPUT_H

#include <dtrain/status.h>

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

typedef struct {
    const char *path;      /* borrowed */
    bool is_open;          /* fd and buffer are to be given back */
    int fd;                /* of the file as it is */
    unsigned char *buffer; /* bytes of the file that are not used yet: [at, have) */
    int64_t at, have;
    bool at_end;    /* the file has no bytes behind the buffer */
    bool is_packed; /* gzip: known from the first bytes */
    bool in_member; /* the next byte of the file belongs to a gzip member that has begun */
    z_stream stream;
    int64_t offset; /* of the next byte, in the unpacked stream */
} dt_input;

/* Open a file; a folder is an error. */
dt_code dt_input_open(dt_input *source, const char *path, dt_error *err);

/* Read n bytes into data, fewer only where the stream ends; *got says how many. A gzip stream that
 * is cut short, damaged, or followed by anything but zeros is an error, which may come with any
 * read up to the one that finds the end. */
dt_code dt_input_read(dt_input *source, void *data, int64_t n, int64_t *got, dt_error *err);

/* The bytes of the file, or -1 if that cannot be known without reading: gzipped, or no regular
 * file. */
int64_t dt_input_size(const dt_input *source);

/* Go on at an offset of the unpacked stream; backwards in a gzip stream unpacks it again. An offset
 * past the end shows in the next read. */
dt_code dt_input_seek(dt_input *source, int64_t offset, dt_error *err);

/* Safe on a source that is closed or all zero. */
void dt_input_close(dt_input *source);

#endif
