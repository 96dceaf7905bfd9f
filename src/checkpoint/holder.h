/* Describes the holder of a folder's lock, which is a process of some host. Not collective. */
#ifndef DT_CHECKPOINT_HOLDER_H
#define DT_CHECKPOINT_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DT_HOLDER_WORD = 64, DT_HOLDER_TEXT = 1024 };

typedef struct {
    char host[DT_HOLDER_WORD];
    char boot[DT_HOLDER_WORD];  /* the kernel's boot id, new after each boot; empty: unknown */
    char space[DT_HOLDER_WORD]; /* the namespace of process ids; each container has its own */
    char since[DT_HOLDER_WORD]; /* date and time when it took the lock */
    char job[DT_HOLDER_WORD];   /* the job of Slurm; empty: none */
    int64_t process;            /* the process id */
    int64_t started;            /* its start, in ticks of the kernel's clock; 0: unknown */
    int64_t restarts;           /* how often Slurm has restarted the job */
    int64_t locks;              /* 1: the process keeps the lock file locked as long as it lives */
    uint64_t id;                /* a random number */
} dt_holder;

/* Fill in a holder with the data of this process. */
void dt_holder_self(dt_holder *holder);

/* Write a holder as lines of text that people can read too. */
void dt_holder_write(const dt_holder *holder, char text[DT_HOLDER_TEXT]);

/* Read a holder from such a text. Returns whether the text is complete. Missing fields are empty or
 * 0. */
bool dt_holder_read(dt_holder *holder, const char *text);

/* Return whether the holder still exists, as far as this process can find out.
 *   self    this process
 *   locked  some process has the lock file locked now */
typedef enum { DT_HOLDER_GONE, DT_HOLDER_THERE, DT_HOLDER_UNKNOWN } dt_holder_state;
dt_holder_state dt_holder_classify(const dt_holder *holder, const dt_holder *self, bool locked);

#endif
