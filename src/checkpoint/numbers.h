/* The numbers of a run in a checkpoint. They become sizes, positions and shifts, so this is the one
 * place where they are read, and numbers that no run can have are refused. A file whose footer is
 * right is as it was written; a file without a footer may have been edited. Not collective. */
#ifndef DT_CHECKPOINT_NUMBERS_H
#define DT_CHECKPOINT_NUMBERS_H

#include "checkpoint/contents.h"

/* Read the run's progress, its data, learning rate and the like.
 *   contents  [in,out] has the model, the normaliser and the path already
 *   run       the group /run; negative if there is none: then only the numbers that the file has
 *             are read
 * DT_ERR_DATA names what is missing or wrong. */
dt_code dt_numbers_read(dt_contents *contents, hid_t file, hid_t run, dt_error *err);

#endif
