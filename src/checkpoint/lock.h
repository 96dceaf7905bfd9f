/* The lock of a checkpoint folder: one run at a time writes there. It is a file in the folder,
 * `.dtrain-lock`, that names its holder: it is made complete and then linked to its name, which
 * NFS does as one thing. As long as the holder lives, it has the file locked (fcntl), and a thread
 * touches the file every few seconds. Thereby others recognise a holder that is gone: on the same
 * host at once; from another host, whose locks may be its own, when the file has not been touched
 * for HEARTBEAT_TIMEOUT seconds, which they wait for; or as an earlier start of the same job of Slurm. Not
 * collective: rank 0 has it. */
#ifndef DT_CHECKPOINT_LOCK_H
#define DT_CHECKPOINT_LOCK_H

#include <dtrain/status.h>

typedef struct dt_lock dt_lock;

#define DT_LOCK_NAME ".dtrain-lock"

/* Take the lock of a folder that is there; proves too that the folder can be written to.
 * DT_ERR_FILE names who has it. *lock is NULL after an error.
 *   warn  is told of a wait for a holder on another host, and when its lock is taken over; NULL:
 *         nobody is */
dt_code dt_lock_take(dt_lock **lock, const char *folder, void (*warn)(const char *text),
                     dt_error *err);

/* Whether it is still held: before each file that is written. A process that was stopped for long
 * may have been taken for gone. In any thread. */
dt_code dt_lock_check(const dt_lock *lock, dt_error *err);

/* Takes NULL. */
void dt_lock_release(dt_lock *lock);

#endif
