/* Learning rates over time. */
#include "train/schedule.h"

#include <math.h>

#include "core/ctx.h"

bool tril_schedule_check(tril_ctx *ctx, tril_schedule *s)
{
    s->factor = s->factor == 0 ? 0.5 : s->factor;
    s->every = s->every == 0 ? 10 : s->every;
    if (s->kind > TRIL_PLATEAU)
        return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "fit: there is no schedule number %d",
                             (int)s->kind);
    const struct {
        const char *name, *want;
        double value;
        bool right;
    } numbers[] = {
        { "warmup", "at least 0", s->warmup, s->warmup >= 0 && isfinite(s->warmup) },
        { "factor", "a number between 0 and 1", s->factor, s->factor > 0 && s->factor < 1 },
        { "floor", "a number from 0 to 1", s->floor, s->floor >= 0 && s->floor <= 1 },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!numbers[i].right)
            return tril_ctx_fail(ctx, TRIL_BAD_ARGUMENT, "fit: schedule.%s is %g, want %s",
                                 numbers[i].name, numbers[i].value, numbers[i].want);
    return true;
}

static double after_warmup(const tril_schedule *s, double done, double epochs, double reduced)
{
    switch (s->kind) {
    case TRIL_STEP:
        return fmax(pow(s->factor, floor(done / (double)s->every)), s->floor);
    case TRIL_COSINE:
        done = fmax(done - s->warmup, 0) / fmax(epochs - s->warmup, 1);
        return s->floor + (1 - s->floor) * 0.5 * (1 + cos(3.141592653589793 * fmin(done, 1)));
    case TRIL_PLATEAU:
        return fmax(pow(s->factor, reduced), s->floor);
    case TRIL_CONSTANT:
        break;
    }
    return 1;
}

double tril_schedule_at(const tril_schedule *s, double done, double step, double epochs,
                        double reduced)
{
    double rise = done + step < s->warmup ? (done + step) / s->warmup : 1;
    return rise * after_warmup(s, done, epochs, reduced);
}
