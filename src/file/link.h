/* Why what a path of an HDF5 file names cannot be opened: HDF5 itself says little about links. Not
 * collective. */
#ifndef DT_FILE_LINK_H
#define DT_FILE_LINK_H

#include <hdf5.h>
#include <stdbool.h>

enum { DT_LINK_TEXT = 640 };

/* Whether there is something of that name, and what is wrong with it, as in "is a link to "/gone",
 * which is not there".
 *   reason  HDF5's, for not opening it
 *   text    [out] begins with a verb, unless the path leads over another link that is wrong */
bool dt_link_explain(hid_t root, const char *name, const char *reason, char text[DT_LINK_TEXT]);

/* What to do where HDF5's reason is a version that it does not know; else empty. */
const char *dt_link_advice(const char *reason);

#endif
