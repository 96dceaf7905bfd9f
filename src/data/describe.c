#include "data/describe.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* What one dataset is. */
typedef struct {
    const char *name;
    int dims;
    hsize_t dim[H5S_MAX_RANK], chunk[H5S_MAX_RANK];
    H5D_layout_t layout;
    hsize_t value_bytes;
} set_facts;

typedef struct {
    const char *path;
    FILE *to;
    int sets;
    FILE *options; /* of h5repack, for what is slow; NULL: no memory for them */
} description;

static const char *type_text(hid_t type, char text[48])
{
    H5T_class_t class = H5Tget_class(type);
    int bits = (int)H5Tget_size(type) * 8;
    const char *order = bits > 8 && H5Tget_order(type) == H5T_ORDER_BE ? " big-endian" : "";
    if (class == H5T_INTEGER)
        snprintf(text, 48, "%sint%d%s", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits, order);
    else if (class == H5T_FLOAT)
        snprintf(text, 48, "float%d%s", bits, order);
    else
        snprintf(text, 48, "%s",
                 class == H5T_STRING     ? "strings"
                 : class == H5T_COMPOUND ? "a compound type"
                 : class == H5T_ENUM     ? "an enumeration"
                                         : "another type");
    return text;
}

static void print_dims(FILE *to, int dims, const hsize_t *dim)
{
    fputc('[', to);
    for (int d = 0; d < dims; d++)
        fprintf(to, "%s%llu", d ? "," : "", (unsigned long long)dim[d]);
    fputc(']', to);
}

static const char *filter_name(H5Z_filter_t filter, const char *name)
{
    switch (filter) {
    case H5Z_FILTER_DEFLATE:
        return "gzip";
    case H5Z_FILTER_SHUFFLE:
        return "shuffle";
    case H5Z_FILTER_FLETCHER32:
        return "fletcher32";
    case H5Z_FILTER_SZIP:
        return "szip";
    case H5Z_FILTER_NBIT:
        return "nbit";
    case H5Z_FILTER_SCALEOFFSET:
        return "scale-offset";
    default:
        return name[0] ? name : "unnamed filter";
    }
}

static void print_filters(FILE *to, hid_t plist)
{
    for (int f = 0; f < H5Pget_nfilters(plist); f++) {
        char name[64] = "";
        unsigned flags, config, level[1] = {0};
        size_t n = 1;
        H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)f, &flags, &n, level, sizeof name, name, &config);
        fprintf(to, ", %s", filter_name(filter, name));
        if (filter == H5Z_FILTER_DEFLATE && n > 0)
            fprintf(to, " %u", level[0]);
        if (H5Zfilter_avail(filter) <= 0)
            fprintf(to, " (filter %d, NOT INSTALLED)", (int)filter);
    }
}

static void print_layout(FILE *to, hid_t plist, set_facts *s)
{
    s->layout = H5Pget_layout(plist);
    switch (s->layout) {
    case H5D_CHUNKED:
        H5Pget_chunk(plist, s->dims, s->chunk);
        fputs("chunks of ", to);
        print_dims(to, s->dims, s->chunk);
        break;
    case H5D_CONTIGUOUS:
        fputs(H5Pget_external_count(plist) > 0 ? "in external files" : "contiguous", to);
        break;
    case H5D_VIRTUAL:
        fputs("virtual", to);
        break;
    default:
        fputs("compact", to);
    }
    print_filters(to, plist);
}

/* A word of a command line, in quotes if the shell would take it for something else. */
static void print_word(const char *word, FILE *to)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+./:=,@%";
    if (word[strspn(word, plain)] == '\0') {
        fputs(word, to);
        return;
    }
    fputc('\'', to);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, to);
    fputc('\'', to);
}

static hsize_t product(const hsize_t *dim, int from, int dims)
{
    hsize_t n = 1;
    for (int d = from; d < dims; d++)
        n *= dim[d];
    return n;
}

/* Why reading whole rows from its chunks will be slow; NULL if it will not. */
static const char *find_fault(const set_facts *s, hsize_t chunk_bytes)
{
    enum { SMALL = 1 << 16, TINY = 1 << 12, HUGE_CHUNK = 256 << 20 };
    if (s->layout != H5D_CHUNKED || product(s->dim, 0, s->dims) == 0)
        return NULL;
    if (product(s->chunk, 1, s->dims) < product(s->dim, 1, s->dims))
        return "a chunk holds only some columns of its rows: rows are put together from many "
               "chunks";
    if (s->dim[0] > 1 && s->chunk[0] == 1 && chunk_bytes < SMALL)
        return "a chunk holds one row: each row costs a search and a read of its own";
    if (s->dim[0] > s->chunk[0] && chunk_bytes < TINY)
        return "chunks are tiny: each costs a search and a read of its own";
    if (chunk_bytes > HUGE_CHUNK)
        return "a chunk is huge: it must be unpacked whole, by one rank, for any row of it";
    return NULL;
}

/* Say what is slow, and note h5repack's option that mends it: chunks of whole rows, about 1 MB. */
static void advise(description *d, const set_facts *s)
{
    char size[16];
    hsize_t chunk_bytes = product(s->chunk, 0, s->dims) * s->value_bytes;
    hsize_t row_bytes = product(s->dim, 1, s->dims) * s->value_bytes;
    const char *why = find_fault(s, chunk_bytes);
    if (!why)
        return;
    hsize_t rows = ((hsize_t)1 << 20) / row_bytes;
    rows = rows < 1 ? 1 : rows > s->dim[0] ? s->dim[0] : rows;
    fprintf(d->to, "  slow: %s (chunks of %s)\n", why, dt_format_bytes((double)chunk_bytes, size));
    char option[1024];
    int used = snprintf(option, sizeof option, "%s:CHUNK=%llu", s->name, (unsigned long long)rows);
    for (int i = 1; i < s->dims && used < (int)sizeof option; i++)
        used += snprintf(option + used, sizeof option - (size_t)used, "x%llu",
                         (unsigned long long)s->dim[i]);
    if (d->options) {
        fputs(" -l ", d->options);
        print_word(option, d->options);
    }
}

static void describe_set(description *d, hid_t set, const char *name)
{
    char type_name[48], size[16];
    set_facts s = {.name = name};
    hid_t space = H5Dget_space(set), type = H5Dget_type(set), plist = H5Dget_create_plist(set);
    s.dims = H5Sget_simple_extent_dims(space, s.dim, NULL);
    s.value_bytes = H5Tget_size(type);
    fprintf(d->to, "%s: ", name);
    print_dims(d->to, s.dims, s.dim);
    fprintf(d->to, " %s, %s, ", type_text(type, type_name),
            dt_format_bytes((double)(product(s.dim, 0, s.dims) * s.value_bytes), size));
    print_layout(d->to, plist, &s);
    fputc('\n', d->to);
    advise(d, &s);
    H5Pclose(plist);
    H5Tclose(type);
    H5Sclose(space);
}

static herr_t visit(hid_t group, const char *name, const H5O_info_t *info, void *data)
{
    description *d = data;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    hid_t set = H5Dopen2(group, name, H5P_DEFAULT);
    if (set < 0)
        return -1;
    describe_set(d, set, name);
    d->sets++;
    H5Dclose(set);
    return 0;
}

static void print_repack(const description *d, const char *options)
{
    fprintf(d->to, "Better:\n  h5repack%s ", options);
    print_word(d->path, d->to);
    fputs(" repacked.h5\n", d->to);
}

dt_code dt_describe_data(hid_t file, const char *path, FILE *to, dt_error *err)
{
    char *options = NULL;
    size_t length = 0;
    description d = {.path = path, .to = to, .options = open_memstream(&options, &length)};
    if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, visit, &d, H5O_INFO_BASIC) < 0)
        dt_fail(err, DT_ERR_DATA, "%s: cannot list what it holds", path);
    else if (d.sets == 0)
        fprintf(to, "no datasets\n");
    if (d.options)
        fclose(d.options);
    if (length > 0 && !err->code)
        print_repack(&d, options);
    free(options);
    return err->code;
}
