/* Settings as numbers and names. */
#include "cmd/fit_options.h"

#include <tril/extend.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/kinds.h"
#include "cmd/options.h"
#include "cmd/paths.h"
#include "cmd/ranks.h"
#include "cmd/text.h"
#include "cmd/transforms.h"

static const char *program; /* as sentences begin */

/* what a machine can do ends below these */
enum { MOST = 1000000000, MOST_MEMBERS = 1000, MOST_THREADS = 1024 };

/* ---- one setting */

static bool read_number(const plan *p, setting which, double *out)
{
    const char *text = p->settings.text[which];
    char *end;
    *out = strtod(text, &end);
    if (end != text && !*end && *out >= 0 && isfinite(*out))
        return true;
    fprintf(stderr, "%s: --%s wants a number, at least 0, not '%s'\n", program, setting_name(which),
            text_shown(text));
    return false;
}

static bool read_count(const plan *p, setting which, unsigned long long low,
                       unsigned long long high, size_t *out)
{
    unsigned long long number = 0;
    const char *text = p->settings.text[which];
    bool done = !text || option_number(program, setting_name(which), text, low, high, &number);
    *out = (size_t)number;
    return done;
}

/* the place of a text among names that end in NULL; `length` letters of it count */
static bool read_choice(setting which, const char *text, size_t length, const char *const *choices,
                        int *out)
{
    for (*out = 0; choices[*out]; ++*out)
        if (strlen(choices[*out]) == length && !strncmp(choices[*out], text, length))
            return true;
    fprintf(stderr, "%s: --%s wants", program, setting_name(which));
    for (size_t i = 0; choices[i]; i++)
        fprintf(stderr, "%s%s", i ? ", " : " ", choices[i]);
    fprintf(stderr, "%s, not '%.*s'\n", which == SETTING_HEAD ? ", or auto by itself" : "",
            (int)length, text_shown(text));
    return false;
}

static bool read_name(const plan *p, setting which, const char *const *choices, int *out)
{
    const char *text = p->settings.text[which];
    return read_choice(which, text, strlen(text), choices, out);
}

/* ---- the network */

/* FORM, FORM:NUMBER, or mixture:NUMBER:FORM */
static bool read_head(const char *text, bool component, tril_head_opts *head)
{
    const char *choices[MOST_CHOICES];
    int form;
    const size_t length = strcspn(text, ":");
    setting_choices(SETTING_HEAD, choices);
    if (!read_choice(SETTING_HEAD, text, length, choices, &form))
        return false;
    const tril_head_kind *kind = tril_heads[form];
    *(component ? &head->component : &head->kind) = kind;
    const bool mixture = kind->components, wants = mixture || kind->rank;
    const char *number = text[length] ? text + length + 1 : text + length;
    char *end = NULL;
    const unsigned long count = *number >= '0' && *number <= '9' ? strtoul(number, &end, 10) : 0;
    const bool more = end && mixture && !component && *end == ':';
    if (wants ? !count || count > MOST || (*end && !more) : text[length]) {
        fprintf(stderr, "%s: --head %s wants %s, not '%s'\n", program, kind->name,
                wants ? "a number behind a colon" : "nothing behind it", text_shown(text));
        return false;
    }
    *(mixture ? &head->components : &head->rank) = count;
    return !more || read_head(end + 1, true, head);
}

/* FORM,FORM,..., which the networks of an ensemble take by turns */
static bool read_heads(plan *p, const char *text)
{
    names forms = { 0 };
    if (!names_split(&forms, text))
        return names_free(&forms), false;
    bool done = forms.n > 0 && forms.n <= MOST_HEADS;
    if (!done)
        fprintf(stderr, "%s: --head wants 1 to %d forms, not '%s'\n", program, MOST_HEADS,
                text_shown(text));
    for (size_t i = 0; i < forms.n && done; i++) {
        done = read_head(forms.name[i], false, &p->heads[i]);
        p->heads[i].natural = p->settings.text[SETTING_NATURAL];
        /* calmer correlations where there are few rows */
        p->heads[i].relative_off_diagonal = true;
    }
    p->model.heads = p->heads;
    p->model.n_heads = forms.n;
    names_free(&forms);
    return done;
}

static bool read_hidden(const plan *p, tril_mlp_opts *mlp)
{
    const char *text = p->settings.text[SETTING_HIDDEN];
    names widths = { 0 };
    unsigned long long width = 0;
    if (!names_split(&widths, text))
        return names_free(&widths), false;
    bool done = widths.n > 0 && widths.n <= TRIL_MAX_HIDDEN;
    for (size_t i = 0; i < widths.n && done; i++) {
        done = option_number(program, "hidden", widths.name[i], widths.n > 1, 1000000, &width);
        mlp->hidden[i] = (size_t)width;
    }
    if (widths.n == 0 || widths.n > TRIL_MAX_HIDDEN)
        fprintf(stderr, "%s: --hidden wants up to %d widths, not '%s'\n", program, TRIL_MAX_HIDDEN,
                text_shown(text));
    names_free(&widths);
    return done;
}

bool plan_read_network(plan *p)
{
    static const char *const activations[] = { "tanh", "relu",    "elu", "softplus",
                                               "silu", "sigmoid", NULL };
    static const tril_activation of_name[] = { TRIL_TANH,     TRIL_RELU, TRIL_ELU,
                                               TRIL_SOFTPLUS, TRIL_SILU, TRIL_SIGMOID };
    int activation, missing = TRIL_MISSING_BOTH;
    const char *text = p->settings.text[SETTING_MISSING], *head = p->settings.text[SETTING_HEAD];
    if (text && !option_missing(program, text, &missing))
        return false;
    if (strcmp(head, "auto") == 0)
        head = kinds_auto(p);
    if (!read_heads(p, head) || !kinds_check(p) || !read_hidden(p, &p->model.mlp) ||
        !read_name(p, SETTING_ACTIVATION, activations, &activation) ||
        !read_count(p, SETTING_ENSEMBLE, 1, MOST_MEMBERS, &p->model.members))
        return false;
    p->model.mlp.activation = of_name[activation];
    p->model.missing = (tril_missing)missing;
    return true;
}

/* ---- training */

/* one of the library's kinds by its name */
static bool read_kind(const plan *p, setting which, int *out)
{
    const char *choices[MOST_CHOICES];
    setting_choices(which, choices);
    return read_name(p, which, choices, out);
}

static bool read_kinds(plan *p)
{
    int loss, optim;
    if (!read_kind(p, SETTING_OPTIMIZER, &optim) ||
        (p->settings.text[SETTING_LOSS] && !read_kind(p, SETTING_LOSS, &loss)))
        return false;
    p->fit.optim = tril_optims[optim];
    p->fit.loss = p->settings.text[SETTING_LOSS] ? tril_losses[loss] : NULL;
    return true;
}

static size_t processors(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n < MOST_THREADS ? (size_t)n : MOST_THREADS;
}

static bool read_training(plan *p)
{
    static const char *const schedules[] = { "constant", "step", "cosine", "plateau", NULL };
    const struct {
        setting which;
        double *to;
    } numbers[] = { { SETTING_LR, &p->fit.lr },
                    { SETTING_MOMENTUM, &p->fit.momentum },
                    { SETTING_WARMUP, &p->fit.schedule.warmup },
                    { SETTING_WEIGHT_DECAY, &p->fit.weight_decay },
                    { SETTING_CLIP, &p->fit.clip.norm },
                    { SETTING_AVERAGE, &p->fit.average },
                    { SETTING_BETA, &p->fit.beta },
                    { SETTING_INPUT_NOISE, &p->fit.input_noise },
                    { SETTING_TARGET_NOISE, &p->fit.target_noise } };
    int schedule;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!read_number(p, numbers[i].which, numbers[i].to))
            return false;
    if (!read_kinds(p) || !read_name(p, SETTING_SCHEDULE, schedules, &schedule) ||
        !read_count(p, SETTING_EPOCHS, 1, MOST, &p->fit.epochs) ||
        !read_count(p, SETTING_BATCH, 1, MOST, &p->fit.batch) ||
        !read_count(p, SETTING_PATIENCE, 0, MOST, &p->fit.patience) ||
        !read_count(p, SETTING_THREADS, 1, MOST_THREADS, &p->fit.threads) ||
        !read_count(p, SETTING_WORST, 1, MOST, &p->worst) ||
        !read_count(p, SETTING_FOLDS, 2, MOST, &p->folds) ||
        (p->settings.text[SETTING_BUDGET] && !read_number(p, SETTING_BUDGET, &p->budget)) ||
        !read_count(p, SETTING_CHECKPOINT_EVERY, 1, MOST, &p->checkpoint_every))
        return false;
    if (p->fit.threads == 0)
        p->fit.threads = ranks_count() > 1 ? 1 : processors();
    if (p->fit.lr == 0)
        return fprintf(stderr, "%s: --lr wants a rate above 0\n", program), false;
    p->fit.schedule.kind = (tril_schedule_kind)schedule;
    return true;
}

/* ---- what is tried */

/* The head is tried first: then the hidden layers are those that begin, but for those of LINEAR. */
static void set_way(plan *p, size_t tried, const char *text)
{
    const bool linear = !strcmp(text, LINEAR);
    p->settings.text[settings_tried[tried].which] = text;
    if (settings_tried[tried].which != SETTING_HEAD)
        return;
    p->settings.text[SETTING_HEAD] = linear ? tril_head_shared.name : text;
    p->settings.text[SETTING_HIDDEN] = linear ? "0" : *p->ways[tried + 1].name;
}

/* the last setting first: linear has a word in the second */
static bool read_ways(plan *p)
{
    for (size_t i = N_TRIED; i-- > 0;) {
        const setting which = settings_tried[i].which;
        p->asked[i] = p->settings.text[which];
        if (!names_split_at(&p->ways[i], p->asked[i], '/'))
            return false;
        if (p->ways[i].n == 0 || p->ways[i].n > MOST_WAYS)
            return fprintf(stderr, "%s: --%s wants 1 to %d texts between /, not '%s'\n", program,
                           setting_name(which), MOST_WAYS, text_shown(p->asked[i])),
                   false;
        set_way(p, i, *p->ways[i].name);
    }
    return true;
}

bool plan_try(plan *p, size_t tried, const char *text)
{
    const size_t members = p->model.members, patience = p->fit.patience;
    set_way(p, tried, text);
    if (!plan_read_network(p) || !read_training(p))
        return false;
    p->model.members = members;
    p->fit.patience = patience;
    return true;
}

static bool check_ways(const plan *p)
{
    for (size_t i = 0; i < N_TRIED; i++)
        for (size_t k = 0; k < p->ways[i].n; k++) {
            plan tried = *p;
            if (!plan_try(&tried, i, p->ways[i].name[k]))
                return false;
        }
    return true;
}

/* ---- rows and files */

/* a share, or a file of rows */
static bool read_part(plan *p, setting which, part to)
{
    const char *text = p->settings.text[which];
    char *end;
    p->share[to] = strtod(text, &end);
    if (end == text || *end) {
        p->file[to] = text;
        p->share[to] = 0;
    }
    if (p->share[to] >= 0 && p->share[to] < 1)
        return true;
    fprintf(stderr, "%s: --%s wants a share from 0 to below 1, or a file, not '%s'\n", program,
            setting_name(which), text_shown(text));
    return false;
}

static bool read_parts(plan *p)
{
    const char *split = p->settings.text[SETTING_SPLIT];
    if (!read_part(p, SETTING_VALIDATION, PART_VALIDATION) ||
        !read_part(p, SETTING_CONFORMAL, PART_CALIBRATION) ||
        !read_part(p, SETTING_TEST, PART_TEST))
        return false;
    if (split) {
        p->split = text_join(split, "");
        if (!p->split)
            return false;
        char *colon = strrchr(p->split, ':');
        if (colon) {
            *colon = 0;
            p->split_column = colon + 1;
        }
        p->share[PART_TEST] = 0;
        p->file[PART_TEST] = NULL;
    }
    p->group = p->settings.text[SETTING_GROUP];
    p->order = p->settings.text[SETTING_ORDER];
    if (p->group && p->order)
        return fprintf(stderr, "%s: --order and --group are two ways to deal rows: say one\n",
                       program),
               false;
    p->share[PART_TRAINING] =
        1 - p->share[PART_VALIDATION] - p->share[PART_CALIBRATION] - p->share[PART_TEST];
    if (p->share[PART_VALIDATION] == 0 && !p->file[PART_VALIDATION])
        p->fit.patience = 0;
    if (p->share[PART_TRAINING] > 0)
        return true;
    fprintf(stderr,
            "%s: the shares of --validation, --conformal and --test leave no row to train on\n",
            program);
    return false;
}

static bool check_files(const plan *p, int *status)
{
    const command_path paths[] = { { PATH_READ, "", p->settings.data },
                                   { PATH_READ, "--validation", p->file[PART_VALIDATION] },
                                   { PATH_READ, "--conformal", p->file[PART_CALIBRATION] },
                                   { PATH_READ, "--test", p->file[PART_TEST] },
                                   { PATH_READ, "--split", p->split },
                                   { PATH_REPLACE, "--output", p->output },
                                   { PATH_REPLACE, "checkpoint", p->checkpoint },
                                   { PATH_REPLACE, "search", p->search },
                                   { PATH_WRITE, "--log", p->log } };
    *status = paths_check(program, paths, sizeof paths / sizeof *paths);
    return *status == STATUS_DONE;
}

static bool read_files(plan *p, int *status)
{
    const settings *s = &p->settings;
    p->output = s->text[SETTING_OUTPUT] ? text_join(s->text[SETTING_OUTPUT], "")
                                        : path_default(s->data, ".safetensors");
    p->checkpoint = p->output ? text_join(p->output, ".checkpoint") : NULL;
    if (p->output && (p->folds || p->ways->n))
        p->search = text_join(p->output, ".search");
    p->log = s->text[SETTING_LOG];
    p->resume = s->text[SETTING_RESUME];
    p->csv = s->text[SETTING_CSV];
    return p->checkpoint && !command_lacked_memory() && check_files(p, status);
}

bool plan_read(plan *p, bool search, int argc, char **argv, int *status)
{
    unsigned long long seed;
    program = command_name();
    *p = (plan){ .budget = 3e7 };
    const settings *s = &p->settings;
    if (!settings_read(&p->settings, search, argc, argv, status) || (search && !read_ways(p)))
        return false;
    if (!kinds_read(p) ||
        (s->text[SETTING_INPUTS] && !names_split(&p->inputs, s->text[SETTING_INPUTS])) ||
        (s->text[SETTING_EXCLUDE] && !names_split(&p->exclude, s->text[SETTING_EXCLUDE])) ||
        !option_dialect(program, s->text[SETTING_DELIMITER], s->text[SETTING_MISSING_VALUES],
                        &p->words, &p->dialect))
        return false;
    p->transforms =
        transforms_read(program, s->text[SETTING_TRANSFORM], p->targets.name, p->targets.n);
    p->model.transforms = p->transforms;
    if (!p->transforms || !plan_read_network(p) || !read_training(p) || !read_parts(p) ||
        !option_number(program, "seed", s->text[SETTING_SEED], 0, UINT64_MAX, &seed) ||
        !check_ways(p) || !read_files(p, status))
        return false;
    p->fit.seed = seed;
    p->model.targets = p->targets.name;
    p->model.n_targets = p->targets.n;
    p->model.weight = s->text[SETTING_WEIGHT];
    return true;
}

void plan_free(plan *p)
{
    names_free(&p->targets);
    names_free(&p->inputs);
    names_free(&p->exclude);
    names_free(&p->words);
    for (size_t i = 0; i < N_TRIED; i++)
        names_free(&p->ways[i]);
    free(p->transforms);
    free(p->split);
    free(p->output);
    free(p->checkpoint);
    free(p->search);
}
