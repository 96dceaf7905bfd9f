#include "data/describe.h"

#include "core/memory.h"
#include "core/wrap.h"
#include "data/encoding.h"
#include "data/shape.h"
#include "file/h5.h"
#include "file/link.h"

#include <stdlib.h>
#include <string.h>

/* What one dataset is. */
typedef struct {
    const char *name;
    dt_shape shape;
    H5D_layout_t layout;
} set_facts;

typedef struct {
    const char *path;
    FILE *to;
    int sets;
    FILE *options; /* of h5repack, for what is slow; NULL: no memory for them */
} description;

enum { TYPE_TEXT = 512 };

static const char *type_text(hid_t type, char text[TYPE_TEXT]);

/* "table of age float64, name strings" */
static void list_members(hid_t type, char text[TYPE_TEXT])
{
    char of_member[TYPE_TEXT];
    int n = H5Tget_nmembers(type), used = snprintf(text, TYPE_TEXT, "a table of ");
    for (int i = 0; i < n && used < TYPE_TEXT; i++) {
        hid_t member = H5Tget_member_type(type, (unsigned)i);
        char *name = H5Tget_member_name(type, (unsigned)i);
        type_text(member, of_member);
        if (used + strlen(name) + strlen(of_member) + 20 > TYPE_TEXT) {
            used += snprintf(text + used, TYPE_TEXT - (size_t)used, ", ...");
            n = 0;
        } else {
            used += snprintf(text + used, TYPE_TEXT - (size_t)used, "%s%s %s", i ? ", " : "", name,
                             of_member);
        }
        H5free_memory(name);
        H5Tclose(member);
    }
}

/* "arrays of 3 float32" */
static void describe_items(hid_t type, char text[TYPE_TEXT])
{
    char of_item[TYPE_TEXT];
    hsize_t dim[H5S_MAX_RANK], n = 1;
    hid_t item = H5Tget_super(type);
    int dims = H5Tget_array_dims2(type, dim);
    for (int i = 0; i < dims; i++)
        n *= dim[i];
    snprintf(text, TYPE_TEXT, "arrays of %llu %.400s", (unsigned long long)n,
             type_text(item, of_item));
    H5Tclose(item);
}

static const char *type_text(hid_t type, char text[TYPE_TEXT])
{
    H5T_class_t class = H5Tget_class(type);
    unsigned long long bits = 8ull * H5Tget_size(type);
    const char *order = bits > 8 && H5Tget_order(type) == H5T_ORDER_BE ? " big-endian" : "";
    if (class == H5T_INTEGER)
        snprintf(text, TYPE_TEXT, "%sint%llu%s", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits,
                 order);
    else if (class == H5T_FLOAT)
        snprintf(text, TYPE_TEXT, "float%llu%s", bits, order);
    else if (class == H5T_COMPOUND)
        list_members(type, text);
    else if (class == H5T_ARRAY)
        describe_items(type, text);
    else
        snprintf(text, TYPE_TEXT, "%s",
                 class == H5T_STRING     ? "strings"
                 : class == H5T_ENUM     ? "an enumeration"
                 : class == H5T_BITFIELD ? "bits"
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
        fputs("chunks of ", to);
        print_dims(to, s->shape.dims, s->shape.chunk);
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

/* Why reading whole rows from its chunks will be slow; NULL if it will not. */
static const char *find_fault(const set_facts *facts)
{
    enum { SMALL = 1 << 16, TINY = 1 << 12, HUGE_CHUNK = 256 << 20 };
    const dt_shape *s = &facts->shape;
    if (!s->chunked || s->rows == 0 || s->width == 0)
        return NULL;
    if (s->chunk_bytes / s->chunk_rows < s->row_bytes)
        return "a chunk holds only some columns of its rows: rows are put together from many "
               "chunks";
    if (s->rows > 1 && s->chunk_rows == 1 && s->chunk_bytes < SMALL)
        return "a chunk holds one row: each row costs a search and a read of its own";
    if (s->rows > s->chunk_rows && s->chunk_bytes < TINY)
        return "chunks are tiny: each costs a search and a read of its own";
    if (s->chunk_bytes > HUGE_CHUNK)
        return "a chunk is huge: it must be unpacked whole, by one rank, for any row of it";
    return NULL;
}

/* Say what is slow, and note h5repack's option that mends it: chunks of whole rows, about 1 MB. */
static void print_advice(description *d, const set_facts *facts)
{
    char size[16];
    const dt_shape *s = &facts->shape;
    const char *why = find_fault(facts);
    if (!why)
        return;
    int64_t rows = ((int64_t)1 << 20) / s->row_bytes;
    rows = rows < 1 ? 1 : rows > s->rows ? s->rows : rows;
    char line[256];
    snprintf(line, sizeof line, "  slow: %s (chunks of %s)", why,
             dt_format_bytes((double)s->chunk_bytes, size));
    dt_print_wrapped(line, NULL, 0, 4, DT_WRAP_COLUMNS, d->to);
    fputc('\n', d->to);
    char option[1024];
    int used = snprintf(option, sizeof option, "%s:CHUNK=%lld", facts->name, (long long)rows);
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
    char type_name[TYPE_TEXT], size[16];
    dt_error err = {0};
    set_facts s = {.name = name};
    if (dt_shape_read(&s.shape, set, d->path, name, &err)) {
        fprintf(d->to, "Not to be read: %s\n", err.text);
        return;
    }
    hid_t type = H5Dget_type(set), plist = H5Dget_create_plist(set);
    int64_t values = s.shape.dims > 0 ? s.shape.rows * s.shape.width : 1;
    fprintf(d->to, "%s: ", name);
    print_dims(d->to, s.shape.dims, s.shape.dim);
    fprintf(d->to, " %s, %s, ", type_text(type, type_name),
            dt_format_bytes((double)values * (double)s.shape.value_bytes, size));
    print_layout(d->to, plist, &s);
    dt_encoding encoding;
    if (!dt_encoding_read(&encoding, set, d->path, name, &err))
        dt_encoding_print(&encoding, d->to);
    dt_encoding_free(&encoding);
    if (s.shape.dims > 1 && H5Aexists(set, "MATLAB_class") > 0)
        fputs(", dimensions reversed by MATLAB (--transpose)", d->to);
    fputc('\n', d->to);
    if (err.code)
        fprintf(d->to, "Not to be read: %s\n", err.text);
    print_advice(d, &s);
    H5Pclose(plist);
    H5Tclose(type);
}

static herr_t visit_dataset(hid_t file, const char *name, void *data)
{
    description *d = data;
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    d->sets++;
    if (set < 0) {
        char reason[256], why[DT_LINK_TEXT] = "";
        dt_link_explain(file, name, dt_h5_reason(reason), why);
        fprintf(d->to, "%s: %s\n", name, why);
        return 0;
    }
    describe_set(d, set, name);
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
    if (dt_h5_visit_datasets(file, visit_dataset, &d) < 0)
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
