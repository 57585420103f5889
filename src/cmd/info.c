/* tril info: what a model is, and how it was trained. */
#include <tril/extend.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/checkpoint.h"
#include "cmd/commands.h"
#include "cmd/load.h"
#include "cmd/options.h"
#include "cmd/text.h"
#include "cmd/transforms.h"

static const char program[] = "tril info";

/* of R: what a line leaves over of target j has this standard deviation */
static double row_norm(tril_param r, size_t d, size_t j)
{
    double squares = 0;
    for (size_t k = 0; k < d; k++)
        squares += pow((double)tril_param_values(r)[j * d + k], 2);
    return sqrt(squares);
}

/* all that is trained */
static size_t count_params(const tril_network *net)
{
    size_t n = tril_params_size(tril_dense_weight(tril_mlp_last(net->mlp)).params);
    const tril_param line[] = { net->line.weight, net->line.bias, net->line.scale };
    for (size_t i = 0; i < 3 && line[i].params; i++)
        n -= tril_shape_size(tril_param_shape(line[i]));
    return n;
}

static void print_columns(const tril_model_info *about)
{
    const tril_scaler *in = about->inputs_scaler, *out = about->targets_scaler;
    const double *bounds = about->inputs_bounds;
    printf("\n%-26s %12s %12s", "inputs", "mean", "sd");
    printf(bounds ? " %12s %12s\n" : "\n", "bounded from", "to");
    for (size_t j = 0, at = 0; j < about->n_inputs; j++) {
        const tril_column *c = &about->inputs[j];
        if (!c->labels)
            printf("%-26s %12.5g %12.5g", text_shown(c->name), in->mean[at], in->scale[at]);
        if (!c->labels && bounds)
            printf(" %12.5g %12.5g", bounds[2 * at], bounds[2 * at + 1]);
        if (c->dates)
            printf("  days, and their cycles:%s%s%s", c->cycles & TRIL_YEAR ? " year" : "",
                   c->cycles & TRIL_WEEK ? " week" : "", c->cycles & TRIL_DAY ? " day" : "");
        if (!c->labels)
            printf("\n");
        for (size_t l = 0; l < c->n_labels; l++)
            printf("%-26s %11.1f%%  %s\n", l ? "" : text_shown(c->name), 100 * in->mean[at + l],
                   text_shown(c->labels[l]));
        at += tril_column_width(c);
    }
    if (!about->n_inputs)
        printf("none\n");
    if (about->n_left_out)
        printf("left out, being constant or empty:");
    for (size_t j = 0; j < about->n_left_out; j++)
        printf("%s%s%s", j ? ", " : " ", text_shown(about->left_out[j]),
               j + 1 < about->n_left_out ? "" : "\n");
    const tril_line *line = &about->networks->line;
    const tril_support *support = about->networks->head.kind->support;
    if (about->labels)
        printf("\ntarget, of classes\n%s:", text_shown(*about->targets));
    for (size_t k = 0; k < about->n_labels; k++)
        printf("%s %s%s", k ? "," : "", text_shown(about->labels[k]),
               k + 1 < about->n_labels ? "" : "\n");
    for (size_t j = 0; j < about->n_targets && support && !about->labels; j++)
        printf("%s%s: %s\n", j ? "" : "\ntargets, in their own units\n",
               text_shown(about->targets[j]), support->what);
    if (support)
        return;
    printf("\n%-26s %12s %12s", "targets", "mean", "sd");
    printf(line->scale.params ? " %17s\n" : "\n", "sd about the line");
    for (size_t j = 0; j < about->n_targets; j++) {
        printf("%-26s %12.5g %12.5g", transform_shown(about, j), out->mean[j], out->scale[j]);
        if (line->scale.params)
            printf(" %17.5g", out->scale[j] * row_norm(line->scale, about->n_targets, j));
        printf("\n");
    }
}

static void print_network(const tril_network *net)
{
    const tril_head_opts *head = &net->head;
    printf("%zu", tril_param_shape(tril_dense_weight(tril_mlp_layer(net->mlp, 0))).dim[1]);
    for (size_t i = 0; i < tril_mlp_depth(net->mlp); i++)
        printf("-%zu", tril_param_shape(tril_dense_weight(tril_mlp_layer(net->mlp, i))).dim[0]);
    printf(", %s head", head->kind->name);
    if (head->kind->rank)
        printf(" of rank %zu", head->rank);
    if (head->kind->components)
        printf(" of %zu %s components", head->components, head->component->name);
    printf(", %zu parameters\n", count_params(net));
}

static void print_networks(const tril_model_info *about)
{
    const size_t n = about->n_networks;
    if (n > 1)
        printf("ensemble of %zu networks\n", n);
    for (size_t k = 0; k < n; k++) {
        if (n > 1)
            printf("network %zu, weight %.3f: ", k + 1, about->weights[k]);
        else
            printf("network ");
        print_network(&about->networks[k]);
    }
}

static void print_conformal(const tril_model *model)
{
    static const double shares[] = { 0.5, 0.8, 0.9, 0.95 };
    const tril_model_info *about = tril_model_get_info(model);
    if (!about->conformal)
        return;
    printf("\ncalibrated, to hold       ");
    for (size_t k = 0; k < 4; k++)
        printf(" %8.0f %%", 100 * shares[k]);
    for (size_t j = 0; j <= about->n_targets; j++) {
        printf("\n%-26s", j ? text_shown(about->targets[j - 1]) : "regions are of");
        for (size_t k = 0; k < 4; k++)
            printf(" %8.1f %%",
                   100 * (j ? 2 * tril_model_quantile_level(model, j - 1, 0.5 + shares[k] / 2) - 1
                            : fmin(1, tril_model_region_level(model, shares[k]))));
        if (!j)
            printf("\nintervals are of");
    }
    printf("\n");
}

/* the settings that are not the defaults */
static void print_settings(const tril_tensors *file)
{
    const char *data = record_data(file), *rows = record_rows(file);
    if (!data)
        return; /* of other hands */
    printf("\ntrained on %s: %s\n", text_shown(data), text_shown(rows ? rows : ""));
    for (size_t k = 0; k < N_SETTINGS; k++) {
        const char *text = record_setting(file, (setting)k);
        const char *fallback = setting_fallback((setting)k);
        if (text && !(fallback && strcmp(text, fallback) == 0))
            printf("  --%s %s\n", setting_name((setting)k), text_shown(text));
    }
}

static void print_curve(const curve *c, size_t member)
{
    size_t best = 0;
    const bool held = !isnan(c->row[0][CURVE_VALIDATION]);
    for (size_t i = 1; i < c->n && held; i++)
        if (c->row[i][CURVE_VALIDATION] < c->row[best][CURVE_VALIDATION])
            best = i;
    best = held ? best : c->n - 1;
    printf("network %zu: %zu epochs, ", member, c->n - 1);
    if (held)
        printf("best after %zu: ", best);
    printf("NLL, nats per row, training (as it went) %.4f", c->row[best][CURVE_TRAINING]);
    if (held)
        printf(", validation %.4f", c->row[best][CURVE_VALIDATION]);
    printf("\n");
}

static bool info(const loaded *l)
{
    const tril_model_info *about = tril_model_get_info(l->model);
    print_networks(about);
    print_columns(about);
    print_conformal(l->model);
    print_settings(l->file);
    for (size_t k = 0; k < about->n_networks; k++) {
        curve c;
        if (!record_curve(l->file, l->ctx, k, &c))
            return free(c.row), false;
        if (c.n)
            print_curve(&c, k + 1);
        free(c.row);
    }
    if (record_is_checkpoint(l->file))
        printf("\na checkpoint: tril fit --resume goes on from it\n");
    return true;
}

static int usage(void)
{
    printf("usage: tril info MODEL\n"
           "Says what a model is: its networks, columns, the settings it was trained with\n"
           "(but for defaults), and how training went.\n"
           "Exit status: 0, 1 if it failed, 2 for wrong use or bad input.\n");
    return STATUS_DONE;
}

int info_command(int argc, char **argv)
{
    static const struct option known[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
    int which = option_next(program, argc, argv, ":h", known);
    if (which == 'h')
        return output_status(program, usage());
    if (which == '?')
        return STATUS_WRONG;
    if (argc - optind != 1)
        return fprintf(stderr, "%s: want a model; --help says more\n", program), STATUS_WRONG;
    loaded l = { 0 };
    int status = load_status(&l, program, load_model(&l, argv[optind], 0) && info(&l));
    load_free(&l);
    return output_status(program, status);
}
