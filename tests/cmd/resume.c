/* Runs of `tril fit` that are stopped at any moment and gone on with, and what becomes of their
 * files when these are damaged or cannot be written. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "demos/demo.h"
#include "io/tensors.h"

enum { LINE = 512, SEED = 5 };

static void sleep_for(double seconds)
{
    nanosleep(&(struct timespec){ .tv_sec = (time_t)seconds,
                                  .tv_nsec = (long)(1e9 * (seconds - (double)(long)seconds)) },
              NULL);
}

/* ---- stopped */

#define IRIS "$tril fit ${data:-data/iris.csv} --targets petal_length,petal_width --patience 0 "
static const char *const runs[] = {
    IRIS "--epochs 400",
    IRIS "--epochs 150 --ensemble 3",
    IRIS "--epochs 300 --head gamma --hidden 8",
    IRIS "--epochs 300 --input-noise 0.1 --head mixture:2 --hidden 8",
    IRIS "--epochs 300 --inputs sepal_length,sepal_width --group species --validation 0.34 "
         "--test 0",
    IRIS "--epochs 300 --optimizer sgd --momentum 0.9 --clip 1 --schedule cosine --lr 0.001",
    "$tril fit data/iris.csv --targets petal_width --patience 150 --ensemble 3",
};
static const char *const ways[] = { "--threads 2", "--checkpoint-every 1", "--checkpoint-every 7",
                                    "--threads 8 --checkpoint-every 3" };

/* stopped at any moments, in any way, a run ends with the bits of one left alone */
START_TEST(test_stopped)
{
    char folder[DEMO_FOLDER], line[LINE];
    tril_random random = tril_random_stream(SEED, (uint64_t)_i);
    demo_begin(folder);
    snprintf(line, sizeof line, "%s -o $d/alone --log $d/alone.csv >/dev/null", runs[_i]);
    ck_assert_int_eq(demo_shell(line), 0);
    for (int i = 0; i < 6; i++) {
        tril_real moment;
        tril_random_uniform(&random, &moment, 1);
        snprintf(line, sizeof line, "%s -o $d/m --log $d/log --resume %s", runs[_i], ways[i % 4]);
        pid_t child = demo_start(line);
        sleep_for(0.002 + 0.03 * (double)moment);
        kill(child, demo_signals[i % 4]);
        int status = demo_wait_for(child);
        ck_assert_msg(WIFSIGNALED(status) || WEXITSTATUS(status) < 2, "run %d, status %d", i,
                      status);
    }
    snprintf(line, sizeof line, "%s -o $d/m --log $d/log --resume >$d/out 2>&1", runs[_i]);
    ck_assert_msg(demo_shell(line) == 0, "seed %d: %s", SEED, runs[_i]);
    ck_assert_msg(demo_shell("cmp $d/m $d/alone && cmp $d/log $d/alone.csv") == 0, "seed %d: %s",
                  SEED, runs[_i]);
    ck_assert_int_eq(demo_shell("test \"$(echo $(ls $d))\" = 'alone alone.csv log m out'"), 0);
    demo_remove(folder);
}
END_TEST

/* networks side by side, whose log is that of one after the other */
START_TEST(test_threads)
{
    static const char line[] =
        "for t in 1 2 3 8; do " IRIS "--epochs 60 --patience 20 --ensemble 5 --threads $t -o $d/$t "
        "--log $d/$t.csv >/dev/null && "
        "cmp $d/$t $d/1 && cmp $d/$t.csv $d/1.csv || exit; done";
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    ck_assert_int_eq(demo_shell(line), 0);
    demo_remove(folder);
}
END_TEST

/* Runs `tril fit ... -o $d/m` to where it cannot write the model; then its checkpoint is in $d/kept
 * too. It reads its rows, from a pipe, when it has tried its files. */
#define STOP_BEFORE_MODEL(line)                                                                    \
    "mkfifo $d/pipe; data=$d/pipe; " line " --checkpoint-every 1 >$d/out 2>&1 & "                  \
    "exec 3>$d/pipe; mkdir $d/m; cat data/iris.csv >&3; exec 3>&-; wait $! || status=$?; "         \
    "rmdir $d/m; rm $d/pipe; cp $d/m.checkpoint $d/kept; exit $status"

/* stopped when the model was written but the checkpoint not removed, or the last checkpoint written
 * but not the model */
START_TEST(test_at_the_end)
{
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    ck_assert_int_eq(demo_shell(IRIS "--epochs 20 -o $d/m >/dev/null && mv $d/m $d/alone"), 0);
    ck_assert_int_eq(demo_shell(STOP_BEFORE_MODEL(IRIS "--epochs 20 -o $d/m")), 2);
    demo_said(folder, "/m: cannot be written: this is a folder");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(demo_shell(IRIS "--epochs 20 -o $d/m --resume >/dev/null"), 0);
        ck_assert_int_eq(demo_shell("cmp $d/m $d/alone && cp $d/kept $d/m.checkpoint"), 0);
    }
    demo_remove(folder);
}
END_TEST

/* ---- damaged: one sentence, and what was there is there still */

#define RUN IRIS "-o $d/m --epochs 10 --ensemble 2 --hidden 4 "

/* a run of RUN in its second member */
static void begin_checkpoint(char folder[DEMO_FOLDER])
{
    demo_begin(folder);
    ck_assert_int_eq(demo_shell(STOP_BEFORE_MODEL(RUN)), 2);
}

static const struct {
    const char *damage, *options, *sentence;
    int status;
} damaged[] = {
    { "head -c -1 $d/kept", "", "m.checkpoint: tensor ", 2 },
    { "head -c 1000 $d/kept", "", "m.checkpoint: a header of ", 2 },
    { "head -c 7 $d/kept", "", "m.checkpoint: the file has 7 bytes: this is no file of ten", 2 },
    { "true", "", "m.checkpoint: the file has 0 bytes: this is no file of tensors", 2 },
    { "sed 's/full/fall/' $d/kept", "", "m.checkpoint: the file was altered: its CRC-32 is ", 2 },
    { "tr '\\100' '\\101' <$d/kept", "", "m.checkpoint: the file was altered: its CRC-32 is ", 2 },
    { "cat $d/kept", "--log /no/folder/log",
      "/no/folder/log: cannot be written: No such file or dir", 1 },
};

START_TEST(test_damaged)
{
    char folder[DEMO_FOLDER], line[LINE];
    begin_checkpoint(folder);
    snprintf(line, sizeof line, "%s >$d/m.checkpoint; cp $d/m.checkpoint $d/kept",
             damaged[_i].damage);
    ck_assert_int_eq(demo_shell(line), 0);
    snprintf(line, sizeof line, RUN "%s --resume", damaged[_i].options);
    int status = demo_wait_for(demo_start(line));
    demo_said(folder, damaged[_i].sentence);
    ck_assert_int_eq(WEXITSTATUS(status), damaged[_i].status);
    ck_assert_int_eq(demo_shell("cmp $d/m.checkpoint $d/kept && test ! -e $d/m"), 0);
    demo_remove(folder);
}
END_TEST

/* whole, but not what a run of these options leaves: a tensor of another name or shape, a note of
 * another text */
static const struct {
    const char *name;
    size_t rows; /* 0: another name */
    const char *text, *options, *sentence;
    int status;
} others[] = {
    { "run.1.fit.epoch", 0, NULL, "", "m.checkpoint: there is no tensor run.1.fit.epoch", 2 },
    { "run.1.fit.params", 3, NULL, "",
      "m.checkpoint: tensor run.1.fit.params has the shape [3x3], want", 2 },
    { "checkpoint.members", 0, NULL, "", "there is no tensor checkpoint.members", 2 },
    { "curve.1", 5, NULL, "", "m.checkpoint: curve.1 has 5 rows after 9 epochs", 1 },
    { "inputs.mean", 0, NULL, "", "there is no tensor inputs.mean", 2 },
    { "fit.ensemble", 0, "3", "", "m.checkpoint was begun with --ensemble 3", 2 },
    { "fit.ensemble", 0, "3", "--ensemble 3", "m.checkpoint: it is of 2 networks, not of 3", 2 },
};

static void alter(tril_tensors *t, size_t which)
{
    for (size_t i = 0; i < t->count; i++) {
        tensor_entry *entry = &t->entries[i];
        if (strcmp(entry->about.name, others[which].name) != 0)
            continue;
        if (others[which].rows == 0) {
            entry->about.name = "other";
        } else {
            entry->about.shape = TRIL_SHAPE(others[which].rows, 3);
            entry->size = others[which].rows * 3 * tril_dtype_size(entry->about.dtype);
        }
    }
    for (size_t i = 0; i < t->note_count; i++)
        if (strcmp(t->notes[i].name, others[which].name) == 0)
            t->notes[i].text = others[which].text;
}

START_TEST(test_others)
{
    char folder[DEMO_FOLDER], path[64], line[LINE];
    begin_checkpoint(folder);
    snprintf(path, sizeof path, "%s/m.checkpoint", folder);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = tril_tensors_read(ctx, path);
    ck_fine(ctx);
    alter(t, (size_t)_i);
    ck_assert(tril_tensors_write(t, path));
    tril_tensors_free(t);
    tril_ctx_free(ctx);
    ck_assert_int_eq(demo_shell("cp $d/m.checkpoint $d/kept; echo old >$d/m"), 0);
    snprintf(line, sizeof line, RUN "%s --resume --log $d/log", others[_i].options);
    int status = demo_wait_for(demo_start(line));
    demo_said(folder, others[_i].sentence);
    ck_assert_int_eq(WEXITSTATUS(status), others[_i].status);
    ck_assert_int_eq(demo_shell("cmp $d/m.checkpoint $d/kept && echo old | cmp - $d/m"), 0);
    demo_remove(folder);
}
END_TEST

START_TEST(test_other_rows)
{
    char folder[DEMO_FOLDER];
    begin_checkpoint(folder);
    ck_assert_int_eq(demo_shell("sed '$d' data/iris.csv >$d/less"), 0);
    int status = demo_wait_for(
        demo_start("$tril fit $d/less --targets petal_length,petal_width --patience 0 "
                   "-o $d/m --epochs 10 --ensemble 2 --hidden 4 --resume"));
    ck_assert_int_eq(WEXITSTATUS(status), 2);
    demo_said(folder, "/less: these are not the rows that ");
    ck_assert_int_eq(demo_shell("cmp $d/m.checkpoint $d/kept"), 0);
    demo_remove(folder);
}
END_TEST

/* ---- a disk that is full after some blocks */

static const struct {
    int blocks; /* of 512 bytes */
    const char *options, *sentence;
} full[] = {
    { 0, "", "m.checkpoint: cannot be written: File too large" },
    { 4, "", "m.checkpoint: cannot be written: File too large" },
    { 4, "--log $d/log", "m.checkpoint: cannot be written: File too large" },
    { 0, "--log $d/log", "/log: it cannot be written" },
    { 0, "--log /dev/full", "--log /dev/full: it cannot be written" },
};

START_TEST(test_full)
{
    char folder[DEMO_FOLDER], line[LINE];
    demo_begin(folder);
    ck_assert_int_eq(demo_shell("for f in m log; do echo old >$d/$f; done"), 0);
    snprintf(line, sizeof line, "(trap '' XFSZ; ulimit -f %d; " RUN "%s) 2>&1 | cat >$d/out",
             full[_i].blocks, full[_i].options);
    demo_shell(line);
    demo_said(folder, full[_i].sentence);
    ck_assert_int_eq(demo_shell("echo old | cmp - $d/m && echo old | cmp - $d/log"), 0);
    ck_assert_int_eq(demo_shell("test \"$(echo $(ls $d))\" = 'log m out'"), 0);
    demo_remove(folder);
}
END_TEST

/* below a file, where even a superuser can make none */
START_TEST(test_nowhere)
{
    static const char *const lines[] = { "$tril fit data/iris.csv --targets petal_width -o $d/f/m",
                                         RUN "--log $d/f/log" };
    static const char *const sentences[] = { "/f/m: cannot be written: Not a directory",
                                             "/f/log: cannot be written: Not a directory" };
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    ck_assert_int_eq(demo_shell("echo old >$d/f"), 0);
    int status = demo_wait_for(demo_start(lines[_i]));
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    demo_said(folder, sentences[_i]);
    ck_assert_int_eq(demo_shell("echo old | cmp - $d/f; test \"$(echo $(ls $d))\" = 'f out'"), 0);
    demo_remove(folder);
}
END_TEST

Suite *suite_cmd_resume(void)
{
    Suite *suite = suite_create("cmd/resume");
    TCase *tcase = tcase_create("resume");
    tcase_set_tags(tcase, "program trains");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_stopped, 0, sizeof runs / sizeof *runs);
    tcase_add_test(tcase, test_threads);
    tcase_add_test(tcase, test_at_the_end);
    tcase_add_loop_test(tcase, test_damaged, 0, sizeof damaged / sizeof *damaged);
    tcase_add_loop_test(tcase, test_others, 0, sizeof others / sizeof *others);
    tcase_add_test(tcase, test_other_rows);
    tcase_add_loop_test(tcase, test_full, 0, sizeof full / sizeof *full);
    tcase_add_loop_test(tcase, test_nowhere, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
