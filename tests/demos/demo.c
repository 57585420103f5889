/* What the tests of the demos share. */
#include "demos/demo.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void demo_folder(char folder[DEMO_FOLDER])
{
    strcpy(folder, "/tmp/tril-demo-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

void demo_remove(const char *folder)
{
    char command[256];
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

void demo_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

void demo_alter(const char *from, const char *to, const char *name, tril_shape shape)
{
    static double numbers[1 << 16], zeros[64];
    static const char *const notes[] = { "tril", "fit.targets" };
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *in = tril_tensors_read(ctx, from), *out = tril_tensors_new(ctx);
    for (size_t i = 0; i < tril_tensors_count(in); i++) {
        const tril_tensor t = tril_tensors_at(in, i);
        ck_assert_uint_le(tril_shape_size(t.shape), sizeof numbers / sizeof *numbers);
        tril_tensors_get(in, t.name, t.dtype, t.shape, numbers);
        if (strcmp(t.name, name))
            tril_tensors_put(out, t.name, t.dtype, t.shape, numbers);
        else if (shape.rank)
            tril_tensors_put(out, t.name, t.dtype, shape, zeros);
    }
    for (size_t i = 0; i < 2; i++)
        tril_tensors_set_metadata(out, notes[i], tril_tensors_metadata(in, notes[i]));
    ck_assert_msg(tril_tensors_write(out, to), "%s", tril_ctx_message(ctx));
    tril_tensors_free(in);
    tril_tensors_free(out);
    tril_ctx_free(ctx);
}

int demo_run(const char *program, const char *arguments, char *text, size_t size)
{
    char command[512];
    const char *build = getenv("BUILD"), *run = getenv("RUN"); /* run: an emulator */
    snprintf(command, sizeof command, "%s %s/demos/%s %s 2>&1", run ? run : "",
             build ? build : "build", program, arguments);
    FILE *out = popen(command, "r");
    ck_assert_ptr_nonnull(out);
    text[fread(text, 1, size - 1, out)] = 0;
    while (fgetc(out) != EOF)
        ;
    int status = pclose(out);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void put_folder(char *line, size_t size, const char *folder, const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++)
        n += (size_t)snprintf(line + n, size - n, "%.*s", *p == '$' ? DEMO_FOLDER : 1,
                              *p == '$' ? folder : p);
    ck_assert_uint_lt(n, size);
}

int demo_tril(const char *folder, const char *arguments, char *text, size_t size)
{
    char line[400];
    put_folder(line, sizeof line, folder, arguments);
    return demo_run("../tril", line, text, size);
}

void demo_must(const char *folder, const char *arguments, char *text, size_t size)
{
    const int status = demo_tril(folder, arguments, text, size);
    ck_assert_msg(status == 0, "status %d: %s", status, text);
}

double demo_figure(const char *text, const char *key)
{
    char line[80];
    snprintf(line, sizeof line, "\n%s,", key);
    const char *at = strstr(text, line);
    ck_assert_msg(at, "no %s in %s", key, text);
    return atof(at + strlen(line));
}

void demo_refused(const char *folder, const char *arguments, int status, const char *sentence)
{
    char text[8192], wanted[400];
    int got = demo_tril(folder, arguments, text, sizeof text);
    put_folder(wanted, sizeof wanted, folder, sentence);
    ck_assert_msg(got == status, "status %d of tril %s: %s", got, arguments, text);
    ck_assert_msg(strstr(text, wanted), "'%s' lacks '%s'", text, wanted);
    ck_assert_msg(strchr(text, '\n') == text + strlen(text) - 1, "more than a line: %s", text);
}

static void limit_files(bool limited)
{
    struct rlimit files;
    signal(SIGXFSZ, limited ? SIG_IGN : SIG_DFL);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &files), 0);
    files.rlim_cur = limited ? 4096 : files.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &files), 0);
}

void demo_full(const char *arguments, const char *file, const char *sentence)
{
    char folder[DEMO_FOLDER], path[64], text[8];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    demo_write(path, "old");
    limit_files(true);
    demo_refused(folder, arguments, 1, sentence);
    limit_files(false);
    FILE *f = fopen(path, "r");
    ck_assert_uint_eq(fread(text, 1, sizeof text, f), 3);
    ck_assert_mem_eq(text, "old", 3);
    fclose(f);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* ---- lines for the shell */

void demo_begin(char folder[DEMO_FOLDER])
{
    char tril[256];
    const char *build = getenv("BUILD"), *run = getenv("RUN"); /* run: an emulator */
    demo_folder(folder);
    snprintf(tril, sizeof tril, "%s %s/tril", run ? run : "", build ? build : "build");
    ck_assert(!setenv("d", folder, 1) && !setenv("tril", tril, 1));
}

const int demo_signals[DEMO_SIGNALS] = { SIGKILL, SIGINT, SIGKILL, SIGTERM };

pid_t demo_start(const char *line)
{
    char whole[544];
    snprintf(whole, sizeof whole, "exec >$d/out 2>&1; exec %s", line);
    /* nor in the moment before it is another program may it act on a signal as a test does */
    sigset_t before, stops;
    sigemptyset(&stops);
    for (size_t i = 0; i < DEMO_SIGNALS; i++)
        sigaddset(&stops, demo_signals[i]);
    sigprocmask(SIG_BLOCK, &stops, &before);
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < DEMO_SIGNALS; i++)
            signal(demo_signals[i], SIG_DFL);
        signal(SIGHUP, SIG_DFL); /* ignored, where the tests run under nohup */
        sigprocmask(SIG_SETMASK, &before, NULL);
        execl("/bin/sh", "sh", "-c", whole, (char *)NULL);
        _exit(127);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    ck_assert_int_gt(child, 0);
    return child;
}

int demo_wait_for(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

int demo_shell(const char *line)
{
    int status = system(line);
    ck_assert_msg(WIFEXITED(status), "%s", line);
    return WEXITSTATUS(status);
}

void demo_said(const char *folder, const char *sentence)
{
    char path[64], text[8192] = "";
    snprintf(path, sizeof path, "%s/out", folder);
    FILE *f = fopen(path, "r");
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    ck_assert_msg(strstr(text, sentence), "'%s' lacks '%s'", text, sentence);
    ck_assert_msg(strchr(text, '\n') == text + strlen(text) - 1, "more than a line: %s", text);
}
