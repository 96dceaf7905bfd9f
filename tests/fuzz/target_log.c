/* Logs of runs that are to go on: the first two bytes of the input are the steps and epochs done.
 * What is kept of a log is kept again. */
#include "fuzz/fuzz.h"

#include "report/log_truncate.h"

#include <stdio.h>
#include <string.h>

static size_t read_log(uint8_t *bytes)
{
    FILE *file = fopen("run.jsonl", "rb");
    size_t n = file ? fread(bytes, 1, FUZZ_ROOM, file) : 0;
    if (file)
        fclose(file);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static uint8_t once[FUZZ_ROOM], twice[FUZZ_ROOM];
    dt_error err = {0}, other = {0};
    int64_t last, again;
    if (n < 2)
        return 0;
    dt_log_truncate_options cut = {.steps = bytes[0], .epochs = bytes[1], .is = {{"seed", 0}}};
    fuzz_enter_folder();
    fuzz_put_file("run.jsonl", bytes + 2, n - 2);
    if (dt_log_truncate("run.jsonl", &cut, &last, &other, &err) || other.code)
        return 0;
    n = read_log(once);
    if (dt_log_truncate("run.jsonl", &cut, &again, &other, &err) || other.code || again != last ||
        read_log(twice) != n || memcmp(once, twice, n) != 0)
        fuzz_fail("cut again, the log is another");
    return 0;
}

size_t fuzz_seed(int i, uint8_t *bytes)
{
    static const char *const text[] = {
        "\x05\x02{\"event\":\"start\",\"ranks\":1,\"seed\":0}\n{\"event\":\"step\",\"epoch\":1,"
        "\"step\":1,"
        "\"global_step\":1,\"loss\":0.5}\n{\"event\":\"epoch\",\"epoch\":1,\"global_step\":3,"
        "\"train_loss\":1.25}\n{\"event\":\"checkpoint\",\"global_step\":3}\n",
        "\x01\x01{\"event\":\"start\",\"seed\":0}\n{\"event\":\"step\",\"epoch\":1,\"step\":2,"
        "\"global_step\":"
        "2}\n"
        "{\"event\":\"end\",\"status\":\"stopped\",\"epochs\":1,\"global_step\":2}\n{\"event\":"
        "\"st",
        "\x09\x09\n\n{}\n[]\nnull\n{\"event\":7}\n{\"event\":\"epoch\",\"epoch\":\"x\"}\n",
        "\x09\x09{\"event\":\"epoch\",\"epoch\":9223372036854775808}\n",
        "\x09\x09{\"event\":\"step\",\"global_step\":-1e300}\n",
    };
    if (i >= (int)(sizeof text / sizeof *text))
        return 0;
    memcpy(bytes, text[i], strlen(text[i]));
    return strlen(text[i]);
}
