#include "file/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL /* compiled for this processor, at twice the speed of the library */
#include <xxhash.h>

/* XXH3 (64 bits) of all before it, in the byte order of the machines that HDF5 files are written
 * for. */
typedef struct {
    char magic[8];
    uint64_t hash;
} seal;

static const char magic[8] = {'D', 'T', 'R', 'S', 'E', 'A', 'L', '1'};

enum { PIECE = 1 << 18 };

/* Returns 0, an errno, or EIO where the file ends too early. */
static int hash_file(int fd, int64_t size, uint64_t *hash)
{
    int number = 0;
    char *piece = malloc(PIECE);
    XXH3_state_t *state = XXH3_createState();
    if (!piece || !state || XXH3_64bits_reset(state) == XXH_ERROR)
        number = ENOMEM;
    for (int64_t at = 0; at < size && !number;) {
        ssize_t got = pread(fd, piece, (size_t)(size - at < PIECE ? size - at : PIECE), (off_t)at);
        if (got > 0) {
            XXH3_64bits_update(state, piece, (size_t)got);
            at += got;
        } else if (got == 0 || errno != EINTR) {
            number = got == 0 ? EIO : errno;
        }
    }
    *hash = number ? 0 : XXH3_64bits_digest(state);
    XXH3_freeState(state);
    free(piece);
    return number;
}

struct dt_sealing {
    XXH3_state_t *state;
};

dt_sealing *dt_seal_begin(void)
{
    dt_sealing *sealing = malloc(sizeof *sealing);
    XXH3_state_t *state = XXH3_createState();
    if (!sealing || !state || XXH3_64bits_reset(state) == XXH_ERROR) {
        XXH3_freeState(state);
        free(sealing);
        return NULL;
    }
    sealing->state = state;
    return sealing;
}

void dt_seal_add(dt_sealing *sealing, const void *bytes, int64_t n)
{
    XXH3_64bits_update(sealing->state, bytes, (size_t)n);
}

void dt_seal_end(dt_sealing *sealing, char out[DT_SEAL_BYTES])
{
    if (!sealing)
        return;
    seal s = {.hash = XXH3_64bits_digest(sealing->state)};
    memcpy(s.magic, magic, sizeof magic);
    memcpy(out, &s, DT_SEAL_BYTES);
    XXH3_freeState(sealing->state);
    free(sealing);
}

/* Read the seal at the end of an open file; *end is where it begins. */
static bool read_seal(int fd, seal *s, int64_t *end)
{
    struct stat info;
    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size < (off_t)sizeof *s)
        return false;
    *end = (int64_t)info.st_size - (int64_t)sizeof *s;
    return pread(fd, s, sizeof *s, (off_t)*end) == (ssize_t)sizeof *s &&
           memcmp(s->magic, magic, sizeof magic) == 0;
}

dt_code dt_seal_check(const char *path, dt_error *err)
{
    seal s;
    int64_t end;
    uint64_t hash;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe has no seal, and no wait */
    if (fd < 0)
        return DT_OK; /* what opens it says what is wrong */
    if (read_seal(fd, &s, &end)) {
        int number = hash_file(fd, end, &hash);
        if (number)
            dt_fail(err, DT_ERR_FILE, "%s: cannot be read: %s", path, strerror(number));
        else if (hash != s.hash)
            dt_fail(err, DT_ERR_DATA, "%s: damaged: the checksum of the file does not hold", path);
    }
    close(fd);
    return err->code;
}

bool dt_seal_is_there(const char *path)
{
    seal s;
    int64_t end;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool there = fd >= 0 && read_seal(fd, &s, &end);
    if (fd >= 0)
        close(fd);
    return there;
}
