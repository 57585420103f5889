/* Events, as in 'y > 3 & z < 0': what --probability asks about. */
#include "cmd/events.h"

#include <tril/extend.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/text.h"

static const char *behind_spaces(const char *p)
{
    return p + strspn(p, " \t");
}

/* the target that a text begins with, behind which an operator stands, to which *p goes on; as many
 * as there are where there is none */
static size_t read_target(const tril_model_info *about, const char **p)
{
    const char *begin = *p;
    size_t which = about->n_targets;
    for (size_t j = 0; j < about->n_targets; j++) {
        const size_t length = strlen(about->targets[j]);
        if (strncmp(begin, about->targets[j], length))
            continue;
        const char *end = behind_spaces(begin + length);
        if (end > *p && (about->labels ? *end == '=' : *end == '<' || *end == '>')) {
            *p = end;
            which = j;
        }
    }
    return which;
}

/* Reads "= LABEL". */
static bool read_label(const tril_model_info *about, const char **text, double *bounds)
{
    const char *p = behind_spaces(*text + 1);
    for (size_t k = 0; k < about->n_labels; k++) {
        const size_t length = strlen(about->labels[k]);
        const char *end = p;
        if (strncmp(p, about->labels[k], length) == 0)
            end = behind_spaces(p + length);
        if (end == p || (*end && *end != '&'))
            continue;
        bounds[0] = fmax(bounds[0], (double)k);
        bounds[1] = fmin(bounds[1], (double)k);
        return *text = end, true;
    }
    return false;
}

static bool are_counts(const tril_model_info *about)
{
    return about->networks->head.kind->support == &tril_support_count;
}

/* Reads a condition, up to what is behind it, into the bounds [2, targets]. */
static bool read_condition(const tril_model_info *about, const char **text, double *bounds)
{
    const char *p = behind_spaces(*text);
    const size_t d = about->n_targets, which = read_target(about, &p);
    if (which == d)
        return false;
    if (about->labels)
        return *text = p, read_label(about, text, bounds);
    const bool above = *p++ == '>';
    char *end;
    const bool equal = *p == '=';
    p += equal;
    double number = strtod(p, &end);
    if (end == p || !isfinite(number))
        return false;
    if (are_counts(about) && !equal) /* the next one, which bounds hold */
        number = above ? floor(number) + 1 : ceil(number) - 1;
    if (above)
        bounds[which] = fmax(bounds[which], number);
    else
        bounds[d + which] = fmin(bounds[d + which], number);
    *text = behind_spaces(end);
    return **text == 0 || **text == '&';
}

/* the sentence about a text that is no condition, up to & */
static bool refuse(const tril_model_info *about, const char *program, const char *text)
{
    const size_t length = strcspn(text, "&");
    char *own = command_alloc(length + 1, 1);
    if (!own)
        return false;
    memcpy(own, text, length);
    own[length] = 0;
    fprintf(stderr, "%s: --probability: '%s' is no condition: want a target (", program,
            text_shown(own));
    for (size_t j = 0; j < about->n_targets; j++)
        fprintf(stderr, "%s%s", j ? ", " : "", text_shown(about->targets[j]));
    fprintf(stderr,
            about->labels ? "), then =, then one of its %zu labels, as tril info names them\n"
                          : "), then >, >=, < or <=, then a number\n",
            about->n_labels);
    free(own);
    return false;
}

static bool read_event(const tril_model_info *about, const bool *known, const char *program,
                       const char *text, double *bounds, bool *drawn)
{
    const size_t d = about->n_targets;
    const char *p = text;
    size_t bounded = 0;
    for (size_t j = 0; j < d; j++) {
        bounds[j] = -HUGE_VAL;
        bounds[d + j] = HUGE_VAL;
    }
    for (bool more = true; more; p += more) {
        const char *begin = behind_spaces(p);
        if (!read_condition(about, &p, bounds))
            return refuse(about, program, begin);
        more = *p == '&';
    }
    for (size_t j = 0; j < d; j++) {
        if (about->labels && bounds[0] > bounds[1])
            return fprintf(stderr, "%s: --probability '%s': no row is of two classes\n", program,
                           text_shown(text)),
                   false;
        if (!about->labels &&
            !(bounds[j] < bounds[d + j] || (are_counts(about) && bounds[j] == bounds[d + j])))
            return fprintf(stderr, "%s: --probability '%s': no %s is above %g and below %g\n",
                           program, text_shown(text), text_shown(about->targets[j]), bounds[j],
                           bounds[d + j]),
                   false;
        const bool own = bounds[j] > -HUGE_VAL || bounds[d + j] < HUGE_VAL;
        if (own && known && known[j])
            return fprintf(stderr, "%s: --probability '%s': %s is known, says --given\n", program,
                           text_shown(text), text_shown(about->targets[j])),
                   false;
        bounded += own;
    }
    *drawn = bounded > 2;
    return true;
}

bool events_read(events *e, const tril_model_info *about, const bool *known, const char *program)
{
    const size_t size = 2 * about->n_targets;
    e->bounds = command_alloc(e->n, size * sizeof *e->bounds);
    e->drawn = command_alloc(e->n, sizeof *e->drawn);
    bool good = e->bounds && e->drawn;
    for (size_t i = 0; i < e->n && good; i++)
        good = read_event(about, known, program, e->text[i], e->bounds + i * size, &e->drawn[i]);
    return good;
}

void events_free(events *e)
{
    free(e->text);
    free(e->bounds);
    free(e->drawn);
    *e = (events){ 0 };
}
