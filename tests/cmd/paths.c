/* The files of each command of tril: none takes the place of another, and whatever stands where one
 * is to be written, nothing hangs, and nothing is lost. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "demos/demo.h"

enum { LINE = 1024 };

#define MODEL "tests/reference/model.safetensors"
#define FIT "$tril fit data/iris.csv --targets petal_width --hidden 2 --epochs 2 "

/* Part of a format: runs $line. $status is 99 if any file has changed; what was printed stands in
 * $d/out. */
#define RUN_UNCHANGED                                                                              \
    "stock() { ls -ilR --full-time -I out $d; }; before=$(stock); "                                \
    "text=$(eval \"$limit $line\" 2>&1 </dev/null); status=$?; after=$(stock); "                   \
    "echo \"$text\" >$d/out; [ \"$before\" = \"$after\" ] || status=99; "

/* ---- every two files of a command */

/* A letter is a file of the folder, $d/LETTER.png unless a test says otherwise. */
static const struct {
    const char *line, *reads, *writes;
} commands[] = {
    { FIT "--validation $V --test $T -o $O --log $L", "VT", "OL" },
    { "$tril fit $D --targets petal_width --split $S --hidden 2 --epochs 2 -o $O --log $L", "DS",
      "OL" },
    { "$tril fit - --targets petal_width --hidden 2 --epochs 2 -o $O --log $L <$D", "D", "OL" },
    { "$tril predict $M $D -o $O", "MD", "O" },
    { "$tril predict $M $D --sample 1 -o $O", "MD", "O" },
    { "$tril plot $M $D -o $O", "MD", "O" },
    { "$tril evaluate $M $D --plot $O", "MD", "O" },
};

/* what a command makes of the path of a file that it writes */
static const char *const endings[] = { "", ".tmp", ".checkpoint", ".checkpoint.tmp" };

static void make_files(const char *reads)
{
    ck_assert_int_eq(demo_shell("cp data/iris.csv $d/D.png; cp $d/D.png $d/V.png; "
                                "cp $d/D.png $d/T.png; cp " MODEL " $d/M.png; "
                                "printf 'row\\n3\\n5\\n' >$d/S.png"),
                     0);
    for (const char *letter = "DVTSMOL"; *letter; letter++) {
        char name[2] = { *letter }, path[64];
        snprintf(path, sizeof path, "%s/%s.png", getenv("d"), name);
        setenv(name, path, 1);
        if (!strchr(reads, *letter))
            remove(path);
    }
}

/* one file by the path of another: in turn as it is, by way of a folder, and by a link where there
 * is a file */
static void ck_pair(const char *folder, int command, char own, char other, const char *ending)
{
    static const char *const spellings[] = { "%c=$d/%c.png%s", "%c=$d/../${d##*/}/%c.png%s",
                                             "%c=$d/link.png; ln -s %c.png%s $d/link.png" };
    static size_t turn;
    const bool read = strchr(commands[command].reads, own),
               there = read || strchr(commands[command].reads, other);
    char line[LINE], setting[128], move[128] = "", back[128] = "";
    if (read) {
        snprintf(move, sizeof move, "mv $d/%c.png $d/%c.png%s; ", own, other, ending);
        snprintf(back, sizeof back, "mv $d/%c.png%s $d/%c.png; ", other, ending, own);
    }
    snprintf(setting, sizeof setting, spellings[turn++ % (there ? 3 : 2)], own, other, ending);
    snprintf(line, sizeof line,
             "%s%s; line='%s'; " RUN_UNCHANGED "%srm -f $d/link.png; exit $status", move, setting,
             commands[command].line, back);
    const int status = demo_shell(line);
    ck_assert_msg(status == 2, "status %d of '%s' with %s", status, commands[command].line,
                  setting);
    demo_said(folder, "would take the place of ");
}

START_TEST(test_pairs)
{
    const char *reads = commands[_i].reads, *writes = commands[_i].writes;
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    make_files(reads);
    for (const char *w = writes; *w; w++) {
        const size_t n = *w == 'O' && writes[1] ? 4 : 2; /* only a model has a checkpoint */
        for (size_t e = 0; e < n; e++) {
            for (const char *r = reads; *r; r++)
                ck_pair(folder, _i, *r, *w, endings[e]);
            for (const char *other = writes; *other; other++)
                if (*other != *w)
                    ck_pair(folder, _i, *other, *w, endings[e]);
        }
        for (const char *r = reads; *r; r++)
            ck_pair(folder, _i, *w, *r, "");
    }
    demo_remove(folder);
}
END_TEST

/* ---- every file that is written, and what may stand in its place */

/* of $f */
static const struct {
    const char *line, *file;
    enum { DIRECT, WHOLE, CHECKPOINT } kind; /* DIRECT: pipes are written to */
} writers[] = {
    { FIT "-o $f", "$d/x.png", WHOLE },
    { FIT "-o ${f%.checkpoint}", "$d/x.checkpoint", CHECKPOINT },
    { FIT "-o $d/m --log $f", "$d/x.png", DIRECT },
    { "$tril predict " MODEL " data/iris.csv -o $f", "$d/x.png", DIRECT },
    { "$tril predict " MODEL " data/iris.csv --sample 2 -o $f", "$d/x.png", DIRECT },
    { "$tril plot " MODEL " data/iris.csv -o $f", "$d/x.png", WHOLE },
    { "$tril evaluate " MODEL " data/iris.csv --plot $f >/dev/null", "$d/x.png", WHOLE },
};
enum { WRITERS = sizeof writers / sizeof *writers };

/* the superuser may write everywhere, but for this */
#define AS_USER                                                                                    \
    "[ $(id -u) -ne 0 ] || tril=\"setpriv --bounding-set=-dac_override $tril\"; export tril; "

static const struct {
    const char *make;
    int status[3]; /* of each kind */
    const char *sentence;
} refused[] = {
    { "ln -s none $f", { 2, 2, 2 }, "this is a link to a file that is not there" },
    { "mkfifo $f", { 1, 2, 2 }, "" },
    { "mv $d/socket $f", { 2, 2, 2 }, "this is no regular file" },
    { "mkdir $f", { 2, 2, 2 }, "this is a folder" },
    { AS_USER "mkdir $d/ro; chmod 555 $d/ro; f=$d/ro/${f##*/}", { 1, 1, 1 }, "Permission denied" },
    { "echo old >$f; limit='trap \"\" XFSZ; ulimit -f 0;'", { 1, 1, 2 }, "" },
    { "echo old >$d/v; ln -s v $f.tmp", { 1, 1, 1 }, ".tmp is in the way: remove it" },
    { "echo old >$d/v; ln $d/v $f.tmp", { 1, 1, 1 }, ".tmp is in the way: remove it" },
    { "mkfifo $f.tmp", { 1, 1, 1 }, ".tmp is in the way: remove it" },
    { "mv $d/socket $f.tmp", { 1, 1, 1 }, ".tmp is in the way: remove it" },
    { "mkdir $f.tmp", { 1, 1, 1 }, ".tmp is in the way: remove it" },
};

static void make_socket(const char *folder)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

START_TEST(test_refused)
{
    for (int w = 0; w < WRITERS; w++) {
        char folder[DEMO_FOLDER], line[LINE];
        demo_begin(folder);
        make_socket(folder);
        snprintf(line, sizeof line, "f=%s; line='%s'; %s; " RUN_UNCHANGED "exit $status",
                 writers[w].file, writers[w].line, refused[_i].make);
        const int status = demo_shell(line);
        ck_assert_msg(status == refused[_i].status[writers[w].kind], "status %d of %s with %s",
                      status, writers[w].line, refused[_i].make);
        demo_said(folder, refused[_i].sentence);
        demo_remove(folder);
    }
}
END_TEST

/* a link to a file stays one, and what a killed program has left is in nobody's way */
START_TEST(test_replaced)
{
    for (int w = 0; w < WRITERS; w++) {
        char folder[DEMO_FOLDER], line[LINE];
        demo_begin(folder);
        snprintf(line, sizeof line,
                 "f=%s; echo old >$d/real; echo old >$d/real.tmp; echo old >$f.tmp; %s; %s "
                 ">$d/out 2>&1 && [ ! -e $d/real.tmp ]%s",
                 writers[w].file, writers[w].kind == CHECKPOINT ? "rm $d/real*" : "ln -s real $f",
                 writers[w].line,
                 writers[w].kind == CHECKPOINT ? " && [ ! -e $f ] && [ ! -e $f.tmp ]"
                                               : " && [ -L $f ] && [ $(wc -c <$d/real) -gt 99 ]");
        ck_assert_msg(demo_shell(line) == 0, "%s", line);
        demo_remove(folder);
    }
}
END_TEST

/* a line of the shell with that of each writer whose file need not be a regular one between its
 * parts */
static void check_direct(const char *before, const char *after)
{
    for (int w = 0; w < WRITERS; w++) {
        char folder[DEMO_FOLDER], line[LINE];
        if (writers[w].kind != DIRECT)
            continue;
        demo_begin(folder);
        snprintf(line, sizeof line, "%s line='%s'; %s", before, writers[w].line, after);
        ck_assert_msg(demo_shell(line) == 0, "%s", line);
        demo_remove(folder);
    }
}

START_TEST(test_pipe)
{
    check_direct("f=$d/pipe; mkfifo $f; exec 3<>$f 4<$f; cat <&4 >$d/got 3>&- &",
                 "eval $line >/dev/null && exec 3>&- && wait $! && [ -p $f ] && f=$d/file && "
                 "eval $line >/dev/null && cmp $d/got $f");
}
END_TEST

/* what is printed where nobody listens does not go into a file that is being written */
START_TEST(test_closed)
{
    check_direct("f=$d/a;", "eval $line >$d/out 2>&1; rm -f $d/m; f=$d/b; "
                            "eval $line <&- >&- 2>&-; cmp $d/a $d/b");
}
END_TEST

/* ---- signals */

static void sleep_briefly(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

/* Each of these lines waits, or works for long, once $d/ready is there or the file is; then the
 * signal ends it at once, with no file left that was not there. */
static const struct {
    const char *make, *line, *file;
    int number;
} ended[] = {
    { "true", "$tril predict " MODEL " data/iris.csv --sample 1000000 -o $d/p", "p.tmp", SIGTERM },
    { "true", "$tril predict " MODEL " data/iris.csv --sample 1000000 -o $d/p", "p.tmp", SIGHUP },
    { "printf '#!/bin/sh\\ntouch $d/gnuplot.is\\nexec sleep 3' >$d/gnuplot; chmod +x $d/gnuplot",
      "env PATH=$d:$PATH $tril plot " MODEL " data/iris.csv -o $d/p.png", "gnuplot.is", SIGINT },
};

static bool is_there(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

START_TEST(test_ended)
{
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    ck_assert_int_eq(demo_shell(ended[_i].make), 0);
    const pid_t child = demo_start(ended[_i].line);
    while (!is_there(folder, ended[_i].file))
        sleep_briefly();
    sleep_briefly();
    kill(child, ended[_i].number);
    const int status = demo_wait_for(child);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == ended[_i].number, "status %d", status);
    ck_assert(!is_there(folder, "p.tmp") && !is_there(folder, "p.png.tmp"));
    ck_assert(!is_there(folder, "p") && !is_there(folder, "p.png"));
    demo_remove(folder);
}
END_TEST

/* one that waits for another process's lock; with status 1 where it waits to the end */
START_TEST(test_waiting)
{
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    ck_assert_int_eq(demo_shell("touch $d/p.tmp; flock $d/p.tmp sh -c '$tril predict " MODEL
                                " data/iris.csv -o $d/p & sleep 1; kill $!; wait $!' 2>/dev/null"),
                     128 + SIGTERM);
    ck_assert(is_there(folder, "p.tmp"));
    demo_remove(folder);
}
END_TEST

/* one that waits for the reader of its log leaves a checkpoint */
START_TEST(test_slow_reader)
{
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    ck_assert_int_eq(
        demo_shell("mkfifo $d/log; sleep 100 <$d/log & reader=$!; exec 3>$d/log; $tril fit "
                   "data/iris.csv --targets "
                   "petal_width "
                   "--hidden 1 --batch 200 --epochs 1000000 --patience 0 -o $d/m --log $d/log "
                   ">$d/out 2>&1 & child=$!; while [ ! -e $d/m.checkpoint ]; do sleep 0.01; done; "
                   "sleep 1; kill $child; wait $child; s=$?; kill $reader; exit $s"),
        1);
    demo_said(folder, "the same line with --resume goes on from ");
    ck_assert(is_there(folder, "m.checkpoint"));
    demo_remove(folder);
}
END_TEST

Suite *suite_cmd_paths(void)
{
    Suite *suite = suite_create("cmd/paths");
    TCase *tcase = tcase_create("paths");
    tcase_set_tags(tcase, "program");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_pairs, 0, sizeof commands / sizeof *commands);
    tcase_add_loop_test(tcase, test_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tcase, test_replaced);
    tcase_add_test(tcase, test_pipe);
    tcase_add_test(tcase, test_closed);
    tcase_add_loop_test(tcase, test_ended, 0, sizeof ended / sizeof *ended);
    tcase_add_test(tcase, test_waiting);
    tcase_add_test(tcase, test_slow_reader);
    suite_add_tcase(suite, tcase);
    return suite;
}
