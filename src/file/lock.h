/* A lock on an open file, which lasts until the file is closed (fcntl with F_OFD_SETLK). */
#ifndef DT_FILE_LOCK_H
#define DT_FILE_LOCK_H

/* Lock an open file. A file that is open for reading only is locked against writers. Returns 0;
 * EAGAIN if another process has the lock; or the errno of a file system without locks. */
int dt_file_lock(int file);

#endif
