/* The numbers of a run in a checkpoint: the one place where they are read, and where those that no
 * run can have are refused. They become sizes, positions and shifts. A file with a footer is as it
 * was written, but others may have been edited. Not collective. */
#ifndef DT_CHECKPOINT_NUMBERS_H
#define DT_CHECKPOINT_NUMBERS_H

#include "checkpoint/contents.h"

/* Read how far the run has come, its data and the like into saved, of which model, normalizer and
 * path are known; run is negative where there is no /run, and then only what is in the file is
 * read. DT_ERR_DATA names what is missing or wrong. */
dt_code dt_numbers_read(dt_contents *contents, hid_t file, hid_t run, dt_error *err);

#endif
