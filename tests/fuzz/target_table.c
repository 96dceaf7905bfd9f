/* Tables, gzipped or not, as convert reads them; the first byte of the input chooses the target
 * and the options. */
#include "fuzz/fuzz.h"

#include <dtrain/convert.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const target[] = {"y", "-1", "1", "3", "0", "a", "", "9223372036854775808"};
    static const dt_convert_options options[] = {
        {.one_hot = true},
        {.target = "y,-1", .one_hot = true, .missing_words = "1,red"},
        {.decimal = ',', .thousands = '.', .separator = ';'},
        {.separator = ' ', .drop = "1", .header = DT_CONVERT_HEADER_NO},
        {.like = "like.h5"},
        {.columns = "2,1", .header = DT_CONVERT_HEADER_YES, .thousands = ' '},
    };
    static const char like[] = "a,c,y\n1,red,cat\n2,blue,dog\n";
    enum { OPTIONS = sizeof options / sizeof *options };
    dt_error err = {0};
    if (n < 1)
        return 0;
    fuzz_enter_folder();
    if (access("like.h5", F_OK)) {
        fuzz_put_file("t.csv", (const uint8_t *)like, sizeof like - 1);
        dt_convert_table_with("t.csv", "like.h5",
                              &(dt_convert_options){.target = "y", .one_hot = true}, NULL, &err);
        err = (dt_error){0};
    }
    fuzz_put_file("t.csv", bytes + 1, n - 1);
    if (bytes[0] < 128)
        dt_convert_csv("t.csv", "out.h5", target[bytes[0] % 8], &err);
    else
        dt_convert_table_with("t.csv", "out.h5", &options[bytes[0] % OPTIONS], NULL, &err);
    return 0;
}

size_t fuzz_seed(int i, uint8_t *bytes)
{
    static const char *const text[] = {
        "\x10"
        "a,b,y\n1,2,0.5\n-3.25,4e2,1\n",
        "\x11"
        "1;2;3\r\n4;5;6\r\n",
        "\x10"
        "\xef\xbb\xbf"
        "a\tk\ty\n1\t2\tcat\n3\t4\tdog\n",
        "\x10"
        "\"a, \"\"b\"\"\",\"k\nl\",y\n1,2,\"red, \"\"or\"\" so\"\n3,4,blue\n",
        "\x12"
        "7,8\n",
        "\x11"
        "x,y\n1,9223372036854775807\n2,-9223372036854775808\n",
        "\x11"
        "a,b\n1,nan\n2,NA\n",
        "\x10"
        "y,0,1,2\n0,1,2,3\n1,4,5,6\n",
        "\x80"
        "c k y\nred 1 2\nblue  NA 3\n",
        "\x81"
        "c;1 000,5;y\nred;1.000,5;2\nTrue;7;\n",
        "\x13"
        "a,b,\n1,2,\"199,5\"\n3,4,\"1,163.74\"\n",
    };
    static const uint8_t packed[] = {0x10, 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00,
                                     0x00, 0x03, 0x4b, 0xd4, 0xa9, 0xe4, 0x32, 0xd4, 0x31,
                                     0xe2, 0x32, 0xd6, 0x31, 0xe1, 0x02, 0x00, 0x7b, 0x5e,
                                     0x0d, 0x2a, 0x0c, 0x00, 0x00, 0x00};
    enum { TEXTS = sizeof text / sizeof *text };
    if (i < TEXTS)
        memcpy(bytes, text[i], strlen(text[i]));
    if (i == TEXTS)
        memcpy(bytes, packed, sizeof packed);
    return i < TEXTS ? strlen(text[i]) : i == TEXTS ? sizeof packed : 0;
}
