#include "file/fingerprint_set.h"

#include "file/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

typedef struct {
    uint64_t key; /* 0: the place is free */
    char *path;   /* where the file was found first */
    dt_fingerprint fingerprint;
} entry;

/* A hash table; the places after the one that belongs to a key are tried in turn. */
struct dt_fingerprint_set {
    size_t n, capacity; /* places is a power of two */
    entry *entry;       /* [places] */
};

enum { FIRST_CAPACITY = 16 };

dt_fingerprint_set *dt_fingerprint_set_create(void)
{
    dt_fingerprint_set *w = malloc(sizeof *w);
    entry *capacity = calloc(FIRST_CAPACITY, sizeof *capacity);
    if (!w || !capacity) {
        free(w);
        free(capacity);
        return NULL;
    }
    *w = (dt_fingerprint_set){.capacity = FIRST_CAPACITY, .entry = capacity};
    return w;
}

void dt_fingerprint_set_destroy(dt_fingerprint_set *w)
{
    for (size_t i = 0; w && i < w->capacity; i++)
        free(w->entry[i].path);
    if (w)
        free(w->entry);
    free(w);
}

static uint64_t make_key(const char *folder, const char *name)
{
    uint64_t key = XXH3_64bits_withSeed(name, strlen(name), XXH3_64bits(folder, strlen(folder)));
    return key ? key : 1;
}

/* The place of a key, or the free one where it belongs. */
static entry *find_entry(const dt_fingerprint_set *w, uint64_t key)
{
    size_t i = key & (w->capacity - 1);
    while (w->entry[i].key && w->entry[i].key != key)
        i = (i + 1) & (w->capacity - 1);
    return &w->entry[i];
}

/* At least a quarter of the places is free. */
static dt_code grow_table(dt_fingerprint_set *w, dt_error *err)
{
    if (w->n + 1 <= w->capacity / 4 * 3)
        return DT_OK;
    dt_fingerprint_set larger = {.n = w->n, .capacity = 2 * w->capacity};
    larger.entry = calloc(larger.capacity, sizeof *larger.entry);
    if (!larger.entry)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for what is known of %zu files", w->n);
    for (size_t i = 0; i < w->capacity; i++)
        if (w->entry[i].key)
            *find_entry(&larger, w->entry[i].key) = w->entry[i];
    free(w->entry);
    *w = larger;
    return DT_OK;
}

static dt_code cannot_open(dt_error *err)
{
    return dt_fail(err, DT_ERR_DATA, "%s", strerror(errno));
}

/* Without O_NONBLOCK a pipe that takes the file's place would be waited for. */
static int open_file(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static dt_code add_file(dt_fingerprint_set *w, uint64_t key, const char *path, dt_error *err)
{
    if (grow_table(w, err))
        return err->code;
    char *copy = strdup(path);
    if (!copy)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for the names of files");
    int fd = open_file(path);
    if (fd < 0) {
        cannot_open(err);
        free(copy);
        return err->code;
    }
    entry *p = find_entry(w, key);
    dt_fingerprint_take(&p->fingerprint, fd);
    p->key = key;
    p->path = copy;
    w->n++;
    close(fd);
    return DT_OK;
}

static dt_code compare_file(const dt_fingerprint *w, const char *path, dt_error *err)
{
    struct stat info;
    if (stat(path, &info) < 0)
        return cannot_open(err);
    if (dt_fingerprint_is_unchanged(w, &info))
        return DT_OK;
    int fd = open_file(path);
    if (fd < 0)
        return cannot_open(err);
    const char *why = dt_fingerprint_compare(w, fd);
    close(fd);
    return why ? dt_fail(err, DT_ERR_DATA, "%s", why) : DT_OK;
}

dt_code dt_fingerprint_set_check(dt_fingerprint_set *w, const char *folder, const char *name,
                                 const char *path, dt_error *err)
{
    uint64_t key = make_key(folder, name);
    const entry *p = find_entry(w, key);
    return p->key ? compare_file(&p->fingerprint, path, err) : add_file(w, key, path, err);
}

dt_code dt_fingerprint_set_check_all(const dt_fingerprint_set *w, dt_error *err)
{
    for (size_t i = 0; i < w->capacity; i++) {
        dt_error why = {0};
        const entry *p = &w->entry[i];
        if (p->key && compare_file(&p->fingerprint, p->path, &why))
            return dt_fail(err, why.code, "the file \"%s\" with a part of it cannot be read: %s",
                           p->path, why.text);
    }
    return DT_OK;
}
