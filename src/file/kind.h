/* Files that are no HDF5, by their first bytes. */
#ifndef DT_FILE_KIND_H
#define DT_FILE_KIND_H

/* The kind of a file and how to make HDF5 of it, as "a table (CSV), not an HDF5 file; ...", without
 * its path. Never NULL: of unknown bytes it is no more than that. */
const char *dt_file_kind(const char *path);

#endif
