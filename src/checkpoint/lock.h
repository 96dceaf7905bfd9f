/* The lock of a checkpoint folder: only one run at a time writes there.
 *
 * The lock is a file in the folder, `.dtrain-lock`, that names its holder. It is written under
 * another name and then linked to its name, since a link is atomic on NFS. As long as the holder
 * lives, it has the file locked (fcntl), and a thread touches the file every few seconds. So other
 * processes can find out that the holder has ended:
 *   it was on the same host       at once
 *   it was an earlier start of    at once
 *   the same job of Slurm
 *   it was on another host        after the file was not touched for HEARTBEAT_TIMEOUT seconds;
 *   they
 *                                 wait so long, since its lock may not be visible on this host
 * Not collective: only rank 0 takes the lock. */
#ifndef DT_CHECKPOINT_LOCK_H
#define DT_CHECKPOINT_LOCK_H

#include <dtrain/status.h>

typedef struct dt_lock dt_lock;

#define DT_LOCK_NAME ".dtrain-lock"

/* Take the lock of a folder that exists. This also proves that the folder is writable. If another
 * process holds the lock, DT_ERR_FILE names it. *lock is NULL after an error.
 *   warn  called when this process waits for a holder on another host, and when it takes over a
 *         lock; NULL: no warnings */
dt_code dt_lock_take(dt_lock **lock, const char *folder, void (*warn)(const char *text),
                     dt_error *err);

/* Check that this process still holds the lock, before each file is written. If this process was
 * suspended for a long time, another process may have taken the lock. Any thread may call it. */
dt_code dt_lock_check(const dt_lock *lock, dt_error *err);

/* Release the lock, and free it. Takes NULL. */
void dt_lock_release(dt_lock *lock);

#endif
