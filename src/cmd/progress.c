/* Progress of long work. */
#include "cmd/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 24, MARGIN = 7 }; /* what a bar stands in, and a ^C of the terminal's own */

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
        const double behind = (double)done / (double)p->total * (double)p->lines_in_a_pipe;
        const bool next = (size_t)behind > p->lines;
        p->lines = next ? (size_t)behind : p->lines;
        return next;
    }
    double now = seconds();
    if (now - p->shown < 0.1 && done < p->total)
        return false;
    p->shown = now;
    return true;
}

/* a bar as long as the terminal, of any width by now, has room for beside the text */
static void show_bar(const progress *p, size_t done, const char *text)
{
    struct winsize window = { 0 };
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
    const double left = (seconds() - p->begun) / (double)done * (double)(p->total - done);
    char line[256], bar[BAR + 1];
    int used = snprintf(line, sizeof line, "%.0f %%, %.0f s left: %s",
                        100 * (double)done / (double)p->total, left, text);
    int room = (known ? window.ws_col : 80) - used - MARGIN;
    room = room < 0 ? 0 : room > BAR ? BAR : room;
    for (int i = 0; i < room; i++)
        bar[i] = (size_t)i * p->total < (size_t)room * done ? '#' : '.';
    bar[room] = 0;
    fputs("\r\033[?7l", stderr); /* what is too long for a line is cut */
    fprintf(stderr, room ? "[%s] %s" : "%s%s", bar, line);
    fputs("\033[K\033[?7h", stderr);
}

void progress_show(progress *p, size_t done, const char *format, ...)
{
    if (!due(p, done))
        return;
    char text[192];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (p->terminal)
        show_bar(p, done, text);
    else
        fprintf(stderr, "%s %zu of %zu: %s\n", p->unit, done, p->total, text);
}

double progress_end(progress *p)
{
    if (p->terminal)
        fputs("\r\033[K", stderr);
    return seconds() - p->begun;
}
