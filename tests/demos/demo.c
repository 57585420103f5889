/* What the tests of the demos share. */
#include "demos/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
