/* Computes the learning rate of a step. It depends on the number of the step alone, so a resumed
 * run has the same learning rates as a run that was not stopped. Not collective. In the table, s is
 * the step, 1 to T; T is the total number of steps; W is the number of warmup steps; u = s - 1 - W
 * is the number of completed steps after the warmup:
 *
 *   schedule            learning rate                     in PyTorch
 *   s <= W              lr s / W                          LinearLR(start_factor=1/W,
 *                                                         total_iters=W-1)
 *   constant            lr
 *   linear              lr (1 - u / (T - W))              LambdaLR; 0 after step T
 *   cosine              lr (1 + cos(pi u / (T - W))) / 2  CosineAnnealingLR(T_max=T-W)
 *   step:EVERY:FACTOR   lr FACTOR^floor(u / EVERY)        StepLR(EVERY, gamma=FACTOR)
 *
 * In PyTorch, SequentialLR(milestones=[W]) joins the warmup and the schedule. Its step() is called
 * after every optimizer.step(). */
#ifndef DT_OPTIM_SCHEDULE_H
#define DT_OPTIM_SCHEDULE_H

#include <dtrain/status.h>
#include <stdint.h>

typedef enum {
    DT_SCHEDULE_CONSTANT,
    DT_SCHEDULE_LINEAR,
    DT_SCHEDULE_COSINE,
    DT_SCHEDULE_STEP
} dt_schedule_kind;

typedef struct {
    dt_schedule_kind kind;
    int64_t every;         /* for DT_SCHEDULE_STEP, >= 1 */
    double factor;         /* >= 0 */
    double lr;             /* the learning rate at the end of the warmup, which is the largest */
    int64_t warmup, total; /* steps */
} dt_schedule;

/* Set kind, every and factor from the option's text; the other fields stay as they are. */
dt_code dt_schedule_parse(const char *text, dt_schedule *schedule, dt_error *err);

/* Return the learning rate of a global step, which is counted from 1. */
double dt_schedule_lr(const dt_schedule *schedule, int64_t step);

#endif
