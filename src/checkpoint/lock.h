/* The lock of a checkpoint folder: only one run at a time writes there.
 *
 * The lock is a file in the folder, `.dtrain-lock`, that names its holder. It is completed first
 * and then linked to its name, since NFS links in one operation. As long as the holder lives, it
 * has the file locked (fcntl), and a thread touches the file every few seconds. So others find out
 * that a holder is gone:
 *   on the same host           at once
 *   on another host            if the file was not touched for HEARTBEAT_TIMEOUT seconds, for
 *                              which they wait, since its lock may not be visible here
 *   an earlier start of the    at once
 *   same job of Slurm
 * Not collective: rank 0 has the lock. */
#ifndef DT_CHECKPOINT_LOCK_H
#define DT_CHECKPOINT_LOCK_H

#include <dtrain/status.h>

typedef struct dt_lock dt_lock;

#define DT_LOCK_NAME ".dtrain-lock"

/* Take the lock of a folder that exists. This also proves that the folder can be written to.
 * DT_ERR_FILE names the holder. *lock is NULL after an error.
 *   warn  called when it waits for a holder on another host, and when it takes over a lock; NULL:
 *         none */
dt_code dt_lock_take(dt_lock **lock, const char *folder, void (*warn)(const char *text),
                     dt_error *err);

/* Check that this process still holds the lock; called before each file is written. Another process
 * may have taken the lock of a process that was suspended for long. Any thread may call it. */
dt_code dt_lock_check(const dt_lock *lock, dt_error *err);

/* Takes NULL. */
void dt_lock_release(dt_lock *lock);

#endif
