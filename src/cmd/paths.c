/* The files of a command. */
#include "cmd/paths.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tril/tril.h>

#include "cmd/commands.h"
#include "cmd/names.h"
#include "cmd/text.h"

/* A file that is touched, the path's own or its temporary one. */
typedef struct touched {
    const command_path *of;
    const char *path, *name; /* the name in its folder */
    enum { NOWHERE, NEW, THERE } state;
    struct stat about; /* of the file or, where it is new, of its folder */
} touched;

static touched touch(const command_path *of, const char *path)
{
    char folder[TRIL_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    touched t = { .of = of, .path = path, .name = slash ? slash + 1 : path };
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    const bool standard = of->use == PATH_READ && strcmp(path, "-") == 0;
    if ((standard ? fstat(STDIN_FILENO, &t.about) : stat(path, &t.about)) == 0)
        t.state = THERE;
    else
        t.state = stat(folder, &t.about) == 0 ? NEW : NOWHERE;
    return t;
}

static bool is_same(const touched *a, const touched *b)
{
    if (a->state != b->state || a->state == NOWHERE || a->about.st_dev != b->about.st_dev ||
        a->about.st_ino != b->about.st_ino)
        return false;
    /* a terminal is read and written at once */
    return a->state == NEW ? strcmp(a->name, b->name) == 0
                           : S_ISREG(a->about.st_mode) || S_ISFIFO(a->about.st_mode);
}

/* the later one of two is to blame, unless it is only read */
static bool are_apart(const char *program, const touched *first, const touched *second)
{
    const bool later = second->of->use != PATH_READ;
    const touched *own = later ? second : first, *other = later ? first : second;
    if (own->of->use == PATH_READ || !is_same(first, second))
        return true;
    if (own->path == own->of->path)
        fprintf(stderr, "%s: %s %s: this would take the place of %s\n", program, own->of->option,
                text_shown(own->of->path), text_shown(other->path));
    else
        fprintf(stderr, "%s: %s %s: its temporary file would take the place of %s\n", program,
                own->of->option, text_shown(own->of->path), text_shown(other->path));
    return false;
}

/* the temporary files, "" for none; false with a failed context, or after a sentence */
static bool find_temporaries(const char *program, tril_ctx *ctx, const command_path *paths,
                             size_t n, char (*temporaries)[TRIL_PATH_SIZE])
{
    for (size_t i = 0; i < n; i++) {
        *temporaries[i] = 0;
        if (!paths[i].path || paths[i].use == PATH_READ)
            continue;
        if (!tril_file_temporary(ctx, paths[i].path, temporaries[i]))
            return false;
        if (paths[i].use == PATH_REPLACE && !*temporaries[i])
            return fprintf(stderr, "%s: %s %s: want a regular file\n", program, paths[i].option,
                           text_shown(paths[i].path)),
                   false;
    }
    return true;
}

static bool compare(const char *program, const command_path *paths, size_t n,
                    char (*temporaries)[TRIL_PATH_SIZE])
{
    touched all[2 * PATHS_MAX];
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (paths[i].path)
            all[m++] = touch(&paths[i], paths[i].path);
        if (*temporaries[i])
            all[m++] = touch(&paths[i], temporaries[i]);
    }
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < i; j++)
            if (!are_apart(program, &all[j], &all[i]))
                return false;
    return true;
}

int paths_check(const char *program, const command_path *paths, size_t n)
{
    char(*temporaries)[TRIL_PATH_SIZE] = command_alloc(n, sizeof *temporaries);
    if (!temporaries)
        return STATUS_FAILED;
    tril_ctx *ctx = tril_ctx_new(NULL);
    int status = STATUS_WRONG;
    if (find_temporaries(program, ctx, paths, n, temporaries) &&
        compare(program, paths, n, temporaries)) {
        status = STATUS_DONE;
        for (size_t i = 0; i < n; i++)
            if (*temporaries[i])
                tril_file_free(tril_file_new(ctx, paths[i].path));
    }
    if (tril_ctx_failed(ctx)) {
        fprintf(stderr, "%s: %s\n", program, tril_ctx_message(ctx));
        status = tril_ctx_status(ctx) == TRIL_BAD_ARGUMENT ? STATUS_WRONG : STATUS_FAILED;
    }
    tril_ctx_free(ctx);
    free(temporaries);
    return status;
}

char *path_default(const char *data, const char *ending)
{
    const char *name = strrchr(data, '/') ? strrchr(data, '/') + 1 : data;
    char *stem = text_join(strcmp(data, "-") ? name : "model", "");
    char *dot = stem ? strrchr(stem, '.') : NULL;
    if (dot && dot != stem)
        *dot = 0;
    char *path = stem ? text_join(stem, ending) : NULL;
    free(stem);
    return path;
}
