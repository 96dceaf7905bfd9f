#include "report/progress.h"

#include "core/clock.h"
#include "report/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MIN_CELLS = 5, MAX_CELLS = 20, PART_TEXT = 160 };

static const double REDRAW_SECONDS = 0.1;

static bool is_terminal(const char *path)
{
    int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    bool terminal = fd >= 0 && isatty(fd);
    if (fd >= 0)
        close(fd);
    return terminal;
}

/* Open MPI's mpirun hands every rank a pipe as its standard error and a terminal of mpirun's own
 * making as its standard output, and writes on what arrives there; so where it is our parent, the
 * streams to look at are the parent's. On a node other than mpirun's, or below another launcher,
 * the parent has no terminal. */
static bool under_mpirun(void)
{
    struct stat own;
    return getenv("OMPI_COMM_WORLD_RANK") && fstat(STDERR_FILENO, &own) == 0 &&
           S_ISFIFO(own.st_mode);
}

static bool launcher_has_terminal(int fd)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getppid(), fd);
    return is_terminal(path);
}

static bool wanted(const dt_train_options *options, bool launched)
{
    if (options->progress != DT_PROGRESS_AUTO)
        return options->progress == DT_PROGRESS_ALWAYS;
    return !options->quiet &&
           (launched ? launcher_has_terminal(STDERR_FILENO) : isatty(STDERR_FILENO));
}

void dt_progress_open(dt_progress_bar *bar, const dt_train_options *options,
                      const dt_report_run *run)
{
    bool launched = under_mpirun();
    *bar = (dt_progress_bar){
        .on = wanted(options, launched),
        .to = stderr,
        .epochs = options->epochs,
        .steps_per_epoch = run->steps_per_epoch,
        .total_steps = run->total_steps,
        .before = -1,
    };
    /* The two streams reach mpirun by separate ways, one before the other or after it. Where both
     * end on the terminal the bar goes the way of the lines, or it would be wiped off too late. */
    if (bar->on && launched && !options->quiet && launcher_has_terminal(STDOUT_FILENO))
        bar->to = stdout;
}

static void rate_text(char *out, size_t size, double rate)
{
    if (rate < 1e3)
        snprintf(out, size, "%.0f samples/s", rate);
    else if (rate < 1e6)
        snprintf(out, size, "%.1f k samples/s", rate / 1e3);
    else
        snprintf(out, size, "%.1f M samples/s", rate / 1e6);
}

/* "1:23" or "2:01:23" */
static void left_text(char *out, size_t size, double seconds)
{
    int64_t whole = seconds < 1e9 ? (int64_t)(seconds + 0.5) : (int64_t)1e9;
    if (whole < 3600)
        snprintf(out, size, "%" PRId64 ":%02" PRId64, whole / 60, whole % 60);
    else
        snprintf(out, size, "%" PRId64 ":%02" PRId64 ":%02" PRId64, whole / 3600, whole / 60 % 60,
                 whole % 60);
}

/* "[####----] ", as wide as the rest of the line allows; nothing if that is too little */
static void picture_text(char out[MAX_CELLS + 4], int room, double share)
{
    int cells = room - 3; /* without brackets and blank */
    if (cells > MAX_CELLS)
        cells = MAX_CELLS;
    out[0] = '\0';
    if (cells < MIN_CELLS)
        return;
    int full = (int)(share * cells);
    out[0] = '[';
    memset(out + 1, '#', (size_t)full);
    memset(out + 1 + full, '-', (size_t)(cells - full));
    strcpy(out + 1 + cells, "] ");
}

void dt_progress_text(const dt_progress_bar *bar, const dt_report_step_facts *facts, double seconds,
                      char text[DT_PROGRESS_COLUMNS + 1])
{
    int64_t done = facts->global_step - bar->before;
    int64_t todo = bar->total_steps - facts->global_step;
    double share = bar->total_steps > 0 && todo > 0
                       ? (double)facts->global_step / (double)bar->total_steps
                       : 1;
    char rate[32], left[32], loss[DT_LOSS_TEXT], head[PART_TEXT], tail[PART_TEXT];
    rate_text(rate, sizeof rate, seconds > 0 ? (double)bar->samples / seconds : 0);
    left_text(left, sizeof left, todo > 0 ? seconds / (double)done * (double)todo : 0);
    int used =
        snprintf(head, sizeof head, "Epoch %" PRId64 "/%" PRId64 ", step %" PRId64 "/%" PRId64 " ",
                 facts->epoch, bar->epochs, facts->step, bar->steps_per_epoch);
    used += snprintf(tail, sizeof tail, "%d %%, loss %s, %s, %s left", (int)(100 * share),
                     dt_loss_text(loss, facts->loss), rate, left);
    char picture[MAX_CELLS + 4];
    picture_text(picture, DT_PROGRESS_COLUMNS - used, share);
    char line[2 * PART_TEXT + sizeof picture];
    snprintf(line, sizeof line, "%s%s%s", head, picture, tail);
    snprintf(text, DT_PROGRESS_COLUMNS + 1, "%.*s", DT_PROGRESS_COLUMNS, line);
}

static void draw(dt_progress_bar *bar, const dt_report_step_facts *facts, double now)
{
    char text[DT_PROGRESS_COLUMNS + 1];
    dt_progress_text(bar, facts, now - bar->begun, text);
    int length = (int)strlen(text), stale = bar->width > length ? bar->width - length : 0;
    fprintf(bar->to, "\r%s%*s", text, stale, "");
    fflush(bar->to);
    bar->width = length + stale;
    bar->drawn = now;
}

void dt_progress_step(dt_progress_bar *bar, const dt_report_step_facts *facts)
{
    double now = dt_clock_coarse();
    if (bar->before < 0) {
        bar->before = facts->global_step;
        bar->begun = bar->drawn = now;
        return;
    }
    bar->samples += facts->samples;
    if (now - bar->drawn >= REDRAW_SECONDS)
        draw(bar, facts, now);
}

void dt_progress_clear(dt_progress_bar *bar)
{
    if (bar->width == 0)
        return;
    fprintf(bar->to, "\r%*s\r", bar->width, "");
    fflush(bar->to);
    bar->width = 0;
}
