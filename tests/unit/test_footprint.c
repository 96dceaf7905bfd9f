/* What a run will take of memory: as it is then allocated, and refused with its sizes. */
#include "train/footprint.h"

#include "engine/engine.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static dt_model model_of(int64_t inputs, int64_t hidden, int64_t outputs, bool all)
{
    dt_error err = {0};
    dt_model m;
    dt_model_shape shape = {.inputs = inputs,
                            .outputs = outputs,
                            .hidden = &hidden,
                            .n_hidden = hidden > 0,
                            .activation = all ? DT_ACT_GELU : DT_ACT_RELU,
                            .loss = DT_LOSS_CROSS_ENTROPY,
                            .layer_norm = all,
                            .dropout = all ? 0.1 : 0};
    assert_int_equal(dt_model_init(&m, &shape, &err), DT_OK);
    return m;
}

static double allocated(void)
{
    struct mallinfo2 m = mallinfo2();
    return (double)m.uordblks + (double)m.hblkhd;
}

/* The engine takes what is said, within a tenth and its small tables. */
static void activations(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        dt_error err = {0};
        dt_engine *engine;
        int64_t block = i % 3 ? 64 << i % 6 : 0;
        dt_team team = {.threads = 1 + i % 4};
        dt_model m = model_of(i < 6 ? 700 : 20, i % 2 ? 900 : 0, 10, i > 8);
        double before = allocated();
        assert_int_equal(dt_engine_create(&engine, &m, &team, block, NULL, &err), DT_OK);
        double took = allocated() - before - (double)dt_engine_panels(&m) * sizeof(float);
        double message = dt_engine_bytes(&m, team.threads, block);
        if (mallinfo2().uordblks > 0 && (took > 1.1 * message + 2e6 || took < 0.7 * message))
            fail_msg("model %d: %.0f bytes, not %.0f", i, took, message);
        dt_engine_destroy(engine);
        dt_model_free(&m);
    }
}

/* 1000 inputs and 10 outputs: 10,010 parameters, packed in whole panels. A batch of 1000 is 16
 * blocks of 64, of which one of 3 ranks has 6. */
static void arithmetic(void **state)
{
    (void)state;
    dt_model m = model_of(1000, 0, 10, false);
    double p = 10010, panels = (double)dt_engine_panels(&m);
    assert_true(panels >= 10000 && panels <= 33 * 1001);
    dt_footprint_facts f = {
        .model = &m, .ranks = 3, .threads = 2, .numa_group = 1, .batch_size = 1000, .block = 64};
    dt_footprint plain = dt_footprint_of(&f);
    assert_true(plain.weights == 4 * (2 * p + panels) && plain.data == 0);
    assert_true(plain.activations == dt_engine_bytes(&m, 2, 384)); /* 6 of 16 blocks */
    f.saves = true;                                                /* a copy of the weights */
    assert_true(dt_footprint_of(&f).weights == 4 * (3 * p + panels));
    f.vectors = 2; /* adam: two, and their copies */
    assert_true(dt_footprint_of(&f).weights == 4 * (7 * p + panels));
    f.numa_group = 2; /* what ranks have together */
    assert_true(dt_footprint_of(&f).weights == 4 * (4 * p + (3 * p + panels) / 2));
    f.several_nodes = true;
    assert_true(dt_footprint_of(&f).weights == 4 * (5 * p + (3 * p + panels) / 2));
    f.data = 5000;
    f.under_way = 300;
    assert_true(dt_footprint_of(&f).data == 5300);
    f.collects = true; /* rows of 1000 floats and a label */
    assert_true(dt_footprint_of(&f).data == 5300 + 384 * 4004);
    f.batch_size = 100; /* of which a rank has no more than all */
    f.block = 128;
    assert_true(dt_footprint_of(&f).data == 5300 + 100 * 4004);
    dt_model_free(&m);
}

static void is_refused(void **state)
{
    (void)state;
    dt_error err = {0};
    dt_model m = model_of(1000, 0, 10, false);
    dt_footprint f = {.weights = 3e9, .activations = 1e9, .data = 5e9};
    assert_int_equal(dt_footprint_check(&f, &m, INT64_C(10000000000), &err), DT_OK);
    assert_int_equal(dt_footprint_check(&f, &m, INT64_C(9900000000), &err), DT_ERR_MEMORY);
    assert_non_null(strstr(err.text, "data and model do not fit into memory together: a rank takes "
                                     "5.0 GB for rows of data, 3.0 GB for the weights and 1.0 GB "
                                     "for activations, and its part of the node is 9.9 GB"));
    err = (dt_error){0};
    assert_int_equal(dt_footprint_check(&f, &m, INT64_C(4000000000), &err), DT_ERR_MEMORY);
    assert_non_null(strstr(err.text, "the model does not fit into memory: with 1000 inputs and 10 "
                                     "outputs its training takes 4.0 GB a rank"));
    dt_model_free(&m);
}

int main(void)
{
    mallopt(M_MMAP_THRESHOLD, 128 << 10); /* so that all is counted the same way */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations),
        cmocka_unit_test(arithmetic),
        cmocka_unit_test(is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
