/* Progress of long work. */
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 24 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

progress progress_begin(const char *unit, size_t total, size_t lines_in_a_pipe)
{
    return (progress){ .unit = unit,
                       .total = total,
                       .lines_in_a_pipe = lines_in_a_pipe,
                       .terminal = isatty(STDERR_FILENO),
                       .begun = seconds() };
}

/* whether this is the time for a line in a pipe, or for drawing the bar anew */
static bool due(progress *p, size_t done)
{
    if (!p->terminal) {
        size_t n = p->lines_in_a_pipe, every = n ? (p->total + n - 1) / n : 0;
        return n && (done % every == 0 || done == p->total);
    }
    double now = seconds();
    if (now - p->shown < 0.1 && done < p->total)
        return false;
    p->shown = now;
    return true;
}

void progress_show(progress *p, size_t done, const char *format, ...)
{
    if (!due(p, done))
        return;
    if (p->terminal) {
        char bar[BAR + 1];
        for (size_t i = 0; i < BAR; i++)
            bar[i] = i * p->total < BAR * done ? '#' : '.';
        bar[BAR] = 0;
        fprintf(stderr, "\r\033[?7l[%s] ", bar); /* what is too long for a line is cut */
    }
    fprintf(stderr, "%s %zu of %zu: ", p->unit, done, p->total);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    double left = (seconds() - p->begun) / (double)done * (double)(p->total - done);
    if (p->terminal)
        fprintf(stderr, "  %.0f s left \033[K\033[?7h", left);
    else
        fputs("\n", stderr);
}

double progress_end(progress *p)
{
    if (p->terminal)
        fputs("\r\033[K", stderr);
    return seconds() - p->begun;
}
