/* A program that uses the installed library, as C and as C++: a run that has its data, and one that names an option
 * that there is not. */
#include <dtrain/dtrain.h>

#include <stdio.h>
#include <string.h>

#if DTRAIN_VERSION_NUMBER < 100 || !defined DTRAIN_VERSION_MAJOR
#error "no version"
#endif

int main(int argc, char **argv)
{
    dt_world world;
    dt_train_options options;
    dt_error err, wrong;
    memset(&err, 0, sizeof err);
    memset(&wrong, 0, sizeof wrong);
    if (argc < 2 || dt_world_begin(&world, &argc, &argv, &err))
        return 1;
    dt_train_options_init(&options, &err);
    dt_train_options_set(&options, "data", argv[1], &err);
    dt_train_options_set(&options, "epochs", "1", &err);
    if (dt_train_options_set(&options, "epoch", "1", &wrong) != DT_ERR_USAGE)
        return 1;
    if (!dt_world_agree(&world, &err))
        dt_train(&world, &options, &err);
    if (world.rank == 0)
        printf("%s %s\n", DTRAIN_VERSION, err.code ? err.text : "trained");
    dt_train_options_free(&options);
    dt_world_end(&world);
    return err.code != DT_OK;
}
