/* Names, labels and paths with control characters, or that are no UTF-8, as the command tril meets
 * them: they work, and none reaches a terminal as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/demo.h"

enum { TEXT = 1 << 14 };

/* x: an escape, C1 as a character, a bell, a byte that is no UTF-8; u and labels likewise */
#define X "x\033[31m\xC2\x9B"
#define U "u\007\177"
#define FIT "fit '$/d\033\xFF' -o '$/m\xFE' --targets '" X "',y --epochs 1"

static void write_data(const char *folder)
{
    char path[64], text[2048] = U "," X ",y\n";
    size_t n = strlen(text);
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s,%d,%d\n",
                              i % 2 ? "l\033c" : "l\xC2\x85", i * 7 % 11, i % 5);
    snprintf(path, sizeof path, "%s/d\033\xFF", folder);
    demo_write(path, text);
    snprintf(path, sizeof path, "%s/d\xFF", folder);
    demo_write(path, text);
}

static void ck_harmless(const char *text)
{
    char copy[TEXT];
    strcpy(copy, text);
    for (char *p = copy; (p = strpbrk(p, "\r\n"));)
        *p = ' ';
    char before[TEXT];
    strcpy(before, copy);
    ck_assert_str_eq(tril_printable(copy), before);
}

static const struct {
    const char *arguments;
    int status;
    const char *wanted;
} cases[] = {
    { FIT " --resume", 0, "\nx?[31m??  " },
    { FIT " --log '$/\033/l'", 1, "/?/l: cannot be written" },
    { FIT " --split '$/d\033\xFF:" U "'", 2,
      ", column u?"
      "?: 'l?"
      "?' is not a number" },
    { FIT " --validation '0.1\033'", 2, "0.1?: cannot be opened" },
    { FIT " --inputs '\033'", 2, "no column named ?, only " },
    { FIT " '--\033'", 2, "there is no option --?\n" },
    { FIT " '-\033'", 2, "-? is no option\n" },
    { FIT " --head '\033'", 2, ", not '?'\n" },
    { FIT " --lr '\033'", 2, ", not '?'\n" },
    { FIT " --missing '\033'", 2, ", not '?'\n" },
    { FIT " --batch '\033'", 2, ", not '?'\n" },
    { "info '$/m\xFE'", 0, "l?c\n" },
    { "info '$/m\xFE'", 0, "d\\x1B\\xFF: 30 to train on" },
    { "info '$/m\xFE'", 0, "--targets x\\x1B[31m\\xC2\\x9B,y\n" },
    { "evaluate '$/m\xFE' '$/d\033\xFF'", 0, "\nx?[31m??  " },
    { "predict '$/m\xFE' data/iris.csv", 2, "no column named u??, only " },
    { "predict '$/m\xFE' '$/d\033\xFF' -o '$/\033/p'", 1, "/?/p: cannot be written" },
    { "predict '$/m\xFE' '$/d\033\xFF' --quantiles '\033'", 2, ", not '?'\n" },
    { "plot '$/m\xFE' '$/d\033\xFF' -o '$/p\033'", 2, "p?: want a name that ends in" },
    { "plot '$/m\xFE' '$/d\033\xFF' -o '$/p.png' --by '\033'", 2, "--by ?: " },
    { "plot '$/m\xFE' '$/d\033\xFF' -o '$/\033/p.png'", 1, "/?/p.png: cannot be written" },
    { "'\033'", 2, "there is no command ?\n" },
};

START_TEST(test_shown)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    write_data(folder);
    ck_assert_int_eq(demo_tril(folder, FIT, text, TEXT), 0);
    ck_harmless(text);
    const int status = demo_tril(folder, cases[_i].arguments, text, TEXT);
    ck_assert_msg(status == cases[_i].status, "status %d: %s", status, text);
    ck_assert_msg(strstr(text, cases[_i].wanted), "'%s' lacks '%s'", text, cases[_i].wanted);
    ck_harmless(text);
    demo_remove(folder);
}
END_TEST

/* a picture's names are harmless, and its path is as it was said */
START_TEST(test_picture)
{
    static char text[1 << 18];
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    write_data(folder);
    ck_assert_int_eq(demo_tril(folder, FIT, text, TEXT), 0);
    ck_assert_int_eq(
        demo_tril(folder, "plot '$/m\xFE' '$/d\033\xFF' -o '$/p\n\xFF.svg'", text, TEXT), 0);
    snprintf(path, sizeof path, "%s/p\n\xFF.svg", folder);
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    ck_assert_ptr_nonnull(strstr(text, ">x?[31m?"
                                       "?<"));
    ck_assert_ptr_null(strpbrk(text, "\033\007\x9B"));
    demo_remove(folder);
}
END_TEST

/* CSV keeps names as they are, unless it goes to a terminal */
START_TEST(test_csv)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], command[256];
    const char *build = getenv("BUILD"), *run = getenv("RUN");
    demo_folder(folder);
    write_data(folder);
    ck_assert_int_eq(demo_tril(folder, FIT, text, TEXT), 0);
    ck_assert_int_eq(demo_tril(folder, "predict '$/m\xFE' '$/d\033\xFF'", text, TEXT), 0);
    ck_assert_msg(strstr(text, "mean_" X ",mean_y,"), "%s", text);
    snprintf(command, sizeof command,
             "script -qec \"%s %s/tril predict '%s/m\xFE' '%s/d\033\xFF'\" /dev/null < /dev/null",
             run ? run : "", build ? build : "build", folder, folder);
    FILE *out = popen(command, "r");
    ck_assert_ptr_nonnull(out);
    text[fread(text, 1, TEXT - 1, out)] = 0;
    ck_assert_int_eq(pclose(out), 0);
    ck_assert_msg(strstr(text, "mean_x?[31m??,mean_y,"), "%s", text);
    ck_harmless(text);
    demo_remove(folder);
}
END_TEST

#define LONG " --epochs 1000000 --patience 0 --validation "

/* A long run until it has written a checkpoint, which is not the one that is there. */
static void stop_a_run(const char *folder, const char *option)
{
    char line[512];
    snprintf(
        line, sizeof line,
        "c=\"$d/m\xFE.checkpoint\"; data=\"$d/d\033\xFF\"; "
        "$tril fit \"$data\" -o \"$d/m\xFE\" --targets '" X "',y" LONG
        "\"$data\" %s >$d/out 2>&1 & "
        "while [ ! -e \"$c\" ] || [ \"$c\" -ef $d/old ]; do sleep 0.01; done; kill $!; wait $!; "
        "ln -f \"$c\" $d/old",
        option);
    ck_assert_int_eq(demo_shell(line), 0);
    demo_said(folder, "/m?.checkpoint");
}

/* a checkpoint knows its paths again */
START_TEST(test_resume)
{
    char folder[DEMO_FOLDER];
    demo_begin(folder);
    write_data(folder);
    stop_a_run(folder, "");
    demo_refused(folder, FIT LONG "'$/d\xFF' --resume", 2,
                 "was begun with --validation $/d\\x1B\\xFF\n");
    stop_a_run(folder, "--resume");
    demo_remove(folder);
}
END_TEST

Suite *suite_cmd_text(void)
{
    Suite *suite = suite_create("cmd/text");
    TCase *tcase = tcase_create("text");
    tcase_set_tags(tcase, "program");
    tcase_add_loop_test(tcase, test_shown, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tcase, test_picture);
    tcase_add_test(tcase, test_csv);
    tcase_add_test(tcase, test_resume);
    suite_add_tcase(suite, tcase);
    return suite;
}
