/* Reads the numbers of a run in a checkpoint. The program uses them as sizes, indices and shifts.
 * So they are read only here, and numbers that no run can have are refused. A file with a valid
 * footer has not been changed, but a file without a footer may have been edited. Not collective. */
#ifndef DT_CHECKPOINT_NUMBERS_H
#define DT_CHECKPOINT_NUMBERS_H

#include "checkpoint/contents.h"

/* Read the run's progress, the shape of its data, its learning rate and its other numbers.
 *   contents  [in,out] already has the model, the normalizer and the path
 *   run       the group /run; negative: the file has none, and only the numbers that exist are read
 * DT_ERR_DATA names the number that is missing or wrong. */
dt_code dt_numbers_read(dt_contents *contents, hid_t file, hid_t run, dt_error *err);

#endif
