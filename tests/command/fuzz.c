/* Random lines of the command tril over odd files: each must end by itself, with status 0, or 1 or
 * 2 and one sentence, leave what it reads as it was, and nothing half done. Commands and options
 * are those that --help names, so that a new one is among them.
 *
 *     fuzz SEED FIRST RUNS SECONDS
 *
 * tries the lines FIRST to FIRST + RUNS - 1 of the seed, or as many as fit into the seconds (0: no
 * end); a line that fails is shown with its number, by which it can be had again. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runs.h"

#ifdef __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#elif defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* the sanitizer takes terabytes of addresses */
static const rlim_t memory = SANITIZED ? RLIM_INFINITY : 1 << 30;

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

/* ---- the line under way */

static line words;
static struct {
    size_t at[3], n; /* the words that are files to read, */
    bool certain;    /* unless an option has taken one */
} reads;

static void begin_line(const char *command)
{
    reads.n = 0;
    reads.certain = true;
    line_begin(&words, command);
}

/* a line that must do */
static void must(void)
{
    ending end;
    line_run(&words, memory, NULL, &end);
    if (end.status)
        die("tril %s has failed: %s", words.word[1], end.errors);
}

/* ---- what --help says */

enum { HELP = 512, MOST_OPTIONS = 64, MOST_COMMANDS = 8 };

typedef struct option {
    char name[NAME], help[HELP];
    char argument[NAME]; /* FILE, N, ...; "": none */
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
        const bool has = name[0] == ' ' && name[1] != ' ';
        snprintf(o->argument, NAME, "%.*s", has ? (int)strcspn(name + 1, " ") : 0, name + 1);
        snprintf(o->help, HELP, "%s", name + has + strlen(o->argument));
    } else if (c->n && strncmp(text, "          ", 10) == 0) {
        option *o = &c->options[c->n - 1];
        const size_t used = strlen(o->help);
        snprintf(o->help + used, HELP - used, "%s", text);
    }
}

static FILE *help_of(const char *command)
{
    line_begin(&words, command);
    if (strcmp(command, "--help") != 0)
        line_add(&words, "--help");
    must();
    FILE *f = fopen("../output", "r");
    if (!f)
        die("tril %s says nothing\n", command);
    return f;
}

static void read_help(void)
{
    char text[256];
    FILE *f = help_of("--help");
    while (fgets(text, sizeof text, f))
        if (strncmp(text, "  tril ", 7) == 0 &&
            sscanf(text + 7, "%31s", commands[n_commands].name) == 1)
            n_commands++;
    fclose(f);
    for (struct command *c = commands; c < commands + n_commands; c++) {
        f = help_of(c->name);
        while (fgets(text, sizeof text, f))
            read_option_line(c, text);
        fclose(f);
    }
}

/* ---- files */

static const char *const tables[] = { "t.csv", "t.csv",   "t.csv",     "link.csv",
                                      "u.csv", "one.csv", "random.csv" };
static const char *const models[] = { "m", "mixture", "lowrank", "classes", "positive", "bent" };
static const char *const outputs[] = { "out",     "out.csv", "out.st", "folder/out",
                                       "out.png", "out.svg", "out.pdf" };
static const char *const files[] = { "header.csv", "empty",
                                     "binary",     "folder",
                                     "fifo",       "missing",
                                     "dangling",   ".",
                                     "",           "cut",
                                     "/dev/null",  "/dev/full",
                                     "/dev/zero",  "-",
                                     "/dev/stdin", "/",
                                     "none/file",  "t.csv/x",
                                     "out.tmp",    "m.tmp",
                                     "t.csv.tmp",  "m.checkpoint",
                                     "o u't.csv",  "out.checkpoint",
                                     "new\nline",  "new\nline.csv" };
static const char *const columns[] = {
    "a",       "b",       "c",       "d",       "a,b",
    "c,d",     "a,b,c,d", "d:class", "a:class", "a:positive,b:positive",
    "b:count", "x",       ""
};

/* a table of columns a to d, of which some cells are odd */
static size_t write_table(char *text, size_t size, size_t rows, size_t odd)
{
    static const char *const cells[] = { "",       "NA",       "nan", "inf",  "1e300", "-1e38",
                                         "1e-320", "red",      "?",   "1",    "\"1\"", "\"\xff\"",
                                         "0x1",    "16777217", "<3",  ">1e3", "2..5",  "<" };
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
    static char bytes[MOST_BYTES];
    memcpy(bytes, model, size);
    char *crc = NULL;
    for (size_t i = 0; i + 10 < size && !crc; i++)
        crc = memcmp(bytes + i, "tril.crc32", 10) ? NULL : bytes + i;
    if (crc)
        crc[0] = 'T';
    for (size_t i = below(4); i > 0; i--)
        bytes[8 + below(below(2) ? size - 8 : 2000)] =
            (char)(below(2) ? (size_t) "0129-,:\"{}[]"[below(12)] : below(256));
    file_write("bent", bytes, size);
}

static void keep_fit(const char *name, const char *targets, const char *head)
{
    static char bytes[MOST_BYTES];
    begin_line("fit");
    line_add(&words, "t.csv");
    line_add(&words, "--hidden=3");
    line_add(&words, "--epochs=2");
    line_add(&words, "-o%s", name);
    line_add(&words, "--targets=%s", targets);
    line_add(&words, "--head=%s", head);
    must();
    original_keep(name, bytes, file_read(name, bytes));
}

static void make_originals(void)
{
    static char text[1 << 14];
    state = 1;
    size_t size = write_table(text, sizeof text, 40, 0);
    file_write("t.csv", text, size);
    original_keep("t.csv", text, size);
    original_keep("u.csv", text, write_table(text, sizeof text, 20, 10));
    original_keep("one.csv", "a\n1\n2\n3\n4\n", 10);
    original_keep("header.csv", "a,b,c,d\n", 8);
    original_keep("empty", "", 0);
    for (size_t i = 0; i < 3000; i++)
        text[i] = (char)below(256);
    original_keep("binary", text, 3000);
    keep_fit("m", "a,b", "full");
    original_keep("cut", original_of("m")->bytes, original_of("m")->size / 2);
    keep_fit("mixture", "a", "mixture:2");
    keep_fit("lowrank", "a,b,c", "lowrank:1");
    keep_fit("classes", "d:class", "auto");
    keep_fit("positive", "a,b", "gamma");
}

/* the folder as each run finds it */
static void prepare(void)
{
    static char text[1 << 14];
    folder_prepare();
    file_write("random.csv", text, write_table(text, sizeof text, below(30), 2 + below(100)));
    bend(original_of("m")->bytes, original_of("m")->size);
    if (mkdir("folder", 0700) || mkfifo("fifo", 0600) || symlink("t.csv", "link.csv") ||
        symlink("nothing", "dangling"))
        die("the folder cannot be made anew: %s\n", strerror(errno));
}

/* ---- a random line */

/* one of an option's choices, as far as its help is a list of them */
static void choice(const char *help, char *word)
{
    size_t n = 0;
    for (const char *p = help; *p;) {
        const size_t length = strcspn(p, " ,;[]()\n");
        if (length && (p[length] == ',' || p[length] == ']') && below(++n) == 0)
            snprintf(word, NAME, "%.*s", (int)length, p);
        p += length + (p[length] != 0);
    }
    char *colon = strchr(word, ':'); /* FORM:K */
    if (colon && below(8))
        snprintf(colon + 1, 2, "%zu", 1 + below(3));
}

/* one that may make sense */
static void good_value(const option *o, char *word)
{
    static const char *const shares[] = { "0.1", "0.5", "0.9", "1e-9" };
    const char *a = o->argument;
    snprintf(word, WORD, "%s", ANY(shares));
    if (below(2))
        snprintf(word, WORD, "%zu", below(4));
    if (strstr(a, "FILE") || (strstr(a, "PART") && below(2)))
        snprintf(word, WORD, "%s%s", below(2) ? ANY(tables) : ANY(outputs), below(4) ? "" : ":a");
    else if (strstr(a, "COLUMN") || strstr(o->help, "column"))
        snprintf(word, WORD, "%s", ANY(columns));
    else if (strchr(a, ','))
        strcat(strcat(word, ","), below(2) ? "3" : "0.5");
    else if (strlen(a) == 1)
        snprintf(word, WORD, "%zu", below(4));
    else
        choice(o->help, word);
}

static void odd_value(char *word)
{
    static const char *const odd[] = { "",
                                       " ",
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
                                       "a\tb",
                                       "\xc3\xa4",
                                       "-1",
                                       "1e308",
                                       "nan",
                                       "inf",
                                       "0x1",
                                       "1e4",
                                       "007",
                                       "1e-320",
                                       "4294967296",
                                       " 1",
                                       "1e999",
                                       "18446744073709551616",
                                       "-0",
                                       "1,2",
                                       "yes",
                                       "mixture:2:full",
                                       "mixture:2:lowrank:1" };
    snprintf(word, WORD, "%s", below(4) ? ANY(odd) : ANY(files));
    if (below(20) == 0) {
        memset(word, 'x', WORD - 1);
        word[WORD - 1] = 0;
    }
}

static void add_option(const struct command *c)
{
    const option *o = &c->options[below(c->n)];
    const bool wrong = below(50) == 0; /* a value too many, or one too few */
    /* the beginning of a name may do */
    const int length = (int)(below(20) ? strlen(o->name) : 1 + below(strlen(o->name)));
    char word[WORD];
    if (below(6))
        good_value(o, word);
    else
        odd_value(word);
    reads.certain &= !wrong;
    if (!*o->argument != wrong)
        return line_add(&words, "--%.*s", length, o->name);
    if (below(3) == 0)
        return line_add(&words, "--%.*s=%.300s", length, o->name, word);
    line_add(&words, "--%.*s", length, o->name);
    line_add(&words, "%s", word);
}

static void add_file(const char *name)
{
    reads.at[reads.n++] = words.n;
    line_add(&words, "%s", name);
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
        line_add(&words, "--epochs=%zu", 1 + below(3));
        line_add(&words, "--hidden=%zu", below(4));
        line_add(&words, "--targets=%s", ANY(columns));
        if (below(4) == 0)
            line_add(&words, "--missing=%s", below(2) ? "marginal" : "drop");
    }
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->options[i].name, "output") == 0 && below(2))
            line_add(&words, "-oout%s", strcmp(c->name, "plot") ? "" : ".svg");
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

/* ---- its run */

/* the first temporary file that is left in the folder */
static bool find_temporary(const char *folder, char name[NAME])
{
    DIR *dir = opendir(folder);
    *name = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const size_t n = strlen(e->d_name);
        /* a line may name one of its own as an output */
        if (n > 4 && strcmp(e->d_name + n - 4, ".tmp") == 0 && !line_has(&words, ".tmp"))
            snprintf(name, NAME, "%.31s", e->d_name);
    }
    if (dir)
        closedir(dir);
    return *name;
}

/* what is wrong with it; NULL if nothing is */
static const char *fault_of(const ending *end)
{
    static char what[NAME + 32], name[NAME];
    for (size_t i = 0; i < reads.n && reads.certain; i++) {
        const original *o = original_of(words.word[reads.at[i]]);
        snprintf(what, sizeof what, "%s was changed", o ? o->name : "");
        if (o && original_is_changed(o))
            return what;
    }
    if (ending_fault(end))
        return ending_fault(end);
    /* training may take long, and waiting for who writes into a pipe */
    if (end->stopped && !line_has(&words, "fifo") && strcmp(words.word[1], "fit"))
        return "it takes too long";
    if (end->status >= 0 && (find_temporary(".", name) || find_temporary("folder", name))) {
        snprintf(what, sizeof what, "%s is left", name);
        return what;
    }
    return NULL;
}

static size_t ended[3]; /* by exit status */

/* whether all is well */
static bool try(size_t seed, size_t number)
{
    ending end;
    state = seed * UINT64_C(1000000007) + number;
    prepare();
    make_line();
    line_run(&words, memory, NULL, &end);
    if (end.status >= 0 && end.status < 3)
        ended[end.status]++;
    const char *fault = fault_of(&end);
    if (fault) {
        printf("line %zu: ", number);
        line_show(&words, fault);
        printf("%s", end.errors);
    }
    return !fault;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        die("usage: fuzz SEED FIRST RUNS SECONDS\n");
    const size_t seed = strtoul(argv[1], NULL, 10), first = strtoul(argv[2], NULL, 10),
                 most = strtoul(argv[3], NULL, 10);
    const time_t seconds = atol(argv[4]), begun = time(NULL);
    size_t runs = 0, wrong = 0;
    folder_enter();
    read_help();
    make_originals();
    for (; (!most || runs < most) && (!seconds || time(NULL) - begun < seconds); runs++)
        wrong += !try(seed, first + runs);
    folder_leave();
    printf("%zu command lines of seed %zu, from number %zu on, %zu, %zu and %zu with status 0, 1 "
           "and 2: %zu wrong\n",
           runs, seed, first, ended[0], ended[1], ended[2], wrong);
    return wrong > 0;
}
