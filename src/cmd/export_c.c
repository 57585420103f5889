/* A model as C: the text in src/cmd/export, and tables of its numbers. */
#include "cmd/export_c.h"

#include <tril/extend.h>

#include <math.h>
#include <string.h>

#include "cmd/text.h"
#include "export_text.h" /* made from src/cmd/export: lists of lines, model_text and others */

typedef struct exporter {
    FILE *to;
    const export_opts *opts;
    const tril_model_info *about;
    size_t d, features; /* features: at least 1 */
    bool finite;        /* all numbers so far */
} exporter;

static size_t at_least_1(size_t n)
{
    return n ? n : 1;
}

/* ---- pieces */

static void put_integer(const exporter *e, const char *name, size_t value)
{
    fprintf(e->to, "    %s_%s = %zu,\n", e->opts->name, name, value);
}

static void put_double(exporter *e, double x)
{
    e->finite &= isfinite(x);
    fprintf(e->to, "%.17e", x);
}

/* a table of the network's own type: n numbers, number i standing at x[i / width + i % width *
 * step] */
static void put_table(exporter *e, const char *what, size_t member, size_t layer, tril_param param,
                      bool transposed)
{
    const tril_shape shape = tril_param_shape(param);
    const tril_real *x = tril_param_values(param);
    const size_t n = tril_shape_size(shape), rows = shape.dim[0], columns = n / rows;
    const char *format = e->opts->in_double ? "%.17e" : "%.9ef";
    fprintf(e->to, "static const %s_real %s_%s_%zu_%zu[] = {", e->opts->name, e->opts->name, what,
            member, layer);
    for (size_t i = 0; i < n; i++) {
        const double value = (double)x[transposed ? i % rows * columns + i / rows : i];
        e->finite &= isfinite(value) && (e->opts->in_double || fabs(value) <= 3.4e38);
        fputs(i % 6 ? ", " : i ? ",\n    " : "\n    ", e->to);
        fprintf(e->to, format, value);
    }
    fputs("\n};\n", e->to);
}

/* a text in a comment, which it does not end */
static void put_comment(FILE *to, const char *text)
{
    char before = 0;
    for (const char *p = text_shown(text); *p; before = *p++) {
        if ((before == '*' && *p == '/') || (before == '/' && *p == '*'))
            fputc(' ', to);
        fputc(*p, to);
    }
}

static void put_string(FILE *to, const char *text)
{
    fputc('"', to);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p < ' ' || *p > '~' || strchr("\"\\?", *p))
            fprintf(to, "\\%03o", *p);
        else
            fputc(*p, to);
    fputc('"', to);
}

/* a line in which "model" becomes the name, where a name begins with it */
static void put_line(const exporter *e, const char *line)
{
    static const char word[] = "model_";
    const size_t length = sizeof word - 1;
    for (const char *at; (at = strstr(line, word)); line = at + length)
        fprintf(e->to, "%.*s%s_", (int)(at - line), line, e->opts->name);
    fputs(line, e->to);
}

/* ---- what stands in the places of @ */

static void put_header(const exporter *e)
{
    const tril_model_info *about = e->about;
    fprintf(e->to,
            "/* %s: written by tril export. The distribution of %zu target%s given %zu input%s.\n"
            " *\n * x, in this order%s\n",
            e->opts->name, e->d, e->d > 1 ? "s" : "", about->n_inputs,
            about->n_inputs == 1 ? "" : "s", about->n_inputs ? ":" : ": nothing");
    for (size_t j = 0; j < about->n_inputs; j++) {
        const tril_column *c = &about->inputs[j];
        fprintf(e->to, " *   %zu ", j);
        put_comment(e->to, c->name);
        for (size_t l = 0; l < c->n_labels; l++) {
            fprintf(e->to, l ? ", %zu " : ": %zu ", l);
            put_comment(e->to, c->labels[l]);
        }
        fputs(c->dates ? ": days since 1970-01-01\n" : "\n", e->to);
    }
    fputs(" * targets:\n", e->to);
    for (size_t j = 0; j < e->d; j++) {
        fprintf(e->to, " *   %zu ", j);
        put_comment(e->to, about->targets[j]);
        fputc('\n', e->to);
    }
    fprintf(e->to,
            " *\n * A program includes this file, or compiles it beside others that say\n"
            " *     #define %s_DECLARATIONS\n *     #include \"THIS FILE\"\n"
            " * It allocates nothing, writes no globals and needs no library but libm. */\n",
            e->opts->name);
}

static size_t components_of(const tril_network *net)
{
    return net->head.kind->components ? net->head.components : 1;
}

static size_t outputs_of(const tril_network *net)
{
    return tril_param_shape(tril_dense_bias(tril_mlp_last(net->mlp))).dim[0];
}

static void put_sizes(const exporter *e)
{
    const tril_model_info *about = e->about;
    size_t components = 0;
    for (size_t k = 0; k < about->n_networks; k++)
        components += about->weights[k] > 0 ? components_of(&about->networks[k]) : 0;
    fputs("enum {\n", e->to);
    put_integer(e, "INPUTS", about->n_inputs);
    put_integer(e, "TARGETS", e->d);
    put_integer(e, "COMPONENTS", components);
    fputs("};\n", e->to);
}

static void put_real(const exporter *e)
{
    const tril_model_info *about = e->about;
    size_t members = 0, widest = 1;
    for (size_t k = 0; k < about->n_networks; k++)
        if (about->weights[k] > 0) {
            const size_t outputs = outputs_of(&about->networks[k]);
            widest = outputs > widest ? outputs : widest;
            members++;
        }
    for (size_t i = 0; i < TRIL_MAX_HIDDEN && about->mlp.hidden[i]; i++)
        widest = about->mlp.hidden[i] > widest ? about->mlp.hidden[i] : widest;
    fprintf(e->to, "typedef %s %s_real;\n\nenum {\n", e->opts->in_double ? "double" : "float",
            e->opts->name);
    put_integer(e, "FEATURES", e->features);
    put_integer(e, "MEMBERS", members);
    put_integer(e, "DEPTH", tril_mlp_depth(about->networks->mlp));
    put_integer(e, "WIDEST", widest);
    fputs("};\n", e->to);
}

static void put_columns(exporter *e)
{
    static const double days[] = { 365.2425, 7, 1 };
    const tril_model_info *about = e->about;
    const char *name = e->opts->name;
    fprintf(e->to, "static const %s_input %s_inputs[] = {\n", name, name);
    for (size_t j = 0; j < about->n_inputs; j++) {
        const tril_column *c = &about->inputs[j];
        fprintf(e->to, "    { %zu, %zu, { ", c->n_labels, tril_column_width(c));
        size_t n = 0;
        for (size_t cycle = 0; cycle < 3; cycle++)
            if (c->cycles >> cycle & 1)
                fprintf(e->to, n++ ? ", %.7g" : "%.7g", days[cycle]);
        fputs(n ? " } },\n" : "0 } },\n", e->to);
    }
    fputs(about->n_inputs ? "};\n" : "    { 0, 0, { 0 } },\n};\n", e->to);
    fprintf(e->to, "static const %s_feature %s_features[] = {\n", name, name);
    for (size_t i = 0; i < e->features; i++) {
        const bool there = about->n_inputs;
        const double *bounds = about->inputs_bounds;
        fputs("    { ", e->to);
        put_double(e, there ? about->inputs_scaler->mean[i] : 0);
        fputs(", ", e->to);
        put_double(e, there ? about->inputs_scaler->scale[i] : 1);
        fputs(", ", e->to);
        put_double(e, bounds ? bounds[2 * i] : -1e300);
        fputs(", ", e->to);
        put_double(e, bounds ? bounds[2 * i + 1] : 1e300);
        fputs(" },\n", e->to);
    }
    fprintf(e->to, "};\nstatic const struct {\n    double mean, scale;\n} %s_targets[] = {\n",
            name);
    for (size_t j = 0; j < e->d; j++) {
        fputs("    { ", e->to);
        put_double(e, about->targets_scaler->mean[j]);
        fputs(", ", e->to);
        put_double(e, about->targets_scaler->scale[j]);
        fputs(" },\n", e->to);
    }
    fputs("};\n", e->to);
}

/* how the text names what a head computes */
static const char *form_of(const tril_head_kind *kind)
{
    static const struct {
        const tril_head_kind *kind;
        const char *form;
    } forms[] = { { &tril_head_full, "FULL" },        { &tril_head_shared, "FULL" },
                  { &tril_head_student, "FULL" },     { &tril_head_diagonal, "DIAGONAL" },
                  { &tril_head_lowrank, "LOW_RANK" }, { &tril_head_precision, "PRECISION" } };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].kind == kind)
            return forms[i].form;
    return NULL;
}

static const tril_head_kind *component_kind(const tril_head_opts *head)
{
    return !head->kind->components ? head->kind
           : head->component       ? head->component
                                   : &tril_head_full;
}

static void put_numbers(exporter *e, size_t k)
{
    const tril_network *net = &e->about->networks[k];
    for (size_t i = 0; i < tril_mlp_depth(net->mlp); i++) {
        const tril_dense *layer = tril_mlp_layer(net->mlp, i);
        put_table(e, "weight", k, i, tril_dense_weight(layer), true);
        put_table(e, "bias", k, i, tril_dense_bias(layer), false);
    }
    if (net->head.kind->shared)
        put_table(e, "shared", k, 0, net->head.shared, false);
    if (net->line.scale.params) {
        put_table(e, "line", k, 0, net->line.weight, false);
        put_table(e, "line", k, 1, net->line.bias, false);
        put_table(e, "line", k, 2, net->line.scale, false);
    }
}

static void put_member(exporter *e, size_t k)
{
    static const char *const positive[] = { "ELU", "ELU", "EXP", "SOFTPLUS" };
    const tril_network *net = &e->about->networks[k];
    const tril_head_opts *head = &net->head;
    const tril_head_kind *kind = component_kind(head);
    const char *name = e->opts->name;
    const size_t components = components_of(net), logits = head->kind->components ? components : 0;
    fputs("    { {\n", e->to);
    for (size_t i = 0; i < tril_mlp_depth(net->mlp); i++) {
        const tril_shape shape = tril_param_shape(tril_dense_weight(tril_mlp_layer(net->mlp, i)));
        fprintf(e->to, "          { %zu, %zu, %s_weight_%zu_%zu, %s_bias_%zu_%zu },\n",
                shape.dim[1], shape.dim[0], name, k, i, name, k, i);
    }
    fprintf(e->to, "      },\n      %zu, %zu, %zu, %s_%s, %s_%s, %d, %zu, %d, ", components, logits,
            (outputs_of(net) - logits) / components, name, form_of(kind), name,
            positive[head->diagonal], head->relative_off_diagonal, kind->rank ? head->rank : 0,
            kind == &tril_head_student);
    put_double(e, head->floor == 0 ? 1e-6 : fmax(head->floor, 0));
    fputs(", ", e->to);
    put_double(e, log(e->about->weights[k]));
    if (head->kind->shared)
        fprintf(e->to, ", %s_shared_%zu_0", name, k);
    else
        fputs(", 0", e->to);
    for (size_t i = 0; i < 3; i++)
        if (net->line.scale.params)
            fprintf(e->to, ", %s_line_%zu_%zu", name, k, i);
        else
            fputs(", 0", e->to);
    fputs(" },\n", e->to);
}

static void put_tables(exporter *e)
{
    static const char *const activations[] = { "TANH",   "NONE",        "TANH", "RELU",
                                               "AS_ELU", "AS_SOFTPLUS", "SILU", "SIGMOID" };
    const tril_model_info *about = e->about;
    const char *name = e->opts->name;
    fprintf(e->to, "enum { %s_ACTIVATION = %s_%s };\n", name, name,
            activations[about->mlp.activation]);
    put_columns(e);
    for (size_t k = 0; k < about->n_networks; k++)
        if (about->weights[k] > 0)
            put_numbers(e, k);
    fprintf(e->to, "static const %s_member %s_members[] = {\n", name, name);
    for (size_t k = 0; k < about->n_networks; k++)
        if (about->weights[k] > 0)
            put_member(e, k);
    fputs("};\n", e->to);
}

static void put_names(const exporter *e)
{
    const tril_model_info *about = e->about;
    const char *name = e->opts->name;
    for (size_t j = 0; j < about->n_inputs; j++) {
        const tril_column *c = &about->inputs[j];
        if (c->labels)
            fprintf(e->to, "static const char *const %s_labels_%zu[] = { ", name, j);
        for (size_t l = 0; l < c->n_labels; l++) {
            put_string(e->to, c->labels[l]);
            fputs(l + 1 < c->n_labels ? ", " : " };\n", e->to);
        }
    }
    fprintf(e->to, "static const char *const *const %s_labels[] = { ", name);
    for (size_t j = 0; j < about->n_inputs; j++)
        if (about->inputs[j].labels)
            fprintf(e->to, "%s_labels_%zu, ", name, j);
        else
            fputs("0, ", e->to);
    fprintf(e->to, "0 };\nstatic const char *const %s_names[] = { ", name);
    for (size_t j = 0; j < about->n_inputs + e->d; j++) {
        put_string(e->to, j < about->n_inputs ? about->inputs[j].name
                                              : about->targets[j - about->n_inputs]);
        fputs(j + 1 < about->n_inputs + e->d ? ", " : " };\n", e->to);
    }
}

/* ---- the whole */

/* but for the comment that it begins with, which is about the text */
static void put_text(exporter *e, const char *const *lines)
{
    while (!strstr(*lines++, "*/"))
        ;
    for (; *lines; lines++)
        if (strcmp(*lines, "/* @sizes */\n") == 0)
            put_sizes(e);
        else if (strcmp(*lines, "/* @real */\n") == 0)
            put_real(e);
        else if (strcmp(*lines, "/* @tables */\n") == 0)
            put_tables(e);
        else if (strcmp(*lines, "/* @names */\n") == 0)
            put_names(e);
        else
            put_line(e, *lines);
}

bool export_c(FILE *to, const tril_model *model, const export_opts *opts)
{
    const tril_model_info *about = tril_model_get_info(model);
    exporter e = { to, opts, about, about->n_targets, at_least_1(about->mlp.inputs), true };
    put_header(&e);
    put_text(&e, model_text);
    put_text(&e, distribution_text);
    if (opts->with_main)
        put_text(&e, main_text);
    return e.finite;
}
