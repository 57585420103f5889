/* The command tril: density networks from the shell. `tril --help` says how to use it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/options.h"
#include "cmd/ranks.h"
#include "cmd/signals.h"
#include "cmd/text.h"

/* OpenBLAS asks this before main begins. Threads of its own would each take a buffer of 128 MiB
 * then, and, where that is not to be had, try for ever and keep the program from its end. Those of
 * the command are the library's. */
__attribute__((visibility("default"))) int openblas_num_threads_env(void);
int openblas_num_threads_env(void)
{
    return 1;
}

static const struct {
    const char *name;
    char *program; /* as sentences begin */
    const char *help;
    int (*run)(int argc, char **argv);
} known[] = {
    { "fit", "tril fit", "train a network on a CSV file", fit_command },
    { "search", "tril search", "choose how to train a network by what held-out rows say",
      search_command },
    { "evaluate", "tril evaluate", "how good a model is on the rows of a CSV file",
      evaluate_command },
    { "predict", "tril predict", "what a model says of the rows of a CSV file", predict_command },
    { "plot", "tril plot", "a picture of a model over the rows of a CSV file", plot_command },
    { "export", "tril export", "a model as one file of C", export_command },
    { "info", "tril info", "what a model is, and how it was trained", info_command },
};

static int usage(FILE *to, int status)
{
    fprintf(to, "usage: tril COMMAND ...\n"
                "Trains, judges and uses networks that answer with a distribution.\n");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        fprintf(to, "  tril %-10s%s\n", known[i].name, known[i].help);
    fprintf(to, "tril COMMAND --help says more, tril --version which version this is.\n");
    return output_status("tril", status);
}

int main(int argc, char **argv)
{
    signals_begin();
    /* a file that is opened where a standard stream is closed shall not get what is printed */
    int fd;
    while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= STDERR_FILENO)
        ;
    close(fd);
    if (argc < 2)
        return usage(stderr, STATUS_WRONG);
    if (strcmp(argv[1], "--version") == 0)
        return printf("tril %s%s\n", tril_version(), ranks_possible() ? ", with MPI" : ""),
               output_status("tril", STATUS_DONE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return usage(stdout, STATUS_DONE);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(argv[1], known[i].name) == 0) {
            argv[1] = known[i].program;
            command_begin(argv[1]);
            const int status = known[i].run(argc - 1, argv + 1);
            return status && command_lacked_memory() ? STATUS_FAILED : status;
        }
    fprintf(stderr, "tril: there is no command %s\n", text_shown(argv[1]));
    return usage(stderr, STATUS_WRONG);
}
