#include "data/chunk_reader.h"

#include "core/memory.h"
#include "data/shape.h"
#include "file/fingerprint.h"
#include "file/h5.h"
#include "file/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE = 4 << 20,    /* bytes of a contiguous dataset that a thread reads at a time */
    DETACH_CHUNKS = 128 /* HDF5 1.10 goes through all chunks to find one */
};

/* Where a chunk lies in the file. */
typedef struct {
    int64_t offset, bytes;
    uint32_t skipped; /* mask of the filters that it did not go through */
} chunk_place;

struct dt_chunk_reader {
    const char *path, *name;    /* borrowed, for messages */
    hid_t set;                  /* borrowed */
    int fd;                     /* -1: HDF5 reads the bytes, or the reader is suspended */
    dt_fingerprint fingerprint; /* of the file, where there was an fd */
    bool is_shared;             /* the descriptor is another reader's */
    char *file;                 /* the file's path if the reader is detached; owned */
    chunk_place *places;        /* [chunks] of a detached reader; owned */
    dt_shape shape;
    hsize_t grid[H5S_MAX_RANK]; /* chunks along each dimension */
    int64_t chunks_in_row;      /* that rows are spread over */
    int run_dim;                /* dimensions behind this one are whole in every chunk */
    int64_t run_bytes;          /* of one step along it */
    int64_t shuffle_bytes;      /* of what the filter takes for a value */
    uint32_t shuffle, deflate;  /* bit of the filter in the mask of those skipped; 0: not used */
    bool bare_edges;            /* chunks that reach beyond the data went through no filter */
    int64_t offset;             /* of contiguous values */
    int64_t chunks_read;
};

/* ---- What can be read so -------------------------------------------------------------------- */

/* gzip, shuffle, or shuffle and then gzip. */
static bool inspect_filters(dt_chunk_reader *d, hid_t plist)
{
    int n = H5Pget_nfilters(plist);
    unsigned options = 0;
    for (int f = 0; f < n; f++) {
        unsigned flags, config, value = 0;
        size_t values = 1;
        H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)f, &flags, &values, &value, 0, NULL, &config);
        if (filter == H5Z_FILTER_SHUFFLE && !d->deflate && !d->shuffle && values == 1 &&
            value > 0) {
            d->shuffle = (uint32_t)1 << f;
            d->shuffle_bytes = value;
        } else if (filter == H5Z_FILTER_DEFLATE && !d->deflate) {
            d->deflate = (uint32_t)1 << f;
        } else {
            return false;
        }
    }
    d->bare_edges =
        H5Pget_chunk_opts(plist, &options) >= 0 && (options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
    return true;
}

static bool inspect_layout(dt_chunk_reader *d, bool plain_file)
{
    bool known = false;
    hid_t plist = H5Dget_create_plist(d->set);
    H5D_layout_t layout = H5Pget_layout(plist);
    if (layout == H5D_CONTIGUOUS && plain_file && H5Pget_external_count(plist) == 0) {
        haddr_t address = H5Dget_offset(d->set);
        hsize_t bytes = (hsize_t)(d->shape.rows * d->shape.row_bytes);
        d->offset = (int64_t)address;
        known = address <= INT64_MAX / 2 && H5Dget_storage_size(d->set) >= bytes;
    } else if (layout == H5D_CHUNKED) {
        known = inspect_filters(d, plist);
    }
    H5Pclose(plist);
    return known;
}

static void inspect_grid(dt_chunk_reader *d)
{
    const dt_shape *s = &d->shape;
    d->chunks_in_row = 1;
    for (int i = 0; i < s->dims; i++) {
        d->grid[i] = (s->dim[i] + s->chunk[i] - 1) / s->chunk[i];
        d->chunks_in_row *= i > 0 ? (int64_t)d->grid[i] : 1;
    }
    d->run_dim = s->dims - 1;
    d->run_bytes = s->value_bytes;
    for (; d->run_dim > 0 && s->chunk[d->run_dim] == s->dim[d->run_dim]; d->run_dim--)
        d->run_bytes *= (int64_t)s->dim[d->run_dim];
}

/* A file without a block of the user's before it. */
static bool is_plain_file(hid_t file)
{
    hid_t create = H5Fget_create_plist(file);
    hsize_t user = 0;
    bool plain = H5Pget_userblock(create, &user) >= 0 && user == 0;
    H5Pclose(create);
    return plain;
}

/* Where a chunk begins: chunk i, counted in the order of the rows from the one that holds a row. */
static void find_origin(const dt_chunk_reader *d, int64_t row, int64_t i,
                        hsize_t origin[H5S_MAX_RANK])
{
    for (int k = d->shape.dims - 1; k > 0; k--) {
        origin[k] = (hsize_t)i % d->grid[k] * d->shape.chunk[k];
        i /= (int64_t)d->grid[k];
    }
    origin[0] = ((hsize_t)row / d->shape.chunk[0] + (hsize_t)i) * d->shape.chunk[0];
}

static bool reaches_beyond(const dt_chunk_reader *d, const hsize_t *origin)
{
    for (int i = 0; i < d->shape.dims; i++)
        if (origin[i] + d->shape.chunk[i] > d->shape.dim[i])
            return true;
    return false;
}

/* The number of a chunk, by its origin. */
static int64_t number_of_chunk(const dt_chunk_reader *d, const hsize_t *origin)
{
    int64_t number = 0;
    for (int i = 0; i < d->shape.dims; i++)
        number = number * (int64_t)d->grid[i] + (int64_t)(origin[i] / d->shape.chunk[i]);
    return number;
}

/* Note where all chunks lie. False if they are too many, or one was never written. */
static bool find_places(dt_chunk_reader *d)
{
    int64_t n = (int64_t)d->grid[0] * d->chunks_in_row;
    dt_error none = {0};
    if (n > DETACH_CHUNKS)
        return false;
    d->places = dt_alloc(n, sizeof *d->places, "the places of chunks", &none);
    for (int64_t i = 0; i < n && d->places; i++) {
        hsize_t origin[H5S_MAX_RANK], bytes = 0;
        haddr_t address = HADDR_UNDEF;
        unsigned skipped = 0;
        find_origin(d, 0, i, origin);
        if (H5Dget_chunk_info_by_coord(d->set, origin, &skipped, &address, &bytes) < 0 ||
            address > INT64_MAX / 2 || bytes == 0 || bytes > INT64_MAX / 2)
            return false;
        if (d->bare_edges && reaches_beyond(d, origin))
            skipped = UINT32_MAX;
        d->places[number_of_chunk(d, origin)] =
            (chunk_place){(int64_t)address, (int64_t)bytes, skipped};
    }
    return d->places != NULL;
}

/* Make the reader one that needs no open dataset, if that is possible. */
static void detach(dt_chunk_reader *d, hid_t file)
{
    char path[PATH_MAX];
    if (H5Fget_name(file, path, sizeof path) <= 0)
        return;
    if (d->shape.chunked && (!is_plain_file(file) || !find_places(d)))
        return;
    if (d->fd < 0 && (d->fd = dt_reader_descriptor(file)) >= 0)
        dt_fingerprint_take(&d->fingerprint, d->fd);
    if (d->fd >= 0)
        d->file = strdup(path);
    if (!d->file) {
        free(d->places);
        d->places = NULL;
    }
}

dt_code dt_chunk_reader_open(dt_chunk_reader **direct, const char *path, const char *name,
                             hid_t set, bool wants_detached, dt_error *err)
{
    dt_chunk_reader *d = calloc(1, sizeof *d);
    *direct = NULL;
    if (!d)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for opening %s", path);
    *d = (dt_chunk_reader){.path = path, .name = name, .set = set, .fd = -1};
    if (dt_shape_read(&d->shape, set, path, name, err)) {
        dt_chunk_reader_close(d);
        return err->code;
    }
    hid_t own = H5Iget_file_id(set); /* an external link may have led to another file than path */
    bool known =
        d->shape.dims > 0 && d->shape.row_bytes > 0 && inspect_layout(d, is_plain_file(own));
    if (known && d->shape.chunked) {
        inspect_grid(d);
    } else if (known) {
        d->fd = dt_reader_descriptor(own);
        known = d->fd >= 0;
        if (known)
            dt_fingerprint_take(&d->fingerprint, d->fd);
    }
    if (known && wants_detached)
        detach(d, own);
    H5Fclose(own);
    H5Eclear2(H5E_DEFAULT);
    if (known)
        *direct = d;
    else
        dt_chunk_reader_close(d);
    return DT_OK;
}

void dt_chunk_reader_close(dt_chunk_reader *d)
{
    if (!d)
        return;
    if (d->fd >= 0 && !d->is_shared)
        close(d->fd);
    free(d->places);
    free(d->file);
    free(d);
}

/* ---- Without an open dataset ---------------------------------------------------------------- */

bool dt_chunk_reader_is_detached(const dt_chunk_reader *d)
{
    return d->file != NULL;
}

void dt_chunk_reader_suspend(dt_chunk_reader *d)
{
    if (d->file && d->fd >= 0) {
        if (!d->is_shared)
            close(d->fd);
        d->fd = -1;
        d->is_shared = false;
    }
    d->set = -1;
}

bool dt_chunk_reader_share(dt_chunk_reader *d, const dt_chunk_reader *other)
{
    if (!d->file || !other->file || d->fd >= 0 || other->fd < 0 ||
        strcmp(d->file, other->file) != 0)
        return false;
    d->fd = other->fd;
    d->is_shared = true;
    return true;
}

dt_code dt_chunk_reader_resume(dt_chunk_reader *d, hid_t set, dt_error *err)
{
    d->set = set;
    if (!d->file || d->fd >= 0)
        return DT_OK;
    d->fd = open(d->file, O_RDONLY | O_CLOEXEC);
    if (d->fd < 0)
        return dt_fail(err, DT_ERR_DATA, "%s: cannot be opened any more: %s", d->path,
                       strerror(errno));
    const char *why = dt_fingerprint_compare(&d->fingerprint, d->fd);
    return why ? dt_fail(err, DT_ERR_DATA, "%s: \"%s\": %s", d->path, d->name, why) : DT_OK;
}

int64_t dt_chunk_reader_count(const dt_chunk_reader *d)
{
    return d->chunks_read;
}

/* ---- Bytes of the file ---------------------------------------------------------------------- */

/* Beside 0 and the numbers of errno. ABSENT: HDF5 does not give the chunk, mostly as it was never
 * written; HDF5 itself then fills in the values, or says why. */
enum { CUT_SHORT = -1, NO_MEMORY = -2, DAMAGED = -3, ABSENT = -4 };

/* Returns 0, an errno, or CUT_SHORT. */
static int read_all(int fd, char *out, int64_t n, int64_t offset)
{
    while (n > 0) {
        ssize_t got = pread(fd, out, (size_t)n, (off_t)offset);
        if (got == 0)
            return CUT_SHORT;
        if (got < 0 && errno != EINTR)
            return errno;
        if (got > 0) {
            out += got;
            n -= got;
            offset += got;
        }
    }
    return 0;
}

static dt_code read_failed(const dt_chunk_reader *d, int64_t row, int64_t n, int number,
                           dt_error *err)
{
    const char *why = number == CUT_SHORT   ? "the file has been cut short since it was opened"
                      : number == DAMAGED   ? "a chunk's gzip data cannot be inflated"
                      : number == NO_MEMORY ? "out of memory for its chunks"
                                            : strerror(number);
    return dt_fail(err, number == NO_MEMORY ? DT_ERR_MEMORY : DT_ERR_DATA,
                   "%s: cannot read rows %lld to %lld of \"%s\": %s", d->path, (long long)row,
                   (long long)(row + n - 1), d->name, why);
}

/* After a read past HDF5: the file is the one that was opened. */
static dt_code check_same(const dt_chunk_reader *d, int64_t row, int64_t n, dt_error *err)
{
    const char *why = dt_fingerprint_compare(&d->fingerprint, d->fd);
    return why ? dt_fail(err, DT_ERR_DATA, "%s: cannot read rows %lld to %lld of \"%s\": %s",
                         d->path, (long long)row, (long long)(row + n - 1), d->name, why)
               : DT_OK;
}

static dt_code read_contiguous(dt_chunk_reader *d, int64_t row, int64_t n, char *out, dt_error *err)
{
    int64_t bytes = n * d->shape.row_bytes, begin = d->offset + row * d->shape.row_bytes;
    int failed = 0;
#pragma omp parallel for schedule(dynamic) if (bytes > PIECE)
    for (int64_t i = 0; i < bytes; i += PIECE) {
        int number = read_all(d->fd, out + i, bytes - i < PIECE ? bytes - i : PIECE, begin + i);
        if (number) {
#pragma omp atomic write
            failed = number;
        }
    }
    return failed ? read_failed(d, row, n, failed, err) : check_same(d, row, n, err);
}

/* ---- Chunks --------------------------------------------------------------------------------- */

/* Undo HDF5's shuffle filter: the first bytes of all values, then the second ones, and so on. What
 * is left over after whole values stays as it is. */
static void unshuffle(const uint8_t *restrict in, int64_t bytes, int64_t size,
                      uint8_t *restrict out)
{
    int64_t n = bytes / size;
    if (n < 2 || size == 1)
        n = 0; /* nothing was moved */
    else if (size == 4)
        for (int64_t i = 0; i < n; i++)
            for (int64_t b = 0; b < 4; b++)
                out[i * 4 + b] = in[b * n + i];
    else
        for (int64_t b = 0; b < size; b++)
            for (int64_t i = 0; i < n; i++)
                out[i * size + b] = in[b * n + i];
    memcpy(out + n * size, in + n * size, (size_t)(bytes - n * size));
}

/* A thread's room for one chunk on its way. */
typedef struct {
    uint8_t *file, *values, *spare; /* as it is in the file, [chunk_bytes], [chunk_bytes] */
    int64_t capacity;               /* of file */
    struct libdeflate_decompressor *unpacker;
} chunk_buffer;

static void buffer_close(chunk_buffer *k)
{
    free(k->file);
    free(k->values);
    free(k->spare);
    if (k->unpacker)
        libdeflate_free_decompressor(k->unpacker);
}

static bool buffer_open(chunk_buffer *k, const dt_chunk_reader *d)
{
    dt_error none = {0};
    *k = (chunk_buffer){.values = dt_alloc(d->shape.chunk_bytes, 1, "a chunk", &none),
                        .spare = dt_alloc(d->shape.chunk_bytes, 1, "a chunk", &none),
                        .unpacker = libdeflate_alloc_decompressor()};
    return k->values && k->spare && k->unpacker;
}

/* Make room for a chunk in k->file. */
static bool reserve(chunk_buffer *k, int64_t bytes)
{
    dt_error none = {0};
    if (bytes > k->capacity) {
        free(k->file);
        k->capacity = bytes;
        k->file = dt_alloc(bytes, 1, "a chunk", &none);
    }
    return k->file != NULL;
}

/* The same as fetch_chunk, of a detached reader. */
static int fetch_place(const dt_chunk_reader *d, const hsize_t *origin, chunk_buffer *k,
                       hsize_t *bytes, uint32_t *skipped)
{
    const chunk_place *place = &d->places[number_of_chunk(d, origin)];
    *bytes = (hsize_t)place->bytes;
    *skipped = place->skipped;
    if (!reserve(k, place->bytes))
        return NO_MEMORY;
    return read_all(d->fd, (char *)k->file, place->bytes, place->offset);
}

/* One chunk as the file has it, into k->file. HDF5 finds it in a tree; asking for its address, to
 * read it without HDF5, goes through all chunks of the dataset for each. Returns 0 or what
 * read_failed takes.
 *   bytes    [out] read
 *   skipped  [out] mask of the filters that it did not go through */
static int fetch_chunk(const dt_chunk_reader *d, const hsize_t *origin, chunk_buffer *k,
                       hsize_t *bytes, uint32_t *skipped)
{
    *bytes = 0;
    if (H5Dget_chunk_storage_size(d->set, origin, bytes) < 0 || *bytes == 0)
        return ABSENT;
    if (!reserve(k, (int64_t)*bytes))
        return NO_MEMORY;
    if (H5Dread_chunk(d->set, H5P_DEFAULT, origin, skipped, k->file) < 0)
        return ABSENT;
    if (d->bare_edges && reaches_beyond(d, origin))
        *skipped = UINT32_MAX;
    return 0;
}

/* The values of one chunk. Returns 0 or what read_failed takes. */
static int unpack_chunk(const dt_chunk_reader *d, const hsize_t *origin, chunk_buffer *k,
                        const uint8_t **values)
{
    hsize_t bytes;
    uint32_t skipped = 0;
    int number;
    if (d->places) {
        number = fetch_place(d, origin, k, &bytes, &skipped);
    } else {
        dt_h5_lock();
        number = fetch_chunk(d, origin, k, &bytes, &skipped);
        dt_h5_unlock();
    }
    if (number)
        return number;
    const uint8_t *at = k->file;
    if (d->deflate & ~skipped) {
        if (libdeflate_zlib_decompress(k->unpacker, k->file, bytes, k->values,
                                       (size_t)d->shape.chunk_bytes, NULL) != LIBDEFLATE_SUCCESS)
            return DAMAGED;
        at = k->values;
    } else if ((int64_t)bytes != d->shape.chunk_bytes) {
        return DAMAGED;
    }
    *values = at;
    if (d->shuffle & ~skipped) {
        uint8_t *to = at == k->values ? k->spare : k->values;
        unshuffle(at, d->shape.chunk_bytes, d->shuffle_bytes, to);
        *values = to;
    }
    return 0;
}

/* Copy what a chunk has of rows [row, row + n) to out, in runs along one dimension. */
static void copy_chunk(const dt_chunk_reader *d, const hsize_t *origin, const uint8_t *values,
                       int64_t row, int64_t n, char *out)
{
    int last = d->run_dim;
    hsize_t begin[H5S_MAX_RANK] = {0}, end[H5S_MAX_RANK] = {0}, at[H5S_MAX_RANK];
    for (int i = 0; i <= last; i++) {
        hsize_t low = i == 0 ? (hsize_t)row : 0,
                high = i == 0 ? (hsize_t)(row + n) : d->shape.dim[i];
        begin[i] = at[i] = origin[i] > low ? origin[i] : low;
        end[i] = origin[i] + d->shape.chunk[i] < high ? origin[i] + d->shape.chunk[i] : high;
    }
    size_t run = (size_t)((end[last] - begin[last]) * (hsize_t)d->run_bytes);
    for (;;) {
        hsize_t from = 0, to = 0;
        for (int i = 0; i <= last; i++) {
            from = from * d->shape.chunk[i] + (at[i] - origin[i]);
            to = to * (i == 0 ? 1 : d->shape.dim[i]) + (i == 0 ? at[i] - (hsize_t)row : at[i]);
        }
        memcpy(out + to * (hsize_t)d->run_bytes, values + from * (hsize_t)d->run_bytes, run);
        int i = last - 1;
        for (; i >= 0 && ++at[i] == end[i]; i--)
            at[i] = begin[i];
        if (i < 0)
            return;
    }
}

static int read_chunk(const dt_chunk_reader *d, int64_t row, int64_t n, int64_t i, chunk_buffer *k,
                      char *out)
{
    hsize_t origin[H5S_MAX_RANK];
    const uint8_t *values = NULL;
    find_origin(d, row, i, origin);
    int number = unpack_chunk(d, origin, k, &values);
    if (number == 0)
        copy_chunk(d, origin, values, row, n, out);
    return number;
}

/* Returns 0 or what read_failed takes. */
static int read_chunks(dt_chunk_reader *d, int64_t row, int64_t n, char *out)
{
    int64_t along = (int64_t)d->shape.chunk[0], done = 0;
    int64_t count = ((row + n - 1) / along - row / along + 1) * d->chunks_in_row;
    int failed = 0;
#pragma omp parallel if (count > 1) reduction(+ : done)
    {
        chunk_buffer k;
        bool ready = buffer_open(&k, d);
#pragma omp for schedule(dynamic)
        for (int64_t i = 0; i < count; i++) {
            int stop;
#pragma omp atomic read
            stop = failed;
            int number = stop ? stop : ready ? read_chunk(d, row, n, i, &k, out) : NO_MEMORY;
            done += number == 0;
            if (number != 0) {
#pragma omp atomic write
                failed = number;
            }
        }
        buffer_close(&k);
    }
    d->chunks_read += done;
    return failed;
}

dt_code dt_chunk_reader_read(dt_chunk_reader *d, int64_t row, int64_t n, void *out, bool *done,
                             dt_error *err)
{
    *done = true;
    if (n == 0)
        return DT_OK;
    if (!d->shape.chunked)
        return read_contiguous(d, row, n, out, err);
    int number = read_chunks(d, row, n, out);
    *done = number != ABSENT;
    if (number && *done)
        return read_failed(d, row, n, number, err);
    return d->places ? check_same(d, row, n, err) : DT_OK;
}
