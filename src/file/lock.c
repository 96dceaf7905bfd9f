#include "file/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int dt_file_lock(int file)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if ((fcntl(file, F_GETFL) & O_ACCMODE) == O_RDONLY)
        whole.l_type = F_RDLCK;
    if (fcntl(file, F_OFD_SETLK, &whole) == 0)
        return 0;
    return errno == EACCES ? EAGAIN : errno;
}
