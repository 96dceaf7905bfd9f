/* An HDF5 file in the making: it appears under its name only when it is complete and on the disk,
 * so a crash or a full disk never leaves half a file, nor harms one that was there. It is made in
 * two parts: first its layout (groups, attributes, datasets of fixed shape), by HDF5, in memory;
 * then the values, which go to the disk directly. The reason: HDF5 1.10 cannot let go of a file
 * that it cannot write. On a full disk it loses handles, crashes when a file is closed again, and
 * ends the program with "infinite loop closing library". Here no write to a disk is HDF5's. Not
 * collective: one process makes a file. */
#ifndef DT_FILE_OUTPUT_H
#define DT_FILE_OUTPUT_H

#include "file/mapped.h"
#include <dtrain/status.h>
#include <hdf5.h>
#include <stdint.h>

/* Where the values of a dataset lie in the file, in bytes. */
typedef struct {
    int64_t begin, size;
    hid_t set;          /* until the layout is closed */
    const void *values; /* for dt_output_write_values; borrowed */
    uint64_t hash;      /* theirs, XXH3, once they are written */
} dt_extent;

typedef struct {
    char *path, *temporary; /* owned */
    hid_t file;             /* for the layout; negative once that is closed */
    int memory, disk;       /* file descriptors */
    int *layout_error;      /* file/layout.h; owned */
    dt_mapped mapped;       /* recycled files that are in memory */
    dt_mapped_file
        *map;     /* the recycled file that is being written, whose descriptor is then disk; NULL:
                               none is */
    int folder;   /* the same, of the one it is in; negative: it cannot be opened */
    int64_t size; /* of the file, once the layout is done */
    dt_extent *extent; /* [sets] */
    int sets;
} dt_output;

/* DT_ERR_USAGE if out is the same file as in, which is never meant. */
dt_code dt_output_check_input(const char *out, const char *in, dt_error *err);

/* Begin a file that will be called path; until it is complete it has a temporary
 * name (file/temporary.h). To be ended with dt_output_close, also after an error.
 *   recycled  NULL, or a file in the same folder that is done with: it is written over, which saves
 *          giving its memory or blocks back and asking for them again, unless somebody still has it
 *          open, or by another name: then it is removed */
dt_code dt_output_create(dt_output *output, const char *path, const char *recycled, dt_error *err);

/* The same of a file that a user names: what is a link is followed, and stays. */
dt_code dt_output_create_through(dt_output *output, const char *path, dt_error *err);

/* Begin another file of the same layout, whose attributes can be written again: after
 * dt_output_write_footer, also if that failed. */
dt_code dt_output_reuse_layout(dt_output *output, const char *path, const char *recycled,
                               dt_error *err);

/* The layout: a dataset in output->file or a group of it, whose values come later, in this type.
 *   set  [out] its handle, for attributes; closed with the layout
 * Returns its number for dt_output_write, or -1. */
int dt_output_add(dt_output *output, hid_t parent, const char *name, hid_t type, int dims,
                  const hsize_t *dim, hid_t *set);

/* A group in output->file or a group of it, closed by the caller. Negative on an error. */
hid_t dt_output_add_group(hid_t parent, const char *name);

/* What a call of HDF5 on the layout that failed becomes. Returns err->code. */
dt_code dt_output_layout_failed(const dt_output *output, dt_error *err);

/* How values are read that others may be about to change: some bytes of them, into a buffer. */
typedef struct {
    void (*read)(void *with, const void *from, int64_t bytes, void *to); /* NULL: as they are */
    void *with;
} dt_output_reader;

/* Of a file whose values are all in memory (their place is in output->extent): write them. No HDF5
 * in here. */
dt_code dt_output_write_values(dt_output *output, const dt_output_reader *reader, dt_error *err);

/* Then the layout is complete: it stays open for dt_output_reuse_layout. */
dt_code dt_output_flush_layout(dt_output *output, dt_error *err);

/* And write everything around the values, and behind it checksums of all (file/footer.h). No HDF5. */
dt_code dt_output_write_footer(dt_output *output, dt_error *err);

/* Else: end the layout, write everything but the values, and take the disk space for those, so that
 * a disk too small is found out here. */
dt_code dt_output_begin_values(dt_output *output, dt_error *err);

/* Write bytes of a dataset's values, from an offset into them. */
dt_code dt_output_write(dt_output *output, int set, int64_t offset, const void *values,
                        int64_t bytes, dt_error *err);

/* Bring everything onto the disk and give the file its name. */
dt_code dt_output_commit(dt_output *output, dt_error *err);

/* Remove what has not been committed, and free. Safe on an output that is all zero. */
void dt_output_close(dt_output *output);

#endif
