/* What targets are, as in species:class: which heads they have by themselves. */
#include "cmd/kinds.h"

#include <tril/extend.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/text.h"
#include "cmd/transforms.h"

static const struct {
    const char *word;
    const tril_head_kind *head;
} kinds[] = { { ":class", &tril_head_categorical },
              { ":count", &tril_head_negative_binomial },
              { ":positive", &tril_head_gamma },
              { ":share", &tril_head_beta } };

enum { KINDS = sizeof kinds / sizeof *kinds };

/* cuts the word off a name; NULL where there is none */
static const tril_head_kind *cut(char *name)
{
    const size_t length = strlen(name);
    for (size_t k = 0; k < KINDS; k++) {
        const size_t own = strlen(kinds[k].word);
        if (length > own && strcmp(name + length - own, kinds[k].word) == 0)
            return name[length - own] = 0, kinds[k].head;
    }
    return NULL;
}

/* The heads that a search tries by itself are for other targets. */
static void leave_auto(plan *p)
{
    if (p->own_head && p->ways->n && *p->asked == settings_tried->ways)
        p->ways->n = 1;
}

bool kinds_read(plan *p)
{
    const char *text = p->settings.text[SETTING_TARGETS];
    if (!text || !*text)
        return fprintf(stderr, "%s: say --targets A,B,C: the columns to learn\n", command_name()),
               false;
    if (!names_split(&p->targets, text))
        return false;
    for (size_t j = 0; j < p->targets.n; j++) {
        const tril_head_kind *own = cut((char *)p->targets.name[j]);
        if (j && own != p->own_head)
            return fprintf(stderr,
                           "%s: --targets %s: the targets of a model are of one kind: fit the "
                           "others by themselves, with the first ones as inputs\n",
                           command_name(), text_shown(text)),
                   false;
        p->own_head = own;
    }
    leave_auto(p);
    if (p->own_head != &tril_head_categorical || p->targets.n == 1)
        return true;
    fprintf(stderr, "%s: --targets %s: a model has one target of classes\n", command_name(),
            text_shown(text));
    return false;
}

const char *kinds_auto(const plan *p)
{
    if (p->own_head)
        return p->own_head->name;
    return p->bounds || transforms_have_log(p->transforms, p->targets.n) ? AUTO_LOG_HEADS
                                                                         : AUTO_HEADS;
}

bool kinds_check(const plan *p)
{
    if (!p->own_head || p->heads->kind->support == p->own_head->support)
        return true;
    fprintf(stderr, "%s: --head %s is not for the targets of --targets %s; %s is\n", command_name(),
            p->heads->kind->name, text_shown(p->settings.text[SETTING_TARGETS]), p->own_head->name);
    return false;
}

/* a number, or bounds of one */
static bool is_number(const char *label)
{
    char *end;
    strtod(label, &end);
    return !*end || *label == '<' || *label == '>' || strncmp(end, "..", 2) == 0;
}

/* whether a column has words, and no more numbers than these as different cells */
static bool has_words(tril_table *table, const char *name)
{
    size_t n = 0, numbers = 0;
    const char *const *labels =
        tril_table_is_text(table, name) ? tril_table_labels(table, name, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        numbers += is_number(labels[i]);
    return 2 * numbers < n;
}

/* one of several targets that is none of numbers */
static bool fail_words(const plan *p, const char *name)
{
    fprintf(stderr,
            "%s: --targets %s: %s has words, and classes have a model of their own: fit %s by "
            "itself, and the others with it as an input\n",
            command_name(), text_shown(p->settings.text[SETTING_TARGETS]), text_shown(name),
            text_shown(name));
    return false;
}

bool kinds_find(plan *p, tril_table *table)
{
    for (size_t j = 0; j < p->targets.n && p->targets.n > 1; j++)
        if (has_words(table, p->targets.name[j]))
            return fail_words(p, p->targets.name[j]);
    const char *head = p->ways->n ? *p->ways->name : p->settings.text[SETTING_HEAD];
    if (!p->own_head && p->targets.n == 1 && strcmp(head, "auto") == 0 &&
        has_words(table, *p->targets.name)) {
        p->own_head = &tril_head_categorical;
        *p->heads =
            (tril_head_opts){ .kind = p->own_head, .natural = p->settings.text[SETTING_NATURAL] };
        p->model.n_heads = 1;
        leave_auto(p);
    }
    if (p->heads->kind->support != &tril_support_class ||
        (p->share[PART_CALIBRATION] == 0 && !p->file[PART_CALIBRATION]))
        return true;
    fprintf(stderr, "%s: --conformal is for targets that are numbers, and %s is one of classes\n",
            command_name(), text_shown(*p->targets.name));
    return false;
}
