/* A lock on an open file, as long as this is open (fcntl, of the open file: F_OFD_SETLK). */
#ifndef DT_FILE_LOCK_H
#define DT_FILE_LOCK_H

/* Returns 0, or EAGAIN where another has it, or the errno of a file system that has no locks. What
 * is open for reading only is locked against those who write. */
int dt_file_lock(int file);

#endif
