/* Bytes of an input file, plain or gzipped, front to back. Nothing here is collective. */
#ifndef DT_DATA_IMPORT_INPUT_H
#define DT_DATA_IMPORT_INPUT_H

#include <dtrain/status.h>

#include <stdint.h>
#include <zlib.h>

typedef struct {
    const char *path; /* borrowed */
    gzFile file;
    int64_t offset; /* of the next byte, in the unpacked stream */
} dt_input;

dt_code dt_input_open(dt_input *source, const char *path, dt_error *err);

/* Read n bytes into data, fewer only where the stream ends; *got says how many. A gzip stream that
 * is cut short or damaged is an error, which may come with any read up to the one that finds the
 * end. */
dt_code dt_input_read(dt_input *source, void *data, int64_t n, int64_t *got, dt_error *err);

/* The bytes of the file, or -1 if that cannot be known without reading: gzipped, or no regular
 * file. Call it after the first read. */
int64_t dt_input_size(const dt_input *source);

/* Go on at an offset of the unpacked stream; backwards in a gzip stream unpacks it again. An offset
 * past the end shows in the next read. */
dt_code dt_input_seek(dt_input *source, int64_t offset, dt_error *err);

/* Safe on a source that is closed or all zero. */
void dt_input_close(dt_input *source);

#endif
