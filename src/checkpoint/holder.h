/* The holder of a folder's lock: a process of some host. Not collective. */
#ifndef DT_CHECKPOINT_HOLDER_H
#define DT_CHECKPOINT_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DT_HOLDER_WORD = 64, DT_HOLDER_TEXT = 1024 };

typedef struct {
    char host[DT_HOLDER_WORD];
    char boot
        [DT_HOLDER_WORD]; /* the kernel's boot id, another one after each start; empty: unknown */
    char space[DT_HOLDER_WORD]; /* the namespace of process numbers: each container has its own */
    char since[DT_HOLDER_WORD]; /* date and time */
    char job[DT_HOLDER_WORD];   /* the job of Slurm; empty: none */
    int64_t process, started;   /* started: in ticks of the kernel's clock; 0: unknown */
    int64_t restarts;           /* how often Slurm has restarted that job */
    int64_t locks;              /* 1: the process keeps the lock file locked as long as it lives */
    uint64_t id;                /* a random number */
} dt_holder;

/* This process. */
void dt_holder_self(dt_holder *holder);

/* Write a holder as lines of text, which people can read too. */
void dt_holder_write(const dt_holder *holder, char text[DT_HOLDER_TEXT]);

/* Read a holder from such text. Returns whether the text is complete; missing fields are empty or
 * 0. */
bool dt_holder_read(dt_holder *holder, const char *text);

/* Whether the holder still exists, as far as this process can know.
 *   locked  whether some process has the lock file locked now */
typedef enum { DT_HOLDER_GONE, DT_HOLDER_THERE, DT_HOLDER_UNKNOWN } dt_holder_state;
dt_holder_state dt_holder_classify(const dt_holder *holder, const dt_holder *self, bool locked);

#endif
