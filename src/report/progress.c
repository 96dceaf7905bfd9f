#include "report/progress.h"

#include "core/clock.h"
#include "core/stop.h"
#include "report/format.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MIN_CELLS = 4,
    FAIR_CELLS = 8,
    MAX_CELLS = 20,
    PART_TEXT = 160,
    COLUMNS = 80, /* of a terminal that does not say */
    MIN_COLUMNS = 20,
    ECHO_COLUMNS = 2, /* ^C, which the terminal writes behind the bar */
};

static const double REDRAW_SECONDS = 0.1;

/* Columns of a terminal; 0: it is none. */
static int count_columns(int fd)
{
    struct winsize size = {0};
    if (!isatty(fd))
        return 0;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS;
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

static int count_launcher_columns(int number)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getppid(), number);
    int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int columns = fd < 0 ? 0 : count_columns(fd);
    if (fd >= 0)
        close(fd);
    return columns;
}

/* terminal: there is one */
static bool is_wanted(const dt_train_options *options, bool terminal)
{
    if (options->progress != DT_PROGRESS_AUTO)
        return options->progress == DT_PROGRESS_ALWAYS;
    return !options->quiet && terminal;
}

/* At most DT_PROGRESS_COLUMNS: neither the bar nor what the terminal writes behind it may reach its
 * last column, or the bar would go on in the next line. */
static int choose_columns(int terminal)
{
    int columns = terminal - ECHO_COLUMNS - 1;
    if (terminal == 0 || columns > DT_PROGRESS_COLUMNS)
        return DT_PROGRESS_COLUMNS;
    return columns < MIN_COLUMNS ? MIN_COLUMNS : columns;
}

void dt_progress_open(dt_progress_bar *bar, const dt_train_options *options,
                      const dt_report_run *run)
{
    bool launched = under_mpirun();
    int columns = launched ? count_launcher_columns(STDERR_FILENO) : count_columns(STDERR_FILENO);
    *bar = (dt_progress_bar){
        .on = is_wanted(options, columns > 0),
        .columns = choose_columns(columns),
        .to = stderr,
        .epochs = options->epochs,
        .steps_per_epoch = run->steps_per_epoch,
        .total_steps = run->total_steps,
        .before = -1,
    };
    /* The two streams reach mpirun by separate ways, one before the other or after it. Where both
     * end on the terminal the bar goes the way of the lines, or it would be wiped off too late. */
    if (bar->on && launched && !options->quiet && count_launcher_columns(STDOUT_FILENO) > 0)
        bar->to = stdout;
}

static void rate_text(char *out, size_t size, double rate)
{
    if (rate < 1e3)
        snprintf(out, size, "%.0f samples/s", rate);
    else if (rate < 1e6)
        snprintf(out, size, "%.1fk samples/s", rate / 1e3);
    else
        snprintf(out, size, "%.1fM samples/s", rate / 1e6);
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

/* "[####----] ", as wide as the rest of the line allows; nothing if that is less than `least`
 * cells.
 */
static void picture_text(char out[MAX_CELLS + 4], int room, int min_cells, double share)
{
    int cells = room - 3; /* without brackets and blank */
    if (cells > MAX_CELLS)
        cells = MAX_CELLS;
    out[0] = '\0';
    if (cells < min_cells)
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
    char rate[32], left[32], loss[DT_LOSS_TEXT], step[PART_TEXT], tail[PART_TEXT];
    rate_text(rate, sizeof rate, seconds > 0 ? (double)bar->samples / seconds : 0);
    left_text(left, sizeof left, todo > 0 ? seconds / (double)done * (double)todo : 0);
    char head[PART_TEXT], picture[MAX_CELLS + 4], line[4 * PART_TEXT];
    int used = snprintf(head, sizeof head, "Epoch %" PRId64 "/%" PRId64, facts->epoch, bar->epochs);
    used += snprintf(tail, sizeof tail, "%d %%, loss %s, %s, %s left", (int)(100 * share),
                     dt_format_loss(loss, facts->loss), rate, left);
    int of_step = snprintf(step, sizeof step, ", step %" PRId64 "/%" PRId64, facts->step,
                           bar->steps_per_epoch);
    picture_text(picture, bar->columns - used - of_step - 1, FAIR_CELLS, share);
    if (!picture[0]) { /* the step has lines of its own */
        step[0] = '\0';
        picture_text(picture, bar->columns - used - 1, MIN_CELLS, share);
    }
    snprintf(line, sizeof line, "%s%s %s%s", head, step, picture, tail);
    snprintf(text, DT_PROGRESS_COLUMNS + 1, "%.*s", bar->columns, line);
}

static void draw_bar(dt_progress_bar *bar, const dt_report_step_facts *facts, double now)
{
    char text[DT_PROGRESS_COLUMNS + 1];
    dt_progress_text(bar, facts, now - bar->begun, text);
    fprintf(bar->to, "\r%*s\r%s", bar->width, "", text);
    fflush(bar->to);
    bar->width = (int)strlen(text) + ECHO_COLUMNS;
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
        draw_bar(bar, facts, now);
}

void dt_progress_clear(dt_progress_bar *bar)
{
    int width = bar->width;
    if (bar->on && width == 0 && dt_stop_reason() >= 0)
        width = ECHO_COLUMNS; /* the terminal's alone */
    if (width == 0)
        return;
    fprintf(bar->to, "\r%*s\r", width, "");
    fflush(bar->to);
    bar->width = 0;
}
