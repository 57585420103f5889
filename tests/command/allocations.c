/* Each allocation of whole commands fails in turn, alone and with all that follow; and memory is
 * bounded, so that OpenBLAS lacks a buffer. A command must end by itself, with status 0, or 1 and
 * one sentence; what it writes is whole, or as it was before, and nothing else is left.
 *
 *     allocations [SAMPLE]
 *
 * SAMPLE: so many of each command's allocations, instead of all. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runs.h"

/* ---- an allocator in front of the C library's, which goes by these names too */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static bool counting;         /* in the fork */
static size_t fail_at;        /* 0: none fails */
static bool fail_all;         /* all that follow too */
static atomic_size_t *counts; /* how many there were; shared with the fork */

/* OpenBLAS is left out: it aborts, or tries for ever, which is to be forestalled */
static bool fails(const void *caller)
{
    Dl_info info;
    if (!counting ||
        (dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "openblas")))
        return false;
    const size_t k = atomic_fetch_add(counts, 1) + 1;
    const bool failed = fail_at && (fail_all ? k >= fail_at : k == fail_at);
    errno = failed ? ENOMEM : errno;
    return failed;
}

#define FAILS fails(__builtin_return_address(0))

void *malloc(size_t size)
{
    return FAILS ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return FAILS ? NULL : __libc_calloc(n, size);
}

void *realloc(void *ptr, size_t size)
{
    return FAILS ? NULL : __libc_realloc(ptr, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return FAILS ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *block = FAILS ? NULL : __libc_memalign(alignment, size);
    *out = block ? block : *out;
    return block ? 0 : ENOMEM;
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    static void *(*next)(void *, size_t, int, int, int, off_t);
    if (FAILS)
        return MAP_FAILED;
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "mmap");
    return next(address, length, protection, flags, fd, offset);
}

/* what follows the command, such as the report of what `make coverage` counts, may have memory */
void allocations_stop(void)
{
    counting = false;
}

static void count(void)
{
    atexit(allocations_stop);
    atomic_store(counts, 0);
    counting = true;
}

/* ---- commands */

static const char checkpoint[] = "m.checkpoint";

#define FIT "fit t.csv --targets a,b --hidden 3 --missing marginal --epochs 2 -o m"

static const struct {
    const char *words, *outputs[2];
    bool picture; /* gnuplot, too short of memory, complains on its own */
} cases[] = {
    { FIT " --group y --threads 1 --log log.csv", { "m", "log.csv" } },
    { FIT " --ensemble 2 --threads 2 --batch 1000 --split split.csv:rows", { "m" } },
    { "info model", { 0 } },
    { "predict model t.csv -o p.csv", { "p.csv" } },
    { "predict model t.csv --sample 3 -o p.csv", { "p.csv" } },
    { "evaluate model t.csv --csv", { 0 } },
    { "evaluate model t.csv --plot p.svg", { "p.svg" }, true },
    { "plot model t.csv -o p.svg", { "p.svg" }, true },
    { FIT " --group y --threads 1 --resume", { "m" } }, /* of the first one */
};

/* The command under way, and its outputs as they are where nothing fails. */
static line command;
static original whole[2];
static size_t n_whole, runs, faults;
static rlim_t memory = RLIM_INFINITY;

static void read_words(const char *words)
{
    line_begin(&command, "");
    command.n--;
    for (size_t n; *words; words += n + (words[n] != 0)) {
        n = strcspn(words, " ");
        line_add(&command, "%.*s", (int)n, words);
    }
}

static void complain(const char *what, const char *name, const ending *end)
{
    char text[400];
    if (fail_at)
        snprintf(text, sizeof text, "allocation %zu%s: %s%s", fail_at,
                 fail_all ? " and all that follow" : "", name, what);
    else
        snprintf(text, sizeof text, "%zu MiB: %s%s", (size_t)memory >> 20, name, what);
    line_show(&command, text);
    printf("%s", end->errors);
    faults++;
}

/* whole, or after a failure what it was; a log grows line by line */
static bool is_good(const original *o, bool failed)
{
    static char bytes[MOST_BYTES];
    const size_t n = file_read(o->name, bytes);
    if (failed && n == 3 && memcmp(bytes, "old", 3) == 0)
        return true;
    const bool part = failed && strcmp(o->name, "log.csv") == 0 && n < o->size;
    return (part || n == o->size) && memcmp(bytes, o->bytes, n) == 0;
}

static const original *whole_of(const char *name)
{
    for (size_t i = 0; i < n_whole; i++)
        if (strcmp(whole[i].name, name) == 0)
            return &whole[i];
    return NULL;
}

/* a checkpoint that can be used may stay after a failure */
static bool is_checkpoint(const char *name)
{
    line info;
    ending end;
    line_begin(&info, "info");
    line_add(&info, "%s", name);
    line_run(&info, RLIM_INFINITY, NULL, &end);
    return strcmp(name, checkpoint) == 0 && end.status == 0;
}

static void check_folder(const ending *end)
{
    DIR *dir = opendir(".");
    for (struct dirent *e; (e = readdir(dir));) {
        const char *name = e->d_name;
        const original *input = original_of(name), *output = whole_of(name);
        if (*name == '.')
            continue;
        if (output && !is_good(output, end->status))
            complain(" is neither whole nor old", name, end);
        else if (!output && input && strcmp(name, checkpoint) && original_is_changed(input))
            complain(" was changed", name, end);
        else if (!output && (!input || !strcmp(name, checkpoint)) &&
                 (end->status == 0 || !is_checkpoint(name)))
            complain(" is left", name, end);
    }
    closedir(dir);
}

static void run(ending *end)
{
    folder_prepare();
    for (size_t i = 0; i < n_whole; i++)
        file_write(whole[i].name, "old", 3);
    line_run(&command, memory, count, end);
    runs++;
}

static void run_and_check(void)
{
    ending end;
    run(&end);
    const char *fault = end.status > 1 ? "wrong use" : ending_fault(&end);
    if (fault || end.stopped)
        complain(fault ? fault : "it takes too long", "", &end);
    else if (end.status == 0 && *end.errors)
        complain("it says something", "", &end);
    check_folder(&end);
}

/* ---- the whole */

/* where nothing fails; how many allocations it has */
static size_t run_whole(size_t k)
{
    ending end;
    read_words(cases[k].words);
    fail_at = n_whole = 0;
    run(&end);
    if (end.status)
        die("tril %s has failed: %s", cases[k].words, end.errors);
    for (; n_whole < 2 && cases[k].outputs[n_whole]; n_whole++) {
        original *o = &whole[n_whole];
        snprintf(o->name, NAME, "%s", cases[k].outputs[n_whole]);
        o->size = file_read(o->name, o->bytes);
    }
    return atomic_load(counts);
}

static void run_case(size_t k, size_t sample)
{
    const size_t n = run_whole(k), step = sample ? (n - 1) / sample + 1 : 1;
    for (int all = 0; all < 2; all++)
        for (fail_at = 1; fail_at <= n; fail_at += step) {
            fail_all = all;
            run_and_check();
        }
    fail_at = 0;
    for (memory = 60 << 20; memory <= 300 << 20 && !cases[k].picture; memory += 60 << 20)
        run_and_check();
    memory = RLIM_INFINITY;
    printf("%zu allocations: tril %s\n", n, cases[k].words);
}

static void make_inputs(void)
{
    char text[MOST_BYTES];
    size_t n = (size_t)sprintf(text, "a,b,colour,x,y\n");
    for (unsigned i = 0; i < 40; i++) {
        const unsigned x = i * 37 % 101, noise = i * 53 % 17;
        n += (size_t)sprintf(text + n, i == 7 ? "NA" : "%u", x + noise);
        n += (size_t)sprintf(text + n, ",%u,%s,%u,%u\n", 2 * x + i * 41 % 13,
                             i % 3 ? "red" : "green", x, i % 8);
    }
    original_keep("t.csv", text, n);
    original_keep("split.csv", "rows\n1\n5\n9\n", 11);
}

/* a run that stops late leaves one */
static void make_checkpoint(void)
{
    static char bytes[MOST_BYTES];
    ending end;
    const size_t n = run_whole(0);
    fail_all = true;
    for (fail_at = n; fail_at > 10 && access(checkpoint, F_OK); fail_at -= 10)
        run(&end);
    original_keep(checkpoint, bytes, file_read(checkpoint, bytes));
}

int main(int argc, char **argv)
{
    const size_t n = sizeof cases / sizeof *cases;
    const int flags = MAP_SHARED | MAP_ANONYMOUS;
    counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (counts == MAP_FAILED)
        die("there is no memory to share\n");
    folder_enter();
    make_inputs();
    for (size_t k = 0; k < n; k++) {
        if (k == n - 1)
            make_checkpoint();
        run_case(k, argc > 1 ? strtoul(argv[1], NULL, 10) : 0);
        if (k == 0)
            original_keep("model", whole[0].bytes, whole[0].size);
    }
    folder_leave();
    printf("%zu runs: %zu faults\n", runs, faults);
    return faults > 0;
}
