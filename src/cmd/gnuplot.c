/* Pictures through gnuplot. */
#include "cmd/gnuplot.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/text.h"

bool plot_available(void)
{
    return system("command -v gnuplot > /dev/null 2>&1") == 0;
}

/* What a picture is drawn by, and what its file ends in. */
static const struct format {
    const char *ending, *terminal;
    double unit; /* pixels in one of the terminal's */
    const char *end;
} formats[] = {
    { ".png", "pngcairo noenhanced size %g,%g", 1, "IEND\xae\x42\x60\x82" },
    { ".svg", "svg noenhanced background 'white' size %g,%g", 1, "</svg>" },
    { ".pdf", "pdfcairo noenhanced size %g,%g", 96, "%%EOF" },
};

static const struct format *format_of(const char *path)
{
    const char *ending = strrchr(path, '.');
    for (size_t i = 1; ending && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(ending, formats[i].ending) == 0)
            return &formats[i];
    return &formats[0];
}

bool plot_open(plot_file *p, const char *path, int width, int height)
{
    const struct format *f = format_of(path);
    *p = (plot_file){ .path = path };
    p->to = open_memstream(&p->script, &p->size);
    if (!p->to)
        return false;
    fputs("set terminal ", p->to);
    fprintf(p->to, f->terminal, width / f->unit, height / f->unit);
    fputs("\n", p->to);
    return true;
}

/* gnuplot does not notice that a disk is full */
static bool is_whole(tril_ctx *ctx, const char *picture)
{
    char path[TRIL_PATH_SIZE], last[17] = "";
    const char *end = format_of(picture)->end;
    FILE *f = tril_file_temporary(ctx, picture, path) ? fopen(path, "rb") : NULL;
    const bool there = f && fseek(f, -(long)(sizeof last - 1), SEEK_END) == 0 &&
                       fread(last, 1, sizeof last - 1, f) == sizeof last - 1;
    if (f)
        fclose(f);
    for (size_t i = 0; i + strlen(end) < sizeof last; i++)
        if (there && memcmp(last + i, end, strlen(end)) == 0)
            return true;
    return false;
}

/* ---- gnuplot as a process: it reads the script and writes the picture */

static int seconds_allowed(void)
{
    const char *text = getenv("TRIL_PLOT_SECONDS");
    const long seconds = text ? strtol(text, NULL, 10) : 0;
    return seconds > 0 && seconds < 1000000 ? (int)seconds : 60;
}

/* its end, and the signals that would end this program, if they are not ignored */
static sigset_t awaited(void)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction action;
        if (sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&set, ends[i]);
    }
    return set;
}

/* Until it ends: SIGCHLD; 0 after the time that it has; another signal where one comes. */
static int wait_for(pid_t gnuplot, const sigset_t *set)
{
    struct timespec end, now;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += seconds_allowed();
    for (;;) {
        siginfo_t ended = { 0 };
        if (waitid(P_PID, (id_t)gnuplot, &ended, WEXITED | WNOHANG | WNOWAIT) || ended.si_pid)
            return SIGCHLD;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec >= end.tv_sec)
            return 0;
        const int number = sigtimedwait(set, NULL, &(struct timespec){ .tv_sec = 1 });
        if (number > 0 && number != SIGCHLD)
            return number;
    }
}

/* What it has said last, as a sentence ends. */
static void read_last_line(FILE *said, char *why, size_t size)
{
    char line[256];
    rewind(said);
    while (fgets(line, sizeof line, said)) {
        const char *text = line + strspn(line, " \t\r\n");
        if (*text)
            snprintf(why, size, "%.*s", (int)strcspn(text, "\r\n"), text);
    }
}

/* In a process of its own, which ends here: gnuplot, and another one that writes to it through a
 * pipe with these ends. */
static void be_gnuplot(const plot_file *p, const int ends[2], FILE *picture, FILE *said)
{
    if (fork() == 0) {
        ssize_t written = 0;
        for (size_t n = 0; n < p->size && written >= 0; n += (size_t)written)
            written = write(ends[1], p->script + n, p->size - n);
        _exit(0);
    }
    dup2(ends[0], STDIN_FILENO);
    dup2(fileno(picture), STDOUT_FILENO);
    dup2(fileno(said), STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    execlp("gnuplot", "gnuplot", (char *)NULL);
    _exit(127);
}

/* Draws, with all that it has started ended afterwards. What went wrong is in `why`, empty if
 * nothing did; returns a signal that came meanwhile, which is still to be heeded, or 0. */
static int run_gnuplot(const plot_file *p, FILE *picture, char *why, size_t size)
{
    const sigset_t set = awaited();
    sigset_t before;
    int status = 0, ends[2] = { -1, -1 };
    FILE *said = tmpfile();
    signal(SIGCHLD, SIG_DFL); /* if it was ignored nobody would know how gnuplot ended */
    sigprocmask(SIG_BLOCK, &set, &before);
    const pid_t gnuplot = said && pipe(ends) == 0 ? fork() : -1;
    if (gnuplot == 0) {
        setpgid(0, 0);
        sigprocmask(SIG_SETMASK, &before, NULL);
        be_gnuplot(p, ends, picture, said);
    }
    close(ends[0]);
    close(ends[1]);
    int number = SIGCHLD;
    if (gnuplot > 0) {
        setpgid(gnuplot, gnuplot); /* whoever of the two comes first */
        number = wait_for(gnuplot, &set);
        kill(-gnuplot, SIGKILL);
        waitpid(gnuplot, &status, 0);
    }
    if (gnuplot < 0) {
        snprintf(why, size, "it cannot be started");
    } else if (number == 0) {
        snprintf(why, size, "it took more than %d s; TRIL_PLOT_SECONDS=N gives it N",
                 seconds_allowed());
    } else if (status) {
        snprintf(why, size, "it ended with %s %d", WIFEXITED(status) ? "status" : "signal",
                 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        read_last_line(said, why, size);
    }
    if (said)
        fclose(said);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return number == SIGCHLD ? 0 : number;
}

bool plot_close(plot_file *p, const char *program)
{
    char why[256] = "";
    int number = 0;
    const bool written = p->to && fclose(p->to) == 0;
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_file *picture = written ? tril_file_new(ctx, p->path) : NULL;
    if (!written)
        snprintf(why, sizeof why, "out of memory");
    if (picture)
        number = run_gnuplot(p, tril_file_stream(picture), why, sizeof why);
    if (picture && !*why && !is_whole(ctx, p->path))
        snprintf(why, sizeof why, "the picture is not whole; is the disk full?");
    if (picture && !*why)
        tril_file_keep(picture);
    tril_file_free(picture);
    free(p->script);
    const bool drawn = !*why && !tril_ctx_failed(ctx);
    if (number)
        raise(number);
    if (*why)
        fprintf(stderr, "%s: gnuplot could not draw %s: %s\n", program, text_shown(p->path),
                text_shown(why));
    else if (!drawn)
        fprintf(stderr, "%s: %s\n", program, tril_ctx_message(ctx));
    tril_ctx_free(ctx);
    return drawn;
}

bool plot_drop(plot_file *p)
{
    fclose(p->to);
    free(p->script);
    return false;
}

void plot_text(FILE *plot, const char *text)
{
    fputc('\'', plot);
    for (text = text_shown(text); *text; text++) {
        if (*text == '\'') /* doubled, inside single quotes */
            fputc('\'', plot);
        fputc(*text, plot);
    }
    fputc('\'', plot);
}

void plot_ellipse(FILE *plot, const double mean[2], const double covariance[3], double share)
{
    /* the squared radius of a 2-D standard normal is chi-square with 2 degrees of freedom */
    double radius = sqrt(-2 * log1p(-fmin(share, 1)));
    double l00 = sqrt(covariance[0]), l10 = covariance[1] / l00;
    double l11 = sqrt(fmax(0, covariance[2] - l10 * l10));
    for (int i = 0; i <= 90 && share < 1; i++) {
        double angle = i * 6.283185307179586 / 90, c = radius * cos(angle), s = radius * sin(angle);
        fprintf(plot, "%.8g %.8g\n", mean[0] + l00 * c, mean[1] + l10 * c + l11 * s);
    }
    fputs("e\n", plot);
}
