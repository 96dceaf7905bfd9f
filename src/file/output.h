/* Writes an HDF5 file, which appears under its name only when it is complete and on the disk. So a
 * crash or a full disk never leaves half a file, and never harms an older file of that name.
 *
 * The file is made in two parts. HDF5 makes the layout (groups, attributes, datasets of fixed
 * shape) in memory. The values then go to the disk without HDF5. The reason: HDF5 1.10 cannot give
 * up a file that it cannot write. On a full disk it loses handles, crashes when a file is closed
 * again, and ends the program with "infinite loop closing library". Here HDF5 writes nothing to a
 * disk.
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
    const void *values; /* for dt_output_write_values; borrowed */
    uint64_t hash;      /* XXH3 of the values, once they are written */
} dt_extent;

typedef struct {
    char *path, *temporary; /* owned */
    hid_t file;             /* the layout; negative once it is closed */
    int memory, disk;       /* descriptors of the layout and of the file */
    int *layout_error;      /* file/layout.h; owned */
    dt_mapped mapped;       /* recycled files that are in memory */
    dt_mapped_file *map;    /* the mapped file that is written; its descriptor is `disk`; or NULL */
    int folder;        /* descriptor of the folder of the file; negative: it cannot be opened */
    int64_t size;      /* of the file, once the layout is complete */
    dt_extent *extent; /* [sets] */
    int sets;
} dt_output;

/* DT_ERR_USAGE if out is the same file as in. */
dt_code dt_output_check_input(const char *out, const char *in, dt_error *err);

/* Begin a file that will be called path. Until it is complete it has a temporary name
 * (file/temporary.h). To be ended with dt_output_close, also after an error.
 *   recycled  NULL, or a file of the same folder that is not needed any more. It is overwritten,
 *             which saves freeing and allocating its memory or blocks. If another process has it
 *             open, or it has another name too, it is removed instead */
dt_code dt_output_create(dt_output *output, const char *path, const char *recycled, dt_error *err);

/* The same for a file that a user names: if it is a link, the link stays and is followed. */
dt_code dt_output_create_through(dt_output *output, const char *path, dt_error *err);

/* Begin another file with the same layout, whose attributes can be written again. It follows
 * dt_output_write_footer, also if that failed. */
dt_code dt_output_reuse_layout(dt_output *output, const char *path, const char *recycled,
                               dt_error *err);

/* Add a dataset of this type to output->file or to a group of it. Its values come later.
 *   set  [out] its handle, for attributes; closed with the layout
 * Returns the number of the dataset for dt_output_write, or -1. */
int dt_output_add(dt_output *output, hid_t parent, const char *name, hid_t type, int dims,
                  const hsize_t *dim, hid_t *set);

/* Add a group to output->file or to a group of it. The caller closes it. Negative after an error.
 * */
hid_t dt_output_add_group(hid_t parent, const char *name);

/* Put the error of a failed HDF5 call on the layout into err. Returns err->code. */
dt_code dt_output_layout_failed(const dt_output *output, dt_error *err);

/* A callback that copies some bytes of the values into a buffer, for values that may change. */
typedef struct {
    void (*read)(void *with, const void *from, int64_t bytes, void *to); /* NULL: as they are */
    void *with;
} dt_output_reader;

/* Write the values that all extents point to. Calls no HDF5. */
dt_code dt_output_write_values(dt_output *output, const dt_output_reader *reader, dt_error *err);

/* The layout is complete. It stays open for dt_output_reuse_layout. */
dt_code dt_output_flush_layout(dt_output *output, dt_error *err);

/* Write everything around the values, and the footer (file/footer.h). Calls no HDF5. */
dt_code dt_output_write_footer(dt_output *output, dt_error *err);

/* End the layout, write everything except the values, and reserve the disk space for these, so that
 * a disk that is too small is found here. */
dt_code dt_output_begin_values(dt_output *output, dt_error *err);

/* Write some bytes of a dataset's values, at an offset. */
dt_code dt_output_write(dt_output *output, int set, int64_t offset, const void *values,
                        int64_t bytes, dt_error *err);

/* Flush the file to the disk and give it its name. */
dt_code dt_output_commit(dt_output *output, dt_error *err);

/* Free the output, and remove a file that was not committed. Also for an output that is all zero.
 * */
void dt_output_close(dt_output *output);

#endif
