#include "train/run_files.h"

#include "file/backup.h"
#include "file/folder.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool is_new(const dt_train_options *o)
{
    return !o->resume && !o->overwrite;
}

/* Lock a folder that is there, and see what it holds. */
static dt_code take_folder(dt_run_files *f, dt_error *err)
{
    const char *folder = f->options->checkpoint;
    char step[64] = "";
    if (dt_lock_take(&f->lock, folder, dt_report_warn, err) ||
        dt_store_find_run(folder, &f->earlier, err))
        return err->code;
    dt_store_clean_up(folder);
    if (f->earlier.last_step > 0)
        snprintf(step, sizeof step, " to step %lld", (long long)f->earlier.last_step);
    if (f->earlier.there && is_new(f->options))
        dt_fail(err, DT_ERR_FILE,
                "%s: holds a run%s: --resume goes on with it, --overwrite deletes it; or choose "
                "another --checkpoint",
                folder, step);
    return err->code;
}

dt_code dt_run_files_check(dt_run_files *f, const dt_train_options *options, dt_error *err)
{
    struct stat info;
    *f = (dt_run_files){.options = options};
    if (options->checkpoint && stat(options->checkpoint, &info) == 0 && S_ISDIR(info.st_mode) &&
        take_folder(f, err))
        return err->code;
    return is_new(options) && options->log ? dt_report_check_log(options, err) : DT_OK;
}

dt_code dt_run_files_prepare(dt_run_files *f, dt_error *err)
{
    if (!f->options->checkpoint || f->lock)
        return DT_OK;
    f->first_made = dt_folder_missing(f->options->checkpoint);
    return dt_store_prepare(f->options->checkpoint, err) ? err->code : take_folder(f, err);
}

static dt_code keep_best(const dt_run_files *f, dt_error *err)
{
    dt_error kept_as = {0};
    char *path = dt_store_best_path(f->options->checkpoint, err);
    char *kept = path ? dt_file_back_up(path, err) : NULL;
    if (kept) {
        dt_fail(&kept_as, DT_ERR_DATA, "%s: of a run that cannot be gone on with; kept as %s", path,
                kept);
        dt_report_warn(kept_as.text);
    }
    free(kept);
    free(path);
    return err->code;
}

dt_code dt_run_files_begin(dt_run_files *f, bool goes_on, dt_error *err)
{
    if (!f->options->checkpoint || goes_on)
        return DT_OK;
    if (f->options->overwrite)
        return dt_store_remove_run(f->options->checkpoint, err);
    return f->earlier.best ? keep_best(f, err) : DT_OK;
}

void dt_run_files_release(dt_run_files *f)
{
    dt_lock_release(f->lock);
    f->lock = NULL;
    if (f->first_made > 0)
        dt_folder_remove_empty(f->options->checkpoint, f->first_made);
}
