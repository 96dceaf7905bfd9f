/* Runs a fuzz target without libFuzzer: changes its inputs at random, the same way for the same
 * seed.
 *   fuzz_TARGET [--seconds S] [--runs N] [--seed N]   inputs of the target's own, changed
 *   fuzz_TARGET FILE...                               these, as they are
 *   fuzz_TARGET --write FOLDER                        the inputs to begin with, for libFuzzer
 * The input under way lies in ./fuzz-TARGET.input, so that it is there after a crash. An input may
 * take 20 seconds. */
#include "fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SEEDS = 64, MAX_CHANGES = 6, INPUT_SECONDS = 20 };

typedef struct {
    uint8_t bytes[FUZZ_ROOM];
    size_t n;
} input;

static input seeds[MAX_SEEDS];
static int n_seeds;
static uint64_t state;

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t draw(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static size_t below(size_t n)
{
    return n ? draw() % n : 0;
}

/* ---- Changes -------------------------------------------------------------------------------- */

/* Put bytes in the place of `gone` others. */
static void replace(input *in, size_t at, size_t gone, const void *bytes, size_t n)
{
    if (at > in->n || gone > in->n - at || in->n - gone + n > FUZZ_ROOM)
        return;
    memmove(in->bytes + at + n, in->bytes + at + gone, in->n - at - gone);
    memcpy(in->bytes + at, bytes, n);
    in->n += n - gone;
}

static void put_number(input *in)
{
    static const uint64_t odd[] = {0,
                                   1,
                                   0x7f,
                                   0x80,
                                   0xff,
                                   0x7fff,
                                   0x8000,
                                   0xffff,
                                   0x7fffffff,
                                   0x80000000,
                                   0xffffffff,
                                   INT64_MAX,
                                   (uint64_t)1 << 63,
                                   UINT64_MAX};
    uint64_t value = odd[below(sizeof odd / sizeof *odd)];
    size_t size = (size_t)1 << below(4), at = below(in->n);
    if (draw() & 1)
        value = __builtin_bswap64(value) >> (64 - 8 * size);
    if (at + size <= in->n)
        replace(in, at, size, &value, size);
}

static void put_word(input *in)
{
    static const char *const words[] = {"0",
                                        "-1",
                                        "1",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "-9223372036854775808",
                                        "1e400",
                                        "nan",
                                        "inf",
                                        "-0",
                                        "0x10",
                                        "1e-400",
                                        "NA",
                                        "",
                                        "\"",
                                        "\"\"",
                                        ",",
                                        ";",
                                        "\t",
                                        "\n",
                                        "\r\n",
                                        "\0",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        "(",
                                        ")",
                                        ":",
                                        "=",
                                        "#",
                                        "%b",
                                        "\xff\xfe",
                                        "\xef\xbb\xbf",
                                        "\x1f\x8b",
                                        "null",
                                        "true",
                                        "1,2",
                                        "999999999999999999999999"};
    const char *word = words[below(sizeof words / sizeof *words)];
    replace(in, below(in->n + 1), below(4), word, strlen(word));
}

static void change(input *in)
{
    uint8_t byte = (uint8_t)draw();
    const input *other = &seeds[below((size_t)n_seeds)];
    size_t at = below(in->n), n = below(in->n - at < 64 ? in->n - at + 1 : 64);
    switch (below(8)) {
    case 0:
        if (in->n)
            in->bytes[at] ^= (uint8_t)(1 << below(8));
        break;
    case 1:
        replace(in, at, in->n > 0, &byte, 1);
        break;
    case 2:
        replace(in, at, n, "", 0);
        break;
    case 3: {
        uint8_t copy[64];
        memcpy(copy, in->bytes + at, n);
        replace(in, below(in->n + 1), 0, copy, n);
        break;
    }
    case 4:
        put_number(in);
        break;
    case 5:
        put_word(in);
        break;
    case 6:
        at = below(other->n);
        replace(in, below(in->n + 1), below(16), other->bytes + at, below(other->n - at + 1));
        break;
    default:
        in->n = below(in->n + 1);
    }
}

/* ---- Running -------------------------------------------------------------------------------- */

/* Where the input under way can be found after a crash; NULL: nowhere. */
static uint8_t *keep_input(const char *program)
{
    char copy[4096], name[4200];
    snprintf(copy, sizeof copy, "%s", program);
    snprintf(name, sizeof name, "%s.input", basename(copy));
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    void *at = fd >= 0 && ftruncate(fd, FUZZ_ROOM + 8) == 0
                   ? mmap(NULL, FUZZ_ROOM + 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                   : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    return at == MAP_FAILED ? NULL : at;
}

/* The file begins with the input's length, 8 bytes. */
static void run(const input *in, uint8_t *kept)
{
    if (kept) {
        uint64_t n = in->n;
        memcpy(kept, &n, sizeof n);
        memcpy(kept + sizeof n, in->bytes, in->n);
    }
    alarm(INPUT_SECONDS);
    LLVMFuzzerTestOneInput(in->bytes, in->n);
    alarm(0);
}

static void run_random(const char *program, double seconds, int64_t runs)
{
    static input in;
    uint8_t *kept = keep_input(program);
    struct timespec begin, now;
    int64_t done = 0;
    fuzz_enter_folder();
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < n_seeds; i++, done++)
        run(&seeds[i], kept);
    for (; done < runs; done++) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9 >
            seconds)
            break;
        in = seeds[below((size_t)n_seeds)];
        for (size_t i = below(MAX_CHANGES) + 1; i > 0; i--)
            change(&in);
        run(&in, kept);
    }
    printf("%lld inputs\n", (long long)done);
}

static int run_files(int n, char **names)
{
    static input in;
    for (int i = 0; i < n; i++) {
        FILE *file = fopen(names[i], "rb");
        uint64_t length;
        if (!file)
            return 1;
        in.n = fread(in.bytes, 1, FUZZ_ROOM, file);
        fclose(file);
        memcpy(&length, in.bytes, sizeof length);
        if (in.n == FUZZ_ROOM && length <= FUZZ_ROOM - 8) { /* as keep_input has it */
            in.n = length;
            memmove(in.bytes, in.bytes + 8, in.n);
        }
        fuzz_enter_folder();
        run(&in, NULL);
    }
    return 0;
}

static int write_seeds(const char *folder)
{
    for (int i = 0; i < n_seeds; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/seed-%d", folder, i);
        FILE *file = fopen(name, "wb");
        if (!file || fwrite(seeds[i].bytes, 1, seeds[i].n, file) != seeds[i].n || fclose(file))
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    double seconds = 10;
    int64_t runs = INT64_MAX;
    while (n_seeds < MAX_SEEDS && (seeds[n_seeds].n = fuzz_seed(n_seeds, seeds[n_seeds].bytes)) > 0)
        n_seeds++;
    for (; argc > 2 && strncmp(argv[1], "--", 2) == 0; argv += 2, argc -= 2) {
        if (strcmp(argv[1], "--seconds") == 0)
            seconds = strtod(argv[2], NULL);
        else if (strcmp(argv[1], "--runs") == 0)
            runs = strtoll(argv[2], NULL, 10);
        else if (strcmp(argv[1], "--seed") == 0)
            state = strtoull(argv[2], NULL, 10);
        else if (strcmp(argv[1], "--write") == 0)
            return write_seeds(argv[2]);
    }
    if (argc > 1)
        return run_files(argc - 1, argv + 1);
    run_random(program_invocation_short_name, seconds, runs);
    return 0;
}
