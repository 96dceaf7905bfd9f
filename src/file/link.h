/* Explains why a path in an HDF5 file cannot be opened, since HDF5 itself says little about links.
 * Not collective. */
#ifndef DT_FILE_LINK_H
#define DT_FILE_LINK_H

#include <hdf5.h>
#include <stdbool.h>

enum { DT_LINK_TEXT = 640 };

/* Explain why a path cannot be opened, for example "is a link to "/gone", which is not there".
 * Returns whether the path exists.
 *   reason  the reason that HDF5 gives
 *   text    [out] begins with a verb, unless another link on the path is the cause */
bool dt_link_explain(hid_t root, const char *name, const char *reason, char text[DT_LINK_TEXT]);

/* Return advice for the user if HDF5's reason is a version that it does not know; else an empty
 * text. */
const char *dt_link_advice(const char *reason);

#endif
