/* `tril info` as its users meet it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/demo.h"

enum { TEXT = 1 << 14 };

#define MODEL "tests/reference/model.safetensors"

static const struct {
    const char *fit; /* NULL: a committed file */
    const char *info, *wanted[7];
} cases[] = {
    { NULL,
      "info " MODEL,
      { "network 5-6-5, full head, 71 parameters\n",
        "\nspecies                           31.0%  setosa\n", "  1.223      0.73521 ",
        "\ntrained on data/iris.csv: 113 to train on, 15 to validate, 22 to test\n"
        "  --targets petal_length,petal_width\n  --head full\n  --hidden 6\n  --ensemble 1\n  "
        "--missing error\n  "
        "--patience "
        "10\nnetwork 1: " } },
    { NULL,
      "info tests/reference/model_torch.safetensors",
      { "network 1-5-2, diagonal head, 22 parameters\n", "\neruptions  ", "\nwaiting  " } },
    { "fit data/faithful.csv --targets eruptions,waiting --epochs 3 --validation 0 -o $/m "
      "--head mixture:2:diagonal,student --ensemble 2",
      "info $/m",
      { "ensemble of 2 networks\nnetwork 1, weight 0.500: 1-128-128-10, mixture head of 2 "
        "diagonal ",
        "\ninputs                             mean           sd\nnone\n",
        "\nnetwork 2, weight 0.500: 1-128-128-6, student head, ", "\nnetwork 2: 3 epochs, NLL, ",
        "  --validation 0\n", "  --epochs 3\n" } },
    { "fit data/faithful.csv --targets waiting --epochs 3 --head lowrank:1 -o $/m",
      "info $/m",
      { "lowrank head of rank 1, ", "\nnetwork 1: 3 epochs, best after ", ", validation " } },
};

START_TEST(test_says)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER];
    demo_folder(folder);
    if (cases[_i].fit)
        ck_assert_int_eq(demo_tril(folder, cases[_i].fit, text, TEXT), 0);
    ck_assert_int_eq(demo_tril(folder, cases[_i].info, text, TEXT), 0);
    for (size_t i = 0; cases[_i].wanted[i]; i++)
        ck_assert_msg(strstr(text, cases[_i].wanted[i]), "'%s' lacks '%s'", text,
                      cases[_i].wanted[i]);
    ck_assert(!strstr(text, "checkpoint"));
    demo_remove(folder);
}
END_TEST

static const struct {
    const char *arguments, *sentence;
} wrong[] = {
    { "info", "tril info: want a model" },
    { "info " MODEL " " MODEL, "tril info: want a model" },
    { "info --nonsense", "tril info: there is no option --nonsense" },
    { "info $/none", "tril info: $/none: cannot be opened: No such file" },
    { "info data/iris.csv", "tril info: data/iris.csv: a header of " },
    { "info $/cut", "tril info: $/cut: " },
    { "info tests/reference/tensors.safetensors", "there is no note tril: this is no model" },
};

START_TEST(test_wrong)
{
    char folder[DEMO_FOLDER], command[128];
    demo_folder(folder);
    snprintf(command, sizeof command, "head -c 3000 " MODEL " > %s/cut", folder);
    ck_assert_int_eq(system(command), 0);
    demo_refused(folder, wrong[_i].arguments, 2, wrong[_i].sentence);
    demo_remove(folder);
}
END_TEST

/* a record that is not as it was written */
START_TEST(test_record)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], path[64];
    demo_folder(folder);
    snprintf(path, sizeof path, "%s/m", folder);
    demo_alter(MODEL, path, "curve.0", TRIL_SHAPE(3, 2));
    ck_assert_int_ne(demo_tril(folder, "info $/m", text, TEXT), 0);
    ck_assert_msg(strstr(text, "m: tensor curve.0 has the shape [3x2], wanted is [3x3]\n"), "%s",
                  text);
    demo_refused(folder, "plot $/m data/iris.csv -o $/p.png", 1, "tensor curve.0 has the shape");
    demo_remove(folder);
}
END_TEST

/* a run that was stopped: where it is can be asked */
START_TEST(test_checkpoint)
{
    static char text[TEXT];
    char folder[DEMO_FOLDER], command[512];
    const char *build = getenv("BUILD"), *run = getenv("RUN");
    demo_folder(folder);
    snprintf(command, sizeof command,
             "%s %s/tril fit data/faithful.csv --targets waiting --patience 0 --epochs 1000000 "
             "--threads 1 -o "
             "%s/m 2>/dev/null & pid=$!; while [ ! -e %s/m.checkpoint ]; do sleep 0.01; done; "
             "grep Threads: /proc/$pid/status >%s/threads; kill $pid; wait $pid",
             run ? run : "", build ? build : "build", folder, folder, folder);
    ck_assert_int_ne(system(command), 0);
    /* BLAS has none of its own in the command: each would want memory before main begins */
    snprintf(command, sizeof command, "grep -q '\\<1$' %s/threads", folder);
    ck_assert(run && *run ? true : system(command) == 0);
    ck_assert_int_eq(demo_tril(folder, "info $/m.checkpoint", text, TEXT), 0);
    ck_assert_msg(strstr(text, "\na checkpoint: tril fit --resume goes on from it\n"), "%s", text);
    demo_remove(folder);
}
END_TEST

START_TEST(test_help)
{
    static char text[TEXT];
    ck_assert_int_eq(demo_tril("", "info --help", text, TEXT), 0);
    ck_assert_msg(strstr(text, "usage: tril info MODEL"), "%s", text);
    ck_assert_int_eq(demo_tril("", "info " MODEL " > /dev/full", text, TEXT), 1);
}
END_TEST

Suite *suite_cmd_info(void)
{
    Suite *suite = suite_create("cmd/info");
    TCase *tcase = tcase_create("info");
    tcase_set_tags(tcase, "program");
    tcase_add_loop_test(tcase, test_says, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(tcase, test_wrong, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tcase, test_record);
    tcase_add_test(tcase, test_checkpoint);
    tcase_add_test(tcase, test_help);
    suite_add_tcase(suite, tcase);
    return suite;
}
