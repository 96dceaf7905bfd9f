/* Who holds the lock of a folder: a process of some host. Not collective. */
#ifndef DT_CHECKPOINT_HOLDER_H
#define DT_CHECKPOINT_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DT_HOLDER_WORD = 64, DT_HOLDER_TEXT = 1024 };

typedef struct {
    char host[DT_HOLDER_WORD];
    char boot[DT_HOLDER_WORD];  /* of its kernel, another one after each start; empty: unknown */
    char space[DT_HOLDER_WORD]; /* of its process numbers, which containers have of their own */
    char since[DT_HOLDER_WORD]; /* date and time */
    char job[DT_HOLDER_WORD];   /* of Slurm; empty: none */
    int64_t process, started;   /* ticks of the kernel's clock when it was; 0: unknown */
    int64_t restarts;           /* how often Slurm has started that job again */
    int64_t locks;              /* 1: its file is locked as long as the process lives */
    uint64_t id;                /* a random number */
} dt_holder;

/* This process. */
void dt_holder_self(dt_holder *holder);

/* As lines of text, which people read too. */
void dt_holder_write(const dt_holder *holder, char text[DT_HOLDER_TEXT]);

/* From that. Returns whether it is whole; what it lacks is empty or 0. */
bool dt_holder_read(dt_holder *holder, const char *text);

/* Whether a holder is there still, as far as this process can know.
 *   locked  whether somebody has its file locked now */
typedef enum { DT_HOLDER_GONE, DT_HOLDER_THERE, DT_HOLDER_UNKNOWN } dt_holder_state;
dt_holder_state dt_holder_classify(const dt_holder *holder, const dt_holder *self, bool locked);

#endif
