/* Configuration files of train; each line's value goes through the parser of its option. */
#include "fuzz/fuzz.h"

#include "cli/config.h"
#include "train/options.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static char copy[FUZZ_ROOM];
    dt_train_options options;
    dt_error err = {0};
    if (n > sizeof copy)
        return 0;
    memcpy(copy, bytes, n);
    dt_text text = {.bytes = copy, .n = (int64_t)n};
    dt_arguments_form form = {
        .command = "train", .table = dt_train_option_table, .config = true, .text = &text};
    fuzz_enter_folder();
    if (dt_train_options_init(&options, &err))
        fuzz_fail("no options");
    dt_config_read(&form, "a.conf", &options, &err);
    dt_train_options_free(&options);
    return 0;
}

size_t fuzz_seed(int i, uint8_t *bytes)
{
    static const char *const text[] = {
        "# a run\nepochs = 2\nbatch-size = 6\nno-shuffle = true\n",
        "lr=0.5\nhidden : 4,5\n; c\nactivation = tanh # x\nschedule = step:10:0.5\nwarmup = 5\n",
        "\xef\xbb\xbf"
        "data = a b.h5\r\nclass-weights = 1,2,0.5\r\nmemory = 1.5G\r\nmax-time = 1h30m\r\n",
        "checkpoint = d\ncheckpoint-every = 10s\nkeep = 3\nclip-norm = 1e-3\nval-fraction = .1\n",
        "seed = 18446744073709551615\nthreads = 2\nlabel-smoothing = 0.1\noptimizer = lamb\n",
        "dropout = 0.2\nlayer-norm = yes\nbeta1 = 0.9\nscale-lr = 32\npatience = 3\nlog-every = "
        "1\n",
    };
    if (i >= (int)(sizeof text / sizeof *text))
        return 0;
    memcpy(bytes, text[i], strlen(text[i]));
    return strlen(text[i]);
}
