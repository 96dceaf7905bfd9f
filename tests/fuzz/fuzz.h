/* What the fuzz targets share. A target is a file target_<name>.c with libFuzzer's function and the
 * inputs to begin with. With clang and DTRAIN_FUZZ libFuzzer runs it; without, driver.c does. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FUZZ_ROOM = 1 << 16 /* bytes of an input, at most */ };

/* One input. Returns 0; what is wrong ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Input i to begin with, at most FUZZ_ROOM bytes. Returns its length; 0: there are no more. */
size_t fuzz_seed(int i, uint8_t *bytes);

/* Enter a folder of this process in memory, which is removed at its end; no file in it can become
 * larger than some megabytes. Only the first call does something. */
void fuzz_enter_folder(void);

/* The target itself makes HDF5 fail in ways after which HDF5 cannot be ended: it is not. */
void fuzz_leave_open(void);

/* Write a file into the folder. */
void fuzz_put_file(const char *name, const uint8_t *bytes, size_t n);

/* End the process, telling why. */
_Noreturn void fuzz_fail(const char *why);

/* ---- An input as a sequence of choices; what is behind its end is 0 ------------------------- */

typedef struct {
    const uint8_t *bytes;
    size_t n;
} fuzz_choices;

/* A number below `below`. */
unsigned fuzz_choose(fuzz_choices *choices, unsigned below);

/* A whole number, mostly one of those that overflow something. */
int64_t fuzz_choose_integer(fuzz_choices *choices);

/* The same, among doubles. */
double fuzz_choose_real(fuzz_choices *choices);

#endif
