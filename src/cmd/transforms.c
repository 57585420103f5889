/* Transforms of targets. */
#include "cmd/transforms.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/names.h"
#include "cmd/text.h"

/* the comma behind the first element of a text, but for those in quotes and parentheses; or its end
 */
static char *end_of(char *text)
{
    bool quoted = false;
    int depth = 0;
    for (; *text && (*text != ',' || quoted || depth > 0); text++) {
        quoted ^= *text == '"';
        depth += quoted ? 0 : (*text == '(') - (*text == ')');
    }
    return text;
}

/* the number of the target of that name, which may stand in quotes; as many as there are where
 * there is none, or memory ran out */
static size_t find_target(const char *const *targets, size_t n, const char *text)
{
    names own = { 0 };
    size_t j = 0;
    if (!names_split_at(&own, text, '\n') || own.n != 1)
        j = n;
    while (j < n && strcmp(targets[j], *own.name))
        j++;
    names_free(&own);
    return j;
}

/* one element; false after a sentence */
static bool read_one(const char *program, char *text, const char *const *targets, size_t n,
                     const char **transforms)
{
    char *kind = strrchr(text, '=');
    for (size_t j = 0; j < n && !kind; j++)
        transforms[j] = text;
    if (!kind)
        return true;
    *kind++ = 0;
    const size_t j = find_target(targets, n, text);
    if (command_lacked_memory())
        return false;
    if (j == n || !*kind)
        return fprintf(stderr, "%s: --transform wants TARGET=KIND, and '%s' is no %s\n", program,
                       text_shown(j == n ? text : kind), j == n ? "target" : "kind"),
               false;
    transforms[j] = kind;
    return true;
}

const char **transforms_read(const char *program, const char *text, const char *const *targets,
                             size_t n)
{
    const size_t size = n * sizeof(const char *), length = text ? strlen(text) : 0;
    const char **transforms = command_alloc(size + length + 1, 1);
    if (!transforms)
        return NULL;
    char *p = (char *)transforms + size, *end;
    memcpy(p, text ? text : "", length + 1);
    for (size_t j = 0; j < n; j++)
        transforms[j] = NULL;
    for (; *p; p = end) {
        end = end_of(p);
        if (*end)
            *end++ = 0;
        if (!read_one(program, p, targets, n, transforms))
            return free(transforms), NULL;
    }
    return transforms;
}

bool transforms_have_log(const char *const *transforms, size_t n)
{
    bool any = false;
    for (size_t j = 0; j < n; j++)
        any |= transforms[j] &&
               (strcmp(transforms[j], "log") == 0 || strcmp(transforms[j], "auto") == 0);
    return any;
}

const char *transform_of(const tril_model_info *about, size_t j)
{
    return about->transforms ? about->transforms[j] : "";
}

const char *transform_shown(const tril_model_info *about, size_t j)
{
    char text[512];
    const char *g = transform_of(about, j);
    snprintf(text, sizeof text, "%s%s%s%s", g, *g ? "(" : "", about->targets[j], *g ? ")" : "");
    return text_shown(text);
}

void transforms_warn(const char *program, const tril_model_info *about, const double *mean,
                     size_t n, const char *instead)
{
    const size_t d = about->n_targets;
    for (size_t j = 0; j < d && about->transforms; j++) {
        size_t without = 0;
        for (size_t i = 0; i < n; i++)
            without += isnan(mean[i * d + j]);
        if (without)
            fprintf(stderr,
                    "%s: %s has no finite mean in %zu row%s, since %s has the tails of a Student's "
                    "t there: %s\n",
                    program, text_shown(about->targets[j]), without, without > 1 ? "s" : "",
                    transform_shown(about, j), instead);
    }
}
