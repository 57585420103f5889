/* Runs of the command tril, and the folder in which it runs. */
#include "runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int tril_main(int argc, char **argv);

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    exit(1);
}

/* ---- lines */

void line_begin(line *l, const char *command)
{
    l->n = 0;
    line_add(l, "tril");
    line_add(l, "%s", command);
}

void line_add(line *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(l->word[l->n], WORD, format, args);
    va_end(args);
    l->n += l->n < MOST_WORDS - 1;
}

bool line_has(const line *l, const char *part)
{
    for (size_t i = 0; i < l->n; i++)
        if (strstr(l->word[i], part))
            return true;
    return false;
}

void line_show(const line *l, const char *what)
{
    printf("%s:", what);
    for (size_t i = 0; i < l->n; i++) {
        printf(" '");
        for (const char *p = l->word[i]; *p; p++)
            printf(*p >= ' ' && *p != '\'' ? "%c" : "\\x%02x", (unsigned char)*p);
        printf("'");
    }
    printf("\n");
    fflush(stdout);
}

/* ---- their runs */

static void limit(int what, rlim_t most)
{
    struct rlimit l = { most, most };
    setrlimit(what, &l);
}

static void send_to(const char *path, int stream)
{
    const int fd = open(path, stream ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0600);
    if (fd < 0 || dup2(fd, stream) < 0)
        _exit(99);
    close(fd);
}

static pid_t start(const line *l, rlim_t memory, void (*before)(void))
{
    static char words[MOST_WORDS][WORD];
    char *argv[MOST_WORDS + 1] = { 0 };
    fflush(stdout);
    const pid_t pid = fork();
    if (pid < 0)
        die("no process can be started: %s\n", strerror(errno));
    if (pid)
        return pid;
    memcpy(words, l->word, sizeof words);
    for (size_t i = 0; i < l->n; i++)
        argv[i] = words[i];
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 4 << 20);
    limit(RLIMIT_AS, memory);
    signal(SIGXFSZ, SIG_IGN);
    send_to("/dev/null", STDIN_FILENO);
    send_to("../output", STDOUT_FILENO);
    send_to("../errors", STDERR_FILENO);
    if (before)
        before();
    exit(tril_main((int)l->n, argv));
}

void line_run(const line *l, rlim_t memory, void (*before)(void), ending *end)
{
    enum { LIMIT = 20, GRACE = 40 };
    const struct timespec pause = { .tv_nsec = 500000 };
    const time_t begun = time(NULL);
    const pid_t pid = start(l, memory, before);
    int status;
    end->stopped = false;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        nanosleep(&pause, NULL);
        const time_t seconds = time(NULL) - begun;
        if (seconds > LIMIT && !end->stopped) {
            kill(pid, SIGTERM);
            end->stopped = true;
        }
        if (seconds > GRACE)
            kill(pid, SIGKILL);
    }
    end->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    static char bytes[MOST_BYTES];
    const size_t n = file_read("../errors", bytes);
    snprintf(end->errors, ERRORS, "%.*s", (int)n, bytes);
}

const char *ending_fault(const ending *end)
{
    static char what[64];
    const char *newline = strchr(end->errors, '\n');
    snprintf(what, sizeof what, "status %d, signal %d", end->status, end->signal);
    if (end->signal == SIGKILL && end->stopped)
        return "it hangs";
    if (end->status < 0)
        return end->signal == SIGTERM && end->stopped ? NULL : what;
    if (end->status > 2)
        return what;
    if (end->status && (!newline || newline == end->errors || newline[1]))
        return "it has failed, but not with one sentence";
    return NULL;
}

/* ---- files */

void file_write(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f))
        die("%s cannot be written: %s\n", path, strerror(errno));
}

size_t file_read(const char *path, char bytes[MOST_BYTES])
{
    FILE *f = fopen(path, "rb");
    const size_t n = f ? fread(bytes, 1, MOST_BYTES, f) : 0;
    if (f)
        fclose(f);
    return n;
}

static original originals[24];
static size_t n_originals;

void original_keep(const char *name, const void *bytes, size_t size)
{
    original *o = &originals[n_originals++];
    snprintf(o->name, NAME, "%s", name);
    memcpy(o->bytes, bytes, size);
    o->size = size;
}

const original *original_of(const char *name)
{
    for (size_t i = 0; i < n_originals; i++)
        if (strcmp(originals[i].name, name) == 0)
            return &originals[i];
    return NULL;
}

bool original_is_changed(const original *o)
{
    static char bytes[MOST_BYTES];
    return access(o->name, F_OK) || file_read(o->name, bytes) != o->size ||
           memcmp(bytes, o->bytes, o->size) != 0;
}

/* ---- the folder */

static char folder[] = "/tmp/tril-command-XXXXXX";

/* root can write everywhere: who is root becomes nobody, unless what is counted for `make coverage`
 * is to be written */
void folder_enter(void)
{
    enum { NOBODY = 65534 };
    if (!mkdtemp(folder) ||
        (geteuid() == 0 && !getenv("KEEP_USER") &&
         (chown(folder, NOBODY, NOBODY) || setgid(NOBODY) || setuid(NOBODY))) ||
        chdir(folder) || mkdir("run", 0700) || chdir("run"))
        die("%s cannot be made: %s\n", folder, strerror(errno));
}

static void clear(const char *path)
{
    char name[600];
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && remove(name)) {
            clear(name);
            remove(name);
        }
    }
    if (dir)
        closedir(dir);
}

void folder_prepare(void)
{
    clear(".");
    for (size_t i = 0; i < n_originals; i++)
        file_write(originals[i].name, originals[i].bytes, originals[i].size);
}

void folder_leave(void)
{
    if (chdir("/"))
        die("there is no root\n");
    clear(folder);
    rmdir(folder);
}
