/* Writes an HDF5 file. The file gets its name only when it is complete and on the disk. So a crash
 * or a full disk never leaves half a file, and never damages an older file of that name.
 *
 * The file is made in two parts. HDF5 makes the layout (groups, attributes, datasets of fixed
 * shape) in memory. Then the values are written to the disk without HDF5, so HDF5 itself never
 * writes to the disk. The reason is that HDF5 1.10 cannot abandon a file that it cannot write. On a
 * full disk it loses handles, crashes when the file is closed again, and ends the program with
 * "infinite loop closing library".
 *
 *   the values are all in memory (a checkpoint)    the values come in pieces (predict, convert)
 *   dt_output_create                               dt_output_create, _create_through
 *   dt_output_add, ...          the layout         dt_output_add, ...          the layout
 *   dt_output_write_values      without HDF5       dt_output_begin_values      ends the layout
 *   attributes with hashes      the layout         dt_output_write, ...        without HDF5
 *   dt_output_flush_layout      HDF5's last call
 *   dt_output_write_footer      without HDF5
 *   dt_output_commit            gives the name     dt_output_commit            gives the name
 *   dt_output_reuse_layout      the next file
 *   dt_output_close             at any point       dt_output_close             at any point
 *
 * Not collective: one process makes a file. */
#ifndef DT_FILE_OUTPUT_H
#define DT_FILE_OUTPUT_H

#include "file/mapped.h"
#include <dtrain/status.h>
#include <hdf5.h>
#include <stdint.h>

/* The values of a dataset: bytes [begin, begin + size) of the file. */
typedef struct {
    int64_t begin, size;
    hid_t set;          /* the dataset; valid until the layout is closed */
    const void *values; /* the values for dt_output_write_values; borrowed */
    uint64_t hash;      /* XXH3 of the values, once they are written */
} dt_extent;

typedef struct {
    char *path, *temporary; /* owned */
    hid_t file;             /* the layout; negative once it is closed */
    int memory, disk;       /* descriptors of the layout and of the file */
    int *layout_error;      /* dt_layout.error (file/layout.h); owned */
    dt_mapped mapped;       /* recycled files that are in memory */
    dt_mapped_file *map; /* the mapped file that is written, whose descriptor is `disk`; or NULL */
    int folder;          /* descriptor of the folder of the file; negative: it cannot be opened */
    int64_t size;        /* bytes of the file, valid when the layout is complete */
    dt_extent *extent;   /* [sets] */
    int sets;
} dt_output;

/* Check that two paths do not lead to the same file: DT_ERR_USAGE if they do. */
dt_code dt_output_check_input(const char *out, const char *in, dt_error *err);

/* Begin a file that will get the name `path`. Until it is complete it has a temporary name
 * (file/temporary.h). The caller calls dt_output_close, also after an error.
 *   recycled  NULL, or a file of the same folder that is no longer needed. It is overwritten, which
 *             saves freeing and allocating its memory or disk blocks. If another process has it
 *             open, or it has a second name, it is removed instead */
dt_code dt_output_create(dt_output *output, const char *path, const char *recycled, dt_error *err);

/* The same for a path that a user names. If it is a link, the link stays, and the file that it
 * points to is written. */
dt_code dt_output_create_through(dt_output *output, const char *path, dt_error *err);

/* Begin another file with the same layout. Its attributes can be written again. Call it after
 * dt_output_write_footer, also if that failed. */
dt_code dt_output_reuse_layout(dt_output *output, const char *path, const char *recycled,
                               dt_error *err);

/* Add a dataset of this type to output->file or to a group in it. Its values are written later.
 *   dim  [dims] the shape
 *   set  [out] its handle, for attributes; it is closed with the layout
 * Returns the number of the dataset for dt_output_write, or -1 after an error. */
int dt_output_add(dt_output *output, hid_t parent, const char *name, hid_t type, int dims,
                  const hsize_t *dim, hid_t *set);

/* Add a group to output->file or to a group in it. Returns the group, which the caller closes with
 * H5Gclose, or a negative number after an error. */
hid_t dt_output_add_group(hid_t parent, const char *name);

/* Put the error of a failed HDF5 call on the layout into err. Returns err->code. */
dt_code dt_output_layout_failed(const dt_output *output, dt_error *err);

/* A callback that copies some bytes of the values into a buffer, for values that may change while
 * they are written. */
typedef struct {
    void (*read)(void *with, const void *from, int64_t bytes, void *to); /* NULL: no copy needed */
    void *with; /* the first argument of read */
} dt_output_reader;

/* Write the values that all extents point to. Calls no HDF5. */
dt_code dt_output_write_values(dt_output *output, const dt_output_reader *reader, dt_error *err);

/* Flush the layout, which is complete. It stays open for dt_output_reuse_layout. */
dt_code dt_output_flush_layout(dt_output *output, dt_error *err);

/* Write all bytes of the file except the values, and the footer (file/footer.h). Calls no HDF5. */
dt_code dt_output_write_footer(dt_output *output, dt_error *err);

/* End the layout, write everything except the values, and reserve disk space for the values, so
 * that a lack of space is found now. */
dt_code dt_output_begin_values(dt_output *output, dt_error *err);

/* Write some bytes of a dataset's values.
 *   set     the number that dt_output_add returned
 *   offset  the number of bytes of the dataset before these */
dt_code dt_output_write(dt_output *output, int set, int64_t offset, const void *values,
                        int64_t bytes, dt_error *err);

/* Flush the file to the disk and give it its name. */
dt_code dt_output_commit(dt_output *output, dt_error *err);

/* Free the output, and remove the file if it was not committed. An output of zeros is allowed. */
void dt_output_close(dt_output *output);

#endif
