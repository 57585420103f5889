/* Random lines of the command tril over odd files: each must end by itself, with status 0, or 1 or
 * 2 and one sentence, leave what it reads as it was, and nothing half done. Commands and options
 * are those that --help names, so that a new one is among them. The command is linked in, its main
 * as tril_main, and runs in a fork: that is ten times as fast as to load OpenBLAS for each line.
 *
 *     fuzz_command SEED FIRST RUNS SECONDS
 *
 * tries the lines FIRST to FIRST + RUNS - 1 of the seed, or as many as fit into the seconds (0: no
 * end); a line that fails is shown with its number, by which it can be had again. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#elif defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

enum { NAME = 32, HELP = 512, MOST_OPTIONS = 64, MOST_COMMANDS = 8, MOST_WORDS = 24, WORD = 400 };
enum { LIMIT = 20, GRACE = 40 }; /* seconds until it is asked to end, and until it is killed */

int tril_main(int argc, char **argv);

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    exit(1);
}

/* ---- random numbers: splitmix64 */

static uint64_t state;

static size_t below(size_t n)
{
    uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)((x ^ x >> 31) % n);
}

#define ANY(list) (list)[below(sizeof(list) / sizeof *(list))]

/* ---- a line, and its run */

static struct {
    char word[MOST_WORDS][WORD];
    size_t n;
    size_t read[3], n_read; /* the words that are files to read, */
    bool certain;           /* unless an option has taken them */
} line;

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(line.word[line.n], WORD, format, args);
    va_end(args);
    line.n += line.n < MOST_WORDS - 1;
}

static void begin_line(const char *command)
{
    line.n = line.n_read = 0;
    line.certain = true;
    add("tril");
    add("%s", command);
}

static bool has_word(const char *word)
{
    for (size_t i = 0; i < line.n; i++)
        if (strstr(line.word[i], word))
            return true;
    return false;
}

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

/* its output is beside the folder in which it runs */
static pid_t start(void)
{
    char *argv[MOST_WORDS + 1];
    for (size_t i = 0; i <= line.n; i++)
        argv[i] = i < line.n ? line.word[i] : NULL;
    fflush(stdout);
    const pid_t pid = fork();
    if (pid)
        return pid;
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 4 << 20);
    if (!SANITIZED)
        limit(RLIMIT_AS, 1 << 30);
    signal(SIGXFSZ, SIG_IGN);
    send_to("/dev/null", STDIN_FILENO);
    send_to("../output", STDOUT_FILENO);
    send_to("../errors", STDERR_FILENO);
    exit(tril_main((int)line.n, argv));
}

/* the status of waitpid; stopped: it was told to end */
static int finish(pid_t pid, bool *stopped)
{
    const struct timespec pause = { .tv_nsec = 500000 };
    const time_t begun = time(NULL);
    int status;
    *stopped = false;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        nanosleep(&pause, NULL);
        const time_t seconds = time(NULL) - begun;
        if (seconds > LIMIT && !*stopped) {
            kill(pid, SIGTERM);
            *stopped = true;
        }
        if (seconds > GRACE)
            kill(pid, SIGKILL);
    }
    return status;
}

/* the line, which must do, and then a file that it has written */
static FILE *run(const char *result)
{
    bool stopped;
    FILE *f = finish(start(), &stopped) == 0 ? fopen(result, "rb") : NULL;
    if (!f)
        die("tril %s has failed\n", line.word[1]);
    return f;
}

/* ---- what --help says */

typedef struct option {
    char name[NAME], help[HELP];
    bool has_argument;
} option;

static struct command {
    char name[NAME];
    option options[MOST_OPTIONS];
    size_t n;
} commands[MOST_COMMANDS];
static size_t n_commands;

/* "  -o, --output FILE  help", where a switch has two blanks behind its name, or more of the help
 */
static void read_option_line(struct command *c, const char *text)
{
    const char *name = strstr(text, "--");
    if (name && name - text <= 6 && isalpha((unsigned char)name[2])) {
        option *o = &c->options[c->n++];
        const size_t length = strcspn(name + 2, " \n");
        snprintf(o->name, NAME, "%.*s", (int)length, name + 2);
        name += 2 + length;
        o->has_argument = name[0] == ' ' && name[1] != ' ';
        snprintf(o->help, HELP, "%s", name + (o->has_argument ? 1 + strcspn(name + 1, " ") : 0));
    } else if (c->n && strncmp(text, "          ", 10) == 0) {
        option *o = &c->options[c->n - 1];
        const size_t used = strlen(o->help);
        snprintf(o->help + used, HELP - used, "%s", text);
    }
}

static void read_help(void)
{
    char text[256];
    begin_line("--help");
    FILE *f = run("../output");
    while (fgets(text, sizeof text, f))
        if (strncmp(text, "  tril ", 7) == 0 &&
            sscanf(text + 7, "%31s", commands[n_commands].name) == 1)
            n_commands++;
    fclose(f);
    for (struct command *c = commands; c < commands + n_commands; c++) {
        begin_line(c->name);
        add("--help");
        f = run("../output");
        while (fgets(text, sizeof text, f))
            read_option_line(c, text);
        fclose(f);
    }
}

/* ---- files */

static const char *const tables[] = { "t.csv", "u.csv", "one.csv", "link.csv", "random.csv" };
static const char *const models[] = { "m", "mixture", "lowrank", "bent" };
static const char *const files[] = {
    "header.csv", "empty",    "binary",    "folder",    "fifo",      "missing",   "dangling",
    ".",          "",         "cut",       "/dev/null", "/dev/full", "/dev/zero", "-",
    "/dev/stdin", "/",        "none/file", "t.csv/x",   "out.csv",   "out.st",    "folder/out",
    "out.png",    "out.svg",  "out.pdf",   "out.tmp",   "m.tmp",     "t.csv.tmp", "m.checkpoint",
    "o u't.csv",  "out\n.csv"
};
static const char *const columns[] = { "a", "b", "c", "d", "a,b", "c,d", "a,b,c,d", "x", "" };

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f))
        die("%s cannot be written: %s\n", path, strerror(errno));
}

/* a table of columns a to d, of which some cells are odd */
static size_t write_table(char *text, size_t size, size_t rows, size_t odd)
{
    static const char *const cells[] = { "",      "NA",       "nan", "inf",     "1e300",
                                         "-1e38", "1e-320",   "red", "?",       "1",
                                         "\"1\"", "\"\xff\"", "0x1", "16777217" };
    size_t n = (size_t)snprintf(text, size, "a,b,c,d\n");
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < 4; j++) {
            const char end = j == 3 ? '\n' : ',';
            if (odd && below(odd) == 0)
                n += (size_t)snprintf(text + n, size - n, "%s%c", ANY(cells), end);
            else if (j == 3)
                n += (size_t)snprintf(text + n, size - n, "%s%c", below(2) ? "red" : "green", end);
            else
                n +=
                    (size_t)snprintf(text + n, size - n, "%.4g%c", (double)below(10000) / 777, end);
        }
    return n;
}

/* the model without its checksum, with some bytes altered, most of them in its header */
static void bend(const char *model, size_t size)
{
    static char bytes[1 << 16];
    memcpy(bytes, model, size);
    char *crc = NULL;
    for (size_t i = 0; i + 10 < size && !crc; i++)
        crc = memcmp(bytes + i, "tril.crc32", 10) ? NULL : bytes + i;
    if (crc)
        crc[0] = 'T';
    for (size_t i = below(4); i > 0; i--)
        bytes[8 + below(below(2) ? size - 8 : 2000)] =
            (char)(below(2) ? (size_t) "0129-,:\"{}[]"[below(12)] : below(256));
    write_file("bent", bytes, size);
}

static struct original {
    char name[NAME], bytes[1 << 16];
    size_t size;
} originals[16];
static size_t n_originals;

/* what a file is to hold before each run */
static void keep(const char *name, const void *bytes, size_t size)
{
    struct original *o = &originals[n_originals++];
    snprintf(o->name, NAME, "%s", name);
    memcpy(o->bytes, bytes, size);
    o->size = size;
}

static void keep_fit(const char *name, const char *targets, const char *head)
{
    static char bytes[1 << 16];
    begin_line("fit");
    add("t.csv");
    add("--hidden=3");
    add("--epochs=2");
    add("-o%s", name);
    add("--targets=%s", targets);
    add("--head=%s", head);
    FILE *f = run(name);
    keep(name, bytes, fread(bytes, 1, sizeof bytes, f));
    fclose(f);
}

static void make_originals(void)
{
    static char text[1 << 14];
    state = 1;
    size_t size = write_table(text, sizeof text, 40, 0);
    write_file("t.csv", text, size);
    keep("t.csv", text, size);
    keep("u.csv", text, write_table(text, sizeof text, 20, 10));
    keep("one.csv", "a\n1\n2\n3\n4\n", 10);
    keep("header.csv", "a,b,c,d\n", 8);
    keep("empty", "", 0);
    for (size_t i = 0; i < 3000; i++)
        text[i] = (char)below(256);
    keep("binary", text, 3000);
    keep_fit("m", "a,b", "full");
    keep("cut", originals[n_originals - 1].bytes, originals[n_originals - 1].size / 2);
    keep_fit("mixture", "a", "mixture:2");
    keep_fit("lowrank", "a,b,c", "lowrank:1");
}

static const struct original *original_of(const char *name)
{
    for (size_t i = 0; i < n_originals; i++)
        if (strcmp(originals[i].name, name) == 0)
            return &originals[i];
    return NULL;
}

static void clear(const char *folder)
{
    char path[600];
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            remove(path);
    }
    if (dir)
        closedir(dir);
}

/* the folder as each run finds it */
static void prepare(void)
{
    static char text[1 << 14];
    clear("folder");
    clear(".");
    for (size_t i = 0; i < n_originals; i++)
        write_file(originals[i].name, originals[i].bytes, originals[i].size);
    write_file("random.csv", text, write_table(text, sizeof text, below(30), 2 + below(100)));
    bend(original_of("m")->bytes, original_of("m")->size);
    if (mkdir("folder", 0700) || mkfifo("fifo", 0600) || symlink("t.csv", "link.csv") ||
        symlink("nothing", "dangling"))
        die("the folder cannot be made anew: %s\n", strerror(errno));
}

/* ---- a random line */

/* one of the words of an option's help: names of choices, and defaults */
static void help_word(const char *help, char *word)
{
    size_t n = 0;
    *word = 0;
    for (const char *p = help; *p;) {
        const size_t length = strcspn(p, " ,;[]()\n");
        if (length && below(++n) == 0)
            snprintf(word, NAME, "%.*s", (int)length, p);
        p += length + (p[length] != 0);
    }
    char *colon = strchr(word, ':'); /* FORM:K */
    if (colon && isupper((unsigned char)colon[1]) && below(8))
        snprintf(colon + 1, 3, "%zu", below(4));
}

static void value(const option *o, char *word)
{
    static const char *const numbers[] = {
        "0",     "1",      "2",    "3",          "-1",
        "0.5",   "1e308",  "1e-9", "nan",        "inf",
        "0x10",  "1.5",    "1e4",  "4294967296", "1,2",
        "1e999", "1e-320", "007",  " 1",         "18446744073709551616"
    };
    static const char *const odd[] = { " ",
                                       ",",
                                       ",,",
                                       ":",
                                       "a:b:c",
                                       "%s%n",
                                       "\033[31m",
                                       "\xff\xfe",
                                       "--",
                                       "-h",
                                       "\"",
                                       "'",
                                       "out\tput",
                                       "\xc3\xa4",
                                       "mixture:2:lowrank:1",
                                       "mixture:2:full",
                                       "0.1,0.9" };
    switch (below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
        help_word(o->help, word);
        return;
    case 4:
        snprintf(word, WORD, "%zu", below(6));
        return;
    case 5:
        snprintf(word, WORD, "%s", ANY(numbers));
        return;
    case 6:
        snprintf(word, WORD, "%s", ANY(columns));
        return;
    case 7:
        snprintf(word, WORD, "%s", ANY(files));
        return;
    case 8:
        snprintf(word, WORD, "%s%s", ANY(tables), below(4) ? "" : ":a");
        return;
    default:
        snprintf(word, WORD, "%s", ANY(odd));
        if (below(8) == 0)
            memset(word, 'x', WORD - 1), word[WORD - 1] = 0;
    }
}

static void add_option(const struct command *c)
{
    const option *o = &c->options[below(c->n)];
    const bool wrong = below(50) == 0; /* a value too many, or one too few */
    /* the beginning of a name may do */
    const int length = (int)(below(20) ? strlen(o->name) : 1 + below(strlen(o->name)));
    char word[WORD];
    value(o, word);
    line.certain &= !wrong;
    if (o->has_argument == wrong)
        return add("--%.*s", length, o->name);
    if (below(3) == 0)
        return add("--%.*s=%.300s", length, o->name, word);
    add("--%.*s", length, o->name);
    add("%s", word);
}

static void add_file(const char *name)
{
    line.read[line.n_read++] = line.n;
    add("%s", name);
}

static void add_files(const struct command *c)
{
    if (strcmp(c->name, "fit") != 0)
        add_file(below(10) ? ANY(models) : ANY(files));
    if (strcmp(c->name, "info") != 0)
        add_file(below(10) ? ANY(tables) : ANY(files));
    if (below(50) == 0)
        add_file(ANY(files));
}

/* what makes most lines run, and not for hours */
static void add_basics(const struct command *c)
{
    if (strcmp(c->name, "fit") == 0) {
        add("--epochs=%zu", 1 + below(3));
        add("--hidden=%zu", below(4));
        add("--targets=%s", ANY(columns));
        if (below(4) == 0)
            add("--missing=%s", below(2) ? "marginal" : "drop");
    }
    if (below(2))
        add("-oout%s", strcmp(c->name, "plot") ? "" : ".svg");
}

static void make_line(void)
{
    const struct command *c = &commands[below(n_commands)];
    while (strcmp(c->name, "plot") == 0 && below(4)) /* a picture takes long */
        c = &commands[below(n_commands)];
    begin_line(c->name);
    const bool files_first = below(4) == 0;
    if (files_first)
        add_files(c);
    add_basics(c);
    for (size_t i = below(6); i > 0 && c->n; i--)
        add_option(c);
    if (!files_first)
        add_files(c);
}

/* ---- what is to hold of it */

static bool is_changed(const char *name)
{
    static char bytes[1 << 16];
    const struct original *o = original_of(name);
    FILE *f = o ? fopen(name, "rb") : NULL;
    if (!f)
        return o;
    const bool same =
        fread(bytes, 1, sizeof bytes, f) == o->size && memcmp(bytes, o->bytes, o->size) == 0;
    fclose(f);
    return !same;
}

/* the first temporary file that is left in the folder */
static bool find_temporary(const char *folder, char name[NAME])
{
    DIR *dir = opendir(folder);
    *name = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const size_t n = strlen(e->d_name);
        /* a line may name one of its own as an output */
        if (n > 4 && strcmp(e->d_name + n - 4, ".tmp") == 0 && !has_word(".tmp"))
            snprintf(name, NAME, "%.31s", e->d_name);
    }
    if (dir)
        closedir(dir);
    return *name;
}

/* what is wrong with a run; "" if nothing is */
static void judge(int status, bool stopped, char what[256])
{
    char errors[4096], name[NAME];
    FILE *f = fopen("../errors", "rb");
    const size_t n = f ? fread(errors, 1, sizeof errors - 1, f) : 0;
    errors[n] = 0;
    if (f)
        fclose(f);
    *what = 0;
    const char *end = strchr(errors, '\n');
    const bool one = n > 1 && strlen(errors) == n && end == errors + n - 1;
    if (WIFSIGNALED(status) && !(stopped && WTERMSIG(status) == SIGTERM))
        snprintf(what, 256, WTERMSIG(status) == SIGKILL ? "it hangs" : "signal %d",
                 WTERMSIG(status));
    else if (WIFSIGNALED(status) && !has_word("fifo") && !has_word("fit"))
        snprintf(what, 256, "it takes more than %d seconds", LIMIT);
    else if (WIFEXITED(status) && WEXITSTATUS(status) > 2)
        snprintf(what, 256, "status %d", WEXITSTATUS(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) && !one)
        snprintf(what, 256, "status %d, but not one sentence", WEXITSTATUS(status));
    else if (WIFEXITED(status) && (find_temporary(".", name) || find_temporary("folder", name)))
        snprintf(what, 256, "%s is left", name);
    for (size_t i = 0; i < line.n_read && line.certain; i++)
        if (is_changed(line.word[line.read[i]]))
            snprintf(what, 256, "%s was changed", line.word[line.read[i]]);
}

static void show(size_t number, const char *what)
{
    printf("line %zu: %s:", number, what);
    for (size_t i = 0; i < line.n; i++) {
        printf(" '");
        for (const char *p = line.word[i]; *p; p++)
            printf(*p >= ' ' && *p != '\'' ? "%c" : "\\x%02x", (unsigned char)*p);
        printf("'");
    }
    printf("\n");
    fflush(stdout);
    if (system("head -c 2000 ../errors | sed 's/^/    /' | cat -v"))
        die("no shell\n");
}

/* whether all is well */
static bool try(size_t seed, size_t number)
{
    char what[256];
    bool stopped;
    state = seed * UINT64_C(1000000007) + number;
    prepare();
    make_line();
    const int status = finish(start(), &stopped);
    judge(status, stopped, what);
    if (*what)
        show(number, what);
    return !*what;
}

/* ---- the whole */

/* A folder for all runs. Root can write everywhere: who is root becomes nobody. */
static void enter(char folder[])
{
    enum { NOBODY = 65534 };
    if (!mkdtemp(folder) ||
        (geteuid() == 0 && (chown(folder, NOBODY, NOBODY) || setgid(NOBODY) || setuid(NOBODY))) ||
        chdir(folder) || mkdir("run", 0700) || chdir("run"))
        die("%s cannot be made: %s\n", folder, strerror(errno));
}

static void leave(const char *folder)
{
    clear("folder");
    clear(".");
    if (chdir("..") == 0 && rmdir("run") == 0)
        clear(".");
    rmdir(folder);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        die("usage: fuzz_command SEED FIRST RUNS SECONDS\n");
    const size_t seed = strtoul(argv[1], NULL, 10), first = strtoul(argv[2], NULL, 10),
                 most = strtoul(argv[3], NULL, 10);
    const time_t seconds = atol(argv[4]), begun = time(NULL);
    char folder[] = "/tmp/tril-fuzz-XXXXXX";
    size_t runs = 0, wrong = 0;
    enter(folder);
    read_help();
    make_originals();
    for (; (!most || runs < most) && (!seconds || time(NULL) - begun < seconds); runs++)
        wrong += !try(seed, first + runs);
    leave(folder);
    printf("%zu command lines of seed %zu, from number %zu on: %zu wrong\n", runs, seed, first,
           wrong);
    return wrong > 0;
}
