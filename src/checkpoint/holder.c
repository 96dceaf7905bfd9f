#include "checkpoint/holder.h"

#include "core/process.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* ---- This process --------------------------------------------------------------------------- */

/* A word for a line of text: no control character, no blank. */
static void put_word(char to[DT_HOLDER_WORD], const char *from)
{
    snprintf(to, DT_HOLDER_WORD, "%s", from ? from : "");
    for (char *c = to; *c; c++)
        if (isspace((unsigned char)*c) || iscntrl((unsigned char)*c))
            *c = '-';
}

/* The first bytes of a small file, or nothing. */
static void read_small(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

void dt_holder_self(dt_holder *h)
{
    char text[256] = "", since[DT_HOLDER_WORD];
    time_t now = time(NULL);
    struct tm local;
    const char *restarts = getenv("SLURM_RESTART_COUNT");
    *h = (dt_holder){.process = (int64_t)getpid()};
    if (gethostname(text, sizeof text - 1) != 0)
        text[0] = '\0';
    put_word(h->host, text[0] ? text : "unknown");
    read_small("/proc/sys/kernel/random/boot_id", text, sizeof text);
    text[strcspn(text, "\n")] = '\0';
    put_word(h->boot, text);
    ssize_t n = readlink("/proc/self/ns/pid", text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    put_word(h->space, text);
    strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%S", localtime_r(&now, &local));
    put_word(h->since, since);
    put_word(h->job, getenv("SLURM_JOB_ID"));
    h->restarts = restarts ? strtoll(restarts, NULL, 10) : 0;
    h->started = (int64_t)dt_process_of(h->process).start;
    if (getrandom(&h->id, sizeof h->id, GRND_NONBLOCK) != (ssize_t)sizeof h->id)
        h->id = (uint64_t)now * 1000003 + (uint64_t)h->process;
}

/* ---- As text -------------------------------------------------------------------------------- */

void dt_holder_write(const dt_holder *h, char text[DT_HOLDER_TEXT])
{
    snprintf(text, DT_HOLDER_TEXT,
             "A run of dtrain uses this folder as long as this process lives.\n"
             "host %s\nprocess %lld\nsince %s\njob %s\nrestarts %lld\nboot %s\nspace %s\n"
             "started %lld\nlocks %lld\nid %llx\nend\n",
             h->host, (long long)h->process, h->since, h->job, (long long)h->restarts, h->boot,
             h->space, (long long)h->started, (long long)h->locks, (unsigned long long)h->id);
}

static void read_line(dt_holder *h, const char *name, const char *value)
{
    struct {
        const char *name;
        char *word;
        int64_t *number;
    } const lines[] = {{"host", h->host, NULL},
                       {"since", h->since, NULL},
                       {"job", h->job, NULL},
                       {"boot", h->boot, NULL},
                       {"space", h->space, NULL},
                       {"process", NULL, &h->process},
                       {"restarts", NULL, &h->restarts},
                       {"started", NULL, &h->started},
                       {"locks", NULL, &h->locks}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strcmp(lines[i].name, name) == 0) {
            if (lines[i].word)
                put_word(lines[i].word, value);
            else
                *lines[i].number = strtoll(value, NULL, 10);
        }
    if (strcmp(name, "id") == 0)
        h->id = strtoull(value, NULL, 16);
}

bool dt_holder_read(dt_holder *h, const char *text)
{
    char line[2 * DT_HOLDER_WORD];
    bool ended = false;
    *h = (dt_holder){0};
    while (*text && !ended) {
        size_t n = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), text);
        text += n + (text[n] == '\n');
        char *value = strchr(line, ' ');
        ended = strcmp(line, "end") == 0;
        if (value) {
            *value = '\0';
            read_line(h, line, value + 1);
        }
    }
    return ended && h->host[0] && h->process > 0;
}

/* ---- Whether it is there -------------------------------------------------------------------- */

static bool are_same(const char *a, const char *b)
{
    return a[0] && strcmp(a, b) == 0;
}

dt_holder_state dt_holder_classify(const dt_holder *h, const dt_holder *self, bool locked)
{
    bool same_kernel = are_same(h->boot, self->boot);
    /* Slurm ends a job, or gives up its node, before it starts the job again. A server may hold the
     * locks of a node that has crashed for long. */
    if (are_same(h->job, self->job) && h->restarts < self->restarts && !(locked && same_kernel))
        return DT_HOLDER_GONE;
    if (locked)
        return DT_HOLDER_THERE;
    if (same_kernel && h->locks)
        return DT_HOLDER_GONE; /* this kernel would know of the lock */
    if (same_kernel && are_same(h->space, self->space)) {
        int64_t started = (int64_t)dt_process_of(h->process).start;
        bool same = h->started == 0 || started == 0 || started == h->started;
        return same && dt_process_lives(h->process) ? DT_HOLDER_THERE : DT_HOLDER_GONE;
    }
    return DT_HOLDER_UNKNOWN;
}
