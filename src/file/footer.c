#include "file/footer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL /* compiled for this processor, at twice the speed of the library */
#include <xxhash.h>

/* The end of the file, behind the parts' table, in the byte order of the machines that HDF5 files
 * are written for. */
typedef struct {
    char magic[8];
    int64_t parts;
    uint64_t hash; /* of the table */
} footer;

static const char magic[8] = {'D', 'T', 'R', 'S', 'E', 'A', 'L', '2'};

enum { PIECE = 1 << 18 };

int64_t dt_footer_bytes(int n)
{
    return n * (int64_t)sizeof(dt_footer_part) + (int64_t)sizeof(footer);
}

void dt_footer_make(const dt_footer_part *parts, int n, char *out)
{
    size_t table = (size_t)n * sizeof *parts;
    footer s = {.parts = n, .hash = XXH3_64bits(parts, table)};
    memcpy(s.magic, magic, sizeof magic);
    memcpy(out, parts, table);
    memcpy(out + table, &s, sizeof s);
}

/* Returns 0, an errno, or EIO where the file ends too early. */
static int hash_part(int fd, int64_t begin, int64_t size, char piece[PIECE], uint64_t *hash)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (int64_t at = 0; at < size;) {
        ssize_t got =
            pread(fd, piece, (size_t)(size - at < PIECE ? size - at : PIECE), (off_t)(begin + at));
        if (got == 0 || (got < 0 && errno != EINTR))
            return got == 0 ? EIO : errno;
        if (got > 0) {
            XXH3_64bits_update(&state, piece, (size_t)got);
            at += got;
        }
    }
    *hash = XXH3_64bits_digest(&state);
    return 0;
}

/* Whether all parts are what the table says. Returns 0 or an errno. */
static int check_parts(int fd, const dt_footer_part *part, int64_t parts, bool *good)
{
    int number = 0;
    int64_t begin = 0;
    char *piece = malloc(PIECE);
    *good = true;
    for (int64_t i = 0; i < parts && *good && !number && piece; i++) {
        uint64_t hash;
        number = hash_part(fd, begin, part[i].size, piece, &hash);
        *good = !number && hash == part[i].hash;
        begin += part[i].size;
    }
    free(piece);
    return piece ? number : ENOMEM;
}

/* The parts' table of a file of so many bytes, to be freed; NULL if it is not whole, or after an
 * error.
 *   number  [out] 0 or an errno */
static dt_footer_part *read_table(int fd, const footer *s, int64_t bytes, int *number)
{
    int64_t max = (bytes - (int64_t)sizeof *s) / (int64_t)sizeof(dt_footer_part), total = 0;
    if (s->parts < 1 || s->parts > max)
        return NULL;
    size_t size = (size_t)s->parts * sizeof(dt_footer_part);
    int64_t begin = bytes - (int64_t)sizeof *s - (int64_t)size;
    dt_footer_part *part = malloc(size);
    *number = part ? 0 : ENOMEM;
    bool good = part && pread(fd, part, size, (off_t)begin) == (ssize_t)size &&
                XXH3_64bits(part, size) == s->hash;
    for (int64_t i = 0; good && i < s->parts; i++) {
        good = part[i].size >= 0 && part[i].size <= begin - total;
        total += part[i].size;
    }
    if (good && total == begin)
        return part;
    free(part);
    return NULL;
}

/* Read the footer at the end of an open file, and how long that is. */
static bool read_footer(int fd, footer *s, int64_t *bytes)
{
    struct stat info;
    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size < (off_t)sizeof *s)
        return false;
    *bytes = (int64_t)info.st_size;
    return pread(fd, s, sizeof *s, (off_t)(*bytes - (int64_t)sizeof *s)) == (ssize_t)sizeof *s &&
           memcmp(s->magic, magic, sizeof magic) == 0;
}

/* Returns 0 or an errno. */
static int check_open(int fd, bool *good)
{
    footer s;
    int64_t bytes;
    *good = true;
    if (!read_footer(fd, &s, &bytes))
        return 0;
    int number = 0;
    dt_footer_part *part = read_table(fd, &s, bytes, &number);
    if (part)
        number = check_parts(fd, part, s.parts, good);
    *good = *good && part;
    free(part);
    return number;
}

dt_code dt_footer_check(const char *path, dt_error *err)
{
    bool good;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe has no footer, and no wait */
    if (fd < 0)
        return DT_OK; /* what opens it says what is wrong */
    int number = check_open(fd, &good);
    if (number == ENOMEM)
        dt_fail(err, DT_ERR_MEMORY, "%s: out of memory for its checksum", path);
    else if (number)
        dt_fail(err, DT_ERR_FILE, "%s: cannot be read: %s", path, strerror(number));
    else if (!good)
        dt_fail(err, DT_ERR_DATA, "%s: damaged: the checksum of the file does not hold", path);
    close(fd);
    return err->code;
}

bool dt_footer_exists(const char *path)
{
    footer s;
    int64_t bytes;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool there = fd >= 0 && read_footer(fd, &s, &bytes);
    if (fd >= 0)
        close(fd);
    return there;
}
