/* A demo is run as its users run it. */
#include "demos/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

int demo_run(const char *name, const char *arguments, char *text, size_t size)
{
    char command[512];
    const char *build = getenv("BUILD");
    snprintf(command, sizeof command, "%s/demos/%s %s 2>&1", build ? build : "build", name,
             arguments);
    FILE *out = popen(command, "r");
    ck_assert_ptr_nonnull(out);
    text[fread(text, 1, size - 1, out)] = 0;
    while (fgetc(out) != EOF)
        ;
    int status = pclose(out);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}
