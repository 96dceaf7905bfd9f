/* Locks an open file until it is closed (fcntl with F_OFD_SETLK). Not collective. */
#ifndef DT_FILE_LOCK_H
#define DT_FILE_LOCK_H

/* Lock an open file. A file that is open only for reading is locked against writers. Returns 0, or
 * EAGAIN if another process has the lock, or the errno of a file system without locks. */
int dt_file_lock(int file);

#endif
