#include "data/columns.h"

#include "comm/comm.h"
#include "core/memory.h"
#include "core/minmax.h"
#include "core/split.h"
#include "data/columns_internal.h"
#include "file/h5.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* ---- Which files are open ------------------------------------------------------------------- */

/* A share of the descriptors that the process may have. x, y and weights, of training and of
 * validation, have files of their own, and HDF5 and a reader have a descriptor each. */
static int64_t choose_max_open(int datasets)
{
    enum { KINDS = 6, MIN_OPEN = 2, MAX_OPEN = 1024, OTHERS = 64 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return MIN_OPEN;
    int64_t all = limit.rlim_cur > 1 << 20 ? 1 << 20 : (int64_t)limit.rlim_cur;
    int64_t open = (all - OTHERS) / KINDS / (datasets + 1);
    return dt_max(MIN_OPEN, dt_min(MAX_OPEN, open));
}

/* Close the file that nobody has used for the longest time. */
static void close_oldest(dt_columns *c)
{
    int64_t oldest = -1;
    for (int64_t k = 0; k < c->open; k++) {
        const dt_listed_file *f = &c->file[c->opened[k]];
        if (f->users == 0 && (oldest < 0 || f->used < c->file[c->opened[oldest]].used))
            oldest = k;
    }
    if (oldest >= 0) {
        dt_listed_file *f = &c->file[c->opened[oldest]];
        dt_column_file_suspend(&f->file);
        f->is_open = false;
        c->opened[oldest] = c->opened[--c->open];
    }
}

/* Before a file is opened: room for its number. */
static dt_code reserve_open(dt_columns *c, dt_error *err)
{
    if (c->open < c->opened_capacity)
        return DT_OK;
    int64_t capacity = 2 * c->opened_capacity + 8;
    int64_t *larger = realloc(c->opened, (size_t)capacity * sizeof *larger);
    if (!larger)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for opening %s", c->files->text);
    c->opened = larger;
    c->opened_capacity = capacity;
    return DT_OK;
}

/* A file that was opened last turns out to be another than was expected. */
static void forget_file(dt_columns *c, int64_t i)
{
    dt_column_file_close(&c->file[i].file);
    c->file[i].is_known = c->file[i].is_open = false;
    c->open--;
}

static dt_code check_rows(const dt_columns *c, int64_t i, dt_error *err)
{
    const dt_column_file *f = &c->file[i].file;
    int64_t rows = c->begin[i + 1] - c->begin[i];
    if (f->rows != rows || f->width != c->info.width)
        return dt_fail(err, DT_ERR_DATA, "%s: another rank finds %lld rows in it, this one %lld",
                       f->path, (long long)rows, (long long)f->rows);
    return DT_OK;
}

/* The caller holds the lock of the columns and that of HDF5. */
static dt_code open_file(dt_columns *c, int64_t i, bool trusted, dt_error *err)
{
    dt_listed_file *f = &c->file[i];
    dt_column_file_spec spec = {&c->spec, &c->selection, trusted, c->files->n > 1};
    while (c->open >= c->max_open) {
        int64_t open = c->open;
        close_oldest(c);
        if (c->open == open)
            break; /* threads use them all */
    }
    if (reserve_open(c, err))
        return err->code;
    if (f->is_known)
        dt_column_file_resume(&f->file, err);
    else
        dt_column_file_open(&f->file, c->files->path[i], &spec, err);
    f->is_known = f->is_open = !err->code;
    if (err->code)
        dt_column_file_close(&f->file); /* it must not pass for an open one later */
    else
        c->opened[c->open++] = i;
    return err->code;
}

const dt_column_file *dt_columns_take(dt_columns *c, int64_t i, dt_error *err)
{
    pthread_mutex_lock(&c->lock);
    dt_listed_file *f = &c->file[i];
    if (!f->is_open) {
        bool was_known = f->is_known;
        dt_h5_lock();
        if (!open_file(c, i, true, err) && !was_known && check_rows(c, i, err))
            forget_file(c, i);
        dt_h5_unlock();
    }
    f->users += !err->code;
    f->used = ++c->clock;
    pthread_mutex_unlock(&c->lock);
    return err->code ? NULL : &f->file;
}

void dt_columns_give_back(dt_columns *c, int64_t i)
{
    pthread_mutex_lock(&c->lock);
    c->file[i].users--;
    pthread_mutex_unlock(&c->lock);
}

/* ---- Opening -------------------------------------------------------------------------------- */

/* A name that is a dataset of the first file is taken as it is, also with a comma in it. */
static dt_code parse_names(dt_columns *c, hid_t file, dt_error *err)
{
    if (file >= 0 && strpbrk(c->names, ",[") && dt_column_file_has(file, c->names))
        return dt_selection_of_dataset(&c->selection, c->names, err);
    return dt_selection_parse(&c->selection, c->option, c->names, err);
}

/* The first file says what the columns are. */
static dt_code open_first(dt_columns *c, bool trusted, dt_error *err)
{
    const char *path = c->files->path[0];
    hid_t file = strpbrk(c->names, ",[") ? dt_h5_open(path, err) : -1;
    if (!err->code)
        parse_names(c, file, err);
    if (file >= 0)
        H5Fclose(file);
    if (err->code || open_file(c, 0, trusted, err))
        return err->code;
    const dt_column_file *f = &c->file[0].file;
    c->file[0].users = 1; /* it stays open: its attributes are read later */
    c->max_open = choose_max_open(f->arrays);
    c->info = (dt_columns_info){.name = c->names,
                                .rows = f->rows,
                                .width = f->width,
                                .is_integer = f->is_integer,
                                .is_bytes = f->is_bytes,
                                .is_text = f->is_text,
                                .has_missing = f->has_missing,
                                .chunk_rows = f->chunk_rows};
    c->begin[1] = f->rows;
    return DT_OK;
}

static const char *kind_of(const dt_column_file *f)
{
    return f->is_text ? "strings" : f->is_bytes ? "uint8" : f->is_integer ? "integers" : "floats";
}

/* Whether the columns of a file are those of the first one. */
static dt_code compare_file(dt_columns *c, const dt_column_file *f, dt_error *err)
{
    const dt_column_file *first = &c->file[0].file;
    bool same_kind = f->is_text == first->is_text && f->is_bytes == first->is_bytes &&
                     (f->is_integer == first->is_integer || !c->spec.text);
    if (f->width != first->width)
        return dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" has %lld columns, but %lld in %s", f->path,
                       c->names, (long long)f->width, (long long)first->width, first->path);
    if (!same_kind)
        return dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" holds %s, but %s in %s", f->path, c->names,
                       kind_of(f), kind_of(first), first->path);
    return dt_columns_compare_names(c, f, err);
}

/* Inspect this rank's part of the files. */
static dt_code inspect_files(dt_columns *c, int rank, int ranks, dt_error *err)
{
    int64_t n = c->files->n, begin = n * rank / ranks, end = n * (rank + 1) / ranks;
    for (int64_t i = dt_max(begin, 1); i < end && !err->code; i++)
        if (!open_file(c, i, false, err) && !compare_file(c, &c->file[i].file, err)) {
            c->begin[i + 1] = c->file[i].file.rows;
            c->info.chunk_rows = dt_max(c->info.chunk_rows, c->file[i].file.chunk_rows);
            c->info.has_missing = c->info.has_missing || c->file[i].file.has_missing;
        }
    return err->code;
}

/* Chunks begin anew in each file. Where that is not at multiples of their size, what is read
 * together is a power of two of rows, not less than a chunk. */
static int64_t common_chunk(const dt_columns *c)
{
    int64_t chunk = c->info.chunk_rows, power = 1;
    bool aligned = true;
    for (int64_t i = 1; i < c->files->n; i++)
        aligned = aligned && c->begin[i] % chunk == 0;
    while (power < chunk)
        power *= 2;
    return aligned ? chunk : power;
}

/* From the rows of each file, which one rank has of it, to where each begins. */
static dt_code share_rows(dt_columns *c, const dt_world *world, dt_error *err)
{
    int64_t known[] = {c->info.chunk_rows, c->info.has_missing};
    if (world && world->rank != 0)
        c->begin[1] = 0; /* rank 0 has told it */
    if (world) {
        dt_sum_int64(world, c->begin, c->files->n + 1);
        dt_max_int64(world, known, 2);
    }
    c->info.chunk_rows = known[0];
    c->info.has_missing = known[1];
    for (int64_t i = 0; i < c->files->n; i++)
        if (__builtin_add_overflow(c->begin[i], c->begin[i + 1], &c->begin[i + 1]) ||
            c->begin[i + 1] > INT64_MAX / 16 / c->info.width)
            return dt_fail(err, DT_ERR_DATA, "%s: too many rows", c->files->text);
    c->info.rows = c->begin[c->files->n];
    c->info.chunk_rows = common_chunk(c);
    return DT_OK;
}

static dt_columns *create_columns(const dt_file_list *files, const dt_columns_spec *spec,
                                  dt_error *err)
{
    dt_columns *c = calloc(1, sizeof *c);
    if (!c) {
        dt_fail(err, DT_ERR_MEMORY, "out of memory for opening %s", files->text);
        return NULL;
    }
    pthread_mutex_init(&c->lock, NULL);
    *c = (dt_columns){.lock = c->lock,
                      .spec = *spec,
                      .names = strdup(spec->names),
                      .option = strdup(spec->option),
                      .files = files,
                      .file = calloc((size_t)files->n, sizeof *c->file),
                      .begin = calloc((size_t)files->n + 1, sizeof *c->begin),
                      .max_open = 1};
    if (!c->names || !c->option || !c->file || !c->begin)
        dt_fail(err, DT_ERR_MEMORY, "out of memory for opening %s", files->text);
    for (int64_t i = 0; c->file && i < files->n; i++)
        c->file[i].file.file = -1;
    return c;
}

/* One process alone, or all ranks: first rank 0 opens the first file, then each rank does. */
static dt_code open_columns(dt_columns *c, const dt_world *world, dt_error *err)
{
    int rank = world ? world->rank : 0, ranks = world ? world->size : 1;
    if (rank == 0 && !err->code)
        open_first(c, false, err);
    if (world ? dt_world_agree(world, err) : err->code)
        return err->code;
    if (rank != 0)
        open_first(c, true, err);
    if (world && ranks > 1 && dt_world_agree(world, err))
        return err->code;
    inspect_files(c, rank, ranks, err);
    if (world ? dt_world_agree(world, err) : err->code)
        return err->code;
    return share_rows(c, world, err);
}

dt_code dt_columns_open(dt_columns **columns, const dt_world *world, const dt_file_list *files,
                        const dt_columns_spec *spec, dt_error *err)
{
    dt_columns *c = create_columns(files, spec, err);
    *columns = c;
    if (c)
        open_columns(c, world, err);
    else if (world)
        dt_world_agree(world, err);
    if (err->code) {
        dt_columns_close(c);
        *columns = NULL;
    }
    return err->code;
}

void dt_columns_close(dt_columns *c)
{
    if (!c)
        return;
    for (int64_t i = 0; c->file && i < c->files->n; i++)
        dt_column_file_close(&c->file[i].file);
    dt_selection_free(&c->selection);
    pthread_mutex_destroy(&c->lock);
    free(c->file);
    free(c->opened);
    free(c->begin);
    free(c->names);
    free(c->option);
    free(c);
}

const dt_columns_info *dt_columns_get_info(const dt_columns *c)
{
    return &c->info;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* The file that a row is in. */
static int64_t find_file(const dt_columns *c, int64_t row)
{
    return dt_find_part(c->begin, c->files->n, row);
}

dt_code dt_columns_read(dt_columns *c, int64_t row, int64_t n, dt_values values, void *out,
                        dt_error *err)
{
    int64_t row_bytes = c->info.width * dt_values_bytes(values);
    for (int64_t at = row, end, i = find_file(c, row); at < row + n && !err->code; at = end, i++) {
        end = dt_min(row + n, c->begin[i + 1]);
        const dt_column_file *f = dt_columns_take(c, i, err);
        if (!f)
            break;
        dt_column_file_read(f, at - c->begin[i], end - at, values,
                            (char *)out + (at - row) * row_bytes, err);
        dt_columns_give_back(c, i);
    }
    return err->code;
}

/* A visitor that is told the rows of the data set, not those of a file. */
typedef struct {
    dt_text_visitor *visit;
    void *data;
    int64_t begin;
} shifted_visitor;

static void visit_shifted(int64_t row, const char *text, void *data)
{
    const shifted_visitor *s = data;
    s->visit(s->begin + row, text, s->data);
}

dt_code dt_columns_visit(dt_columns *c, int64_t row, int64_t n, dt_text_visitor *visit, void *data,
                         dt_error *err)
{
    for (int64_t at = row, end, i = find_file(c, row); at < row + n && !err->code; at = end, i++) {
        shifted_visitor shifted = {visit, data, c->begin[i]};
        end = dt_min(row + n, c->begin[i + 1]);
        const dt_column_file *f = dt_columns_take(c, i, err);
        if (!f)
            break;
        dt_column_view_visit(&f->view[0], at - c->begin[i], end - at, visit_shifted, &shifted, err);
        dt_columns_give_back(c, i);
    }
    return err->code;
}

dt_columns_place dt_columns_find(const dt_columns *c, int64_t row, int64_t column)
{
    int64_t i = find_file(c, row);
    const dt_column_file *f = c->file[i].is_known ? &c->file[i].file : &c->file[0].file;
    dt_columns_place place = {c->files->path[i], c->names, row - c->begin[i], column};
    for (int v = 0; v < f->views; v++) {
        if (column < f->view[v].width) {
            place.name = f->label[v];
            place.column = column + f->view[v].first;
            break;
        }
        column -= f->view[v].width;
    }
    return place;
}

dt_code dt_columns_check_rows(const dt_columns *x, const dt_columns *y, dt_error *err)
{
    bool same_files = x->files == y->files;
    for (int64_t i = 0; i < x->files->n && same_files; i++) {
        long long in_x = x->begin[i + 1] - x->begin[i], in_y = y->begin[i + 1] - y->begin[i];
        if (in_x != in_y)
            return dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" has %lld rows but \"%s\" has %lld",
                           x->files->path[i], x->names, in_x, y->names, in_y);
    }
    if (x->info.rows != y->info.rows)
        return dt_fail(err, DT_ERR_SHAPE, "%s: \"%s\" has %lld rows but \"%s\" of %s has %lld",
                       x->files->text, x->names, (long long)x->info.rows, y->names, y->files->text,
                       (long long)y->info.rows);
    return DT_OK;
}

const int64_t *dt_columns_begin(const dt_columns *c, int64_t *files)
{
    *files = c->files->n;
    return c->begin;
}

/* Whether two paths of HDF5 are the same: "x", "/x" and "./x" are. */
static bool is_same_path(const char *a, const char *b)
{
    a += strspn(a, "./");
    b += strspn(b, "./");
    return strcmp(a, b) == 0;
}

/* Whether two views have a number in common. */
static bool views_overlap(const dt_column_view *a, const dt_column_view *b)
{
    return is_same_path(a->array->name, b->array->name) && a->number.offset == b->number.offset &&
           a->first < b->first + b->width && b->first < a->first + a->width;
}

bool dt_columns_overlap(const dt_columns *x, const dt_columns *y)
{
    const dt_column_file *a = &x->file[0].file, *b = &y->file[0].file;
    bool found = false;
    for (int i = 0; i < a->views; i++)
        for (int k = 0; k < b->views; k++)
            found = found || views_overlap(&a->view[i], &b->view[k]);
    return found;
}

int64_t dt_columns_chunks_read(const dt_columns *c)
{
    int64_t n = 0;
    for (int64_t i = 0; i < c->files->n; i++)
        for (int a = 0; a < c->file[i].file.arrays; a++)
            if (c->file[i].file.array[a]->reader)
                n += dt_chunk_reader_count(c->file[i].file.array[a]->reader);
    return n;
}
