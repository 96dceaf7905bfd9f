#include "file/witnesses.h"

#include "file/witness.h"

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
    dt_witness witness;
} place;

/* A hash table; the places after the one that belongs to a key are tried in turn. */
struct dt_witnesses {
    size_t n, places; /* places is a power of two */
    place *place;     /* [places] */
};

enum { FIRST_PLACES = 16 };

dt_witnesses *dt_witnesses_new(void)
{
    dt_witnesses *w = malloc(sizeof *w);
    place *places = calloc(FIRST_PLACES, sizeof *places);
    if (!w || !places) {
        free(w);
        free(places);
        return NULL;
    }
    *w = (dt_witnesses){.places = FIRST_PLACES, .place = places};
    return w;
}

void dt_witnesses_free(dt_witnesses *w)
{
    for (size_t i = 0; w && i < w->places; i++)
        free(w->place[i].path);
    if (w)
        free(w->place);
    free(w);
}

static uint64_t make_key(const char *folder, const char *name)
{
    uint64_t key = XXH3_64bits_withSeed(name, strlen(name), XXH3_64bits(folder, strlen(folder)));
    return key ? key : 1;
}

/* The place of a key, or the free one where it belongs. */
static place *find(const dt_witnesses *w, uint64_t key)
{
    size_t i = key & (w->places - 1);
    while (w->place[i].key && w->place[i].key != key)
        i = (i + 1) & (w->places - 1);
    return &w->place[i];
}

/* At least a quarter of the places is free. */
static dt_code make_room(dt_witnesses *w, dt_error *err)
{
    if (w->n + 1 <= w->places / 4 * 3)
        return DT_OK;
    dt_witnesses larger = {.n = w->n, .places = 2 * w->places};
    larger.place = calloc(larger.places, sizeof *larger.place);
    if (!larger.place)
        return dt_fail(err, DT_ERR_MEMORY, "out of memory for what is known of %zu files", w->n);
    for (size_t i = 0; i < w->places; i++)
        if (w->place[i].key)
            *find(&larger, w->place[i].key) = w->place[i];
    free(w->place);
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

static dt_code add(dt_witnesses *w, uint64_t key, const char *path, dt_error *err)
{
    if (make_room(w, err))
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
    place *p = find(w, key);
    dt_witness_take(&p->witness, fd);
    p->key = key;
    p->path = copy;
    w->n++;
    close(fd);
    return DT_OK;
}

static dt_code compare(const dt_witness *w, const char *path, dt_error *err)
{
    struct stat info;
    if (stat(path, &info) < 0)
        return cannot_open(err);
    if (dt_witness_is_same(w, &info))
        return DT_OK;
    int fd = open_file(path);
    if (fd < 0)
        return cannot_open(err);
    const char *why = dt_witness_ask(w, fd);
    close(fd);
    return why ? dt_fail(err, DT_ERR_DATA, "%s", why) : DT_OK;
}

dt_code dt_witnesses_check(dt_witnesses *w, const char *folder, const char *name, const char *path,
                           dt_error *err)
{
    uint64_t key = make_key(folder, name);
    const place *p = find(w, key);
    return p->key ? compare(&p->witness, path, err) : add(w, key, path, err);
}

dt_code dt_witnesses_check_all(const dt_witnesses *w, dt_error *err)
{
    for (size_t i = 0; i < w->places; i++) {
        dt_error why = {0};
        const place *p = &w->place[i];
        if (p->key && compare(&p->witness, p->path, &why))
            return dt_fail(err, why.code, "the file \"%s\" with a part of it cannot be read: %s",
                           p->path, why.text);
    }
    return DT_OK;
}
