/* Models through files: what is read is what was written, and whatever is wrong is one sentence. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"
#include "io/tensors.h"

#define NAMES(...) ((const char *[]){ __VA_ARGS__ })
#define HEADS(...)                                                                                 \
    .heads = (const tril_head_opts[]){ __VA_ARGS__ },                                              \
    .n_heads = sizeof(const tril_head_opts[]){ __VA_ARGS__ } / sizeof(tril_head_opts)

enum { ROOM = 1 << 16, MOST = 4096 };

/* each form, activation, diagonal and policy */
static const tril_model_opts cases[] = {
    { .mlp = { .hidden = { 3, 5 } } },
    { .members = 3, .mlp = { .hidden = { 3 }, .activation = TRIL_RELU } },
    { HEADS({ .kind = &tril_head_diagonal, .diagonal = TRIL_DIAGONAL_EXP }),
      .mlp = { .hidden = { 3 }, .activation = TRIL_NONE } },
    { HEADS({ .kind = &tril_head_precision, .diagonal = TRIL_DIAGONAL_SOFTPLUS, .floor = 1e-3 }),
      .mlp = { .hidden = { 3 }, .activation = TRIL_ELU }, .missing = TRIL_MISSING_DROP },
    { HEADS({ .kind = &tril_head_lowrank, .rank = 2 }),
      .mlp = { .hidden = { 3 }, .activation = TRIL_SOFTPLUS }, .missing = TRIL_MISSING_MEAN },
    { HEADS({ .kind = &tril_head_shared, .floor = TRIL_NO_FLOOR }),
      .mlp = { .hidden = { 3 }, .activation = TRIL_SILU }, .members = 2,
      .missing = TRIL_MISSING_MARGINAL },
    { HEADS({ .kind = &tril_head_mixture, .components = 2, .component = &tril_head_diagonal }),
      .mlp = { .hidden = { 3 }, .activation = TRIL_SIGMOID } },
    { HEADS({ .natural = true, .relative_off_diagonal = true, .diagonal = TRIL_DIAGONAL_ELU }),
      .mlp = { .activation = TRIL_TANH } },
    { HEADS({ .kind = &tril_head_student }, { .kind = &tril_head_mixture, .components = 2 }),
      .members = 3 },
    { .inputs = NAMES(""), .n_inputs = 0 },
};

static tril_model *model_of(tril_table *table, const tril_model_opts *of)
{
    tril_model_opts opts = *of;
    opts.targets = NAMES("petal_length", "petal_width", "sepal_width");
    opts.n_targets = 3;
    return tril_model_new(table, NULL, 0, &opts);
}

/* some rows of iris, judged; the weights of new networks are not zero */
static void judge(const tril_model *model, const tril_table *table, double *nll)
{
    const tril_model_info *about = tril_model_get_info(model);
    tril_dataset rows = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0, NULL, &rows));
    ck_assert(tril_model_evaluate(model, about->networks, about->n_networks,
                                  (tril_batch){ rows.x, rows.y, rows.n },
                                  &(tril_evaluation){ .nll = nll }));
    for (int i = 0; i < TRIL_BASELINES; i++)
        ck_assert(tril_model_evaluate(model, &about->baselines[i], 1,
                                      (tril_batch){ rows.x, rows.y, rows.n },
                                      &(tril_evaluation){ .nll = nll + 150 * (i + 1) }));
    tril_dataset_free(&rows);
}

static size_t bytes_of(const tril_model *model, tril_ctx *ctx, char *bytes)
{
    tril_tensors *t = tril_tensors_new(ctx);
    ck_assert_msg(tril_tensors_put_model(t, model), "%s", tril_ctx_message(ctx));
    ck_assert(tril_tensors_write(t, file_path()));
    tril_tensors_free(t);
    FILE *f = fopen(file_path(), "rb");
    size_t n = fread(bytes, 1, ROOM, f);
    fclose(f);
    ck_assert_uint_lt(n, ROOM);
    return n;
}

static tril_model *read_back(tril_ctx *ctx)
{
    tril_tensors *t = tril_tensors_read(ctx, file_path());
    tril_model *model = tril_tensors_get_model(t, NULL);
    tril_tensors_free(t);
    ck_assert_int_eq(remove(file_path()), 0);
    return model;
}

/* weights that differ, where the density of rows can be had */
static void weigh(tril_model *model, const tril_table *table)
{
    tril_dataset rows = { 0 };
    ck_assert(tril_model_dataset(model, table, NULL, 0, NULL, &rows));
    ck_assert(tril_model_weigh(model, (tril_batch){ rows.x, rows.y, rows.n }));
    tril_dataset_free(&rows);
}

START_TEST(test_round_trip)
{
    static char bytes[2][ROOM];
    static double nll[2][600];
    tril_ctx *ctx = tril_ctx_new(&(tril_ctx_opts){ .seed = 3 });
    tril_table *table = tril_table_read(ctx, "data/iris.csv", NULL);
    tril_model *model = model_of(table, &cases[_i]);
    ck_fine(ctx);
    weigh(model, table);
    size_t n = bytes_of(model, ctx, bytes[0]);
    judge(model, table, nll[0]);
    tril_model *again = read_back(ctx);
    ck_fine(ctx);
    judge(again, table, nll[1]);
    ck_assert_mem_eq(nll[0], nll[1], sizeof nll[0]);
    ck_assert_uint_eq(bytes_of(again, ctx, bytes[1]), n);
    ck_assert_mem_eq(bytes[0], bytes[1], n);
    ck_assert_int_eq(remove(file_path()), 0);

    const tril_model_info *a = tril_model_get_info(model), *b = tril_model_get_info(again);
    ck_assert(a->missing == b->missing && a->n_inputs == b->n_inputs && b->n_targets == 3);
    ck_assert(!memcmp(a->mlp.hidden, b->mlp.hidden, sizeof a->mlp.hidden));
    ck_assert_uint_eq(a->n_networks, b->n_networks);
    for (size_t k = 0; k < a->n_networks; k++) {
        const tril_head_opts *own = &a->networks[k].head, *read = &b->networks[k].head;
        ck_assert(own->kind == read->kind && own->natural == read->natural);
        ck_assert(a->weights[k] == b->weights[k]);
    }
    for (size_t j = 0; j < a->n_inputs; j++)
        ck_assert_str_eq(a->inputs[j].name, b->inputs[j].name);
    tril_model_free(again);
    tril_model_free(model);
    tril_table_free(table);
    tril_ctx_free(ctx);
}
END_TEST

/* ---- files of other hands */

/* a model's tensors without one of them, and with another note and another tensor in their place */
static tril_tensors *altered(const tril_tensors *t, tril_ctx *ctx, const char *without,
                             const char *note)
{
    static double values[MOST];
    tril_tensors *own = tril_tensors_new(ctx);
    for (size_t i = 0; i < tril_tensors_count(t); i++) {
        tril_tensor about = tril_tensors_at(t, i);
        if (without && !strncmp(about.name, without, strlen(without)))
            continue;
        ck_assert(tril_tensors_get(t, about.name, about.dtype, about.shape, values));
        ck_assert(tril_tensors_put(own, about.name, about.dtype, about.shape, values));
    }
    ck_assert(!note || tril_tensors_set_metadata(own, "tril", note));
    return own;
}

#define FRONT                                                                                      \
    "{\"version\":1,\"inputs\":[{\"name\":\"u\"},{\"name\":\"c\",\"labels\":[\"a\",\"b\"]}]"
#define BACK ",\"targets\":[\"y\",\"z\"],\"hidden\":[3]"
static const struct {
    const char *without, *note, *sentence; /* sentence NULL: all is well */
} files[] = {
    { NULL, FRONT BACK "}", NULL },
    { "full.", FRONT BACK "}", NULL },
    { "linear.", FRONT BACK ",\"activation\":\"tanh\",\"members\":[{}]}", NULL },
    { NULL, FRONT BACK ",\"members\":[{\"form\":\"full\",\"floor\":1}]}", NULL },
    { NULL, NULL, "tensors: there is no note tril: this is no model" },
    { NULL, "", "tensors: note tril: '[' or '{' expected near end of file" },
    { NULL, "[]", "note tril: Expected object, got array" },
    { NULL, "{}", "note tril: Object item not found: version" },
    { NULL, "{\"version\":2}", "note tril: version 2 is not known, only 1" },
    { NULL, FRONT "}", "note tril: Object item not found: targets" },
    { NULL, FRONT BACK ",\"transforms\":[\"\",\"yeo-johnson(0.5)\"]}", NULL },
    { NULL, FRONT BACK ",\"transforms\":[\"log\"]}",
      "note tril: transforms are 1 texts, and targets 2" },
    { NULL, FRONT BACK ",\"transforms\":[\"log\",\"ln\"]}",
      "tensors: target z: 'ln' is no transform: want log" },
    { NULL, FRONT BACK ",\"transforms\":[\"log\",\"auto\"]}",
      "note tril: transform number 1 lacks its parameter" },
    { NULL, FRONT BACK ",\"transforms\":[1,2]}",
      "note tril: transforms are texts, and number 0 is" },
    { NULL, FRONT BACK ",\"transforms\":{}}", "note tril: transforms are 0 texts, and targets 2" },
    { NULL, FRONT BACK ",\"extra\":1}", "note tril: 1 object item(s) left unpacked: extra" },
    { NULL, FRONT BACK ",\"a\\nb\":1}", "note tril: 1 object item(s) left unpacked: a?b" },
    { NULL, FRONT BACK ",\"members\":[{\"a\\nb\":1}]}",
      "members: 1 object item(s) left unpacked: a?b" },
    { NULL, FRONT BACK ",\"activation\":\"gelu\"}", "activation is 'gelu', which is not known" },
    { NULL, FRONT BACK ",\"missing\":\"\"}", "missing is '', which is not known" },
    { NULL, FRONT BACK ",\"members\":[{\"form\":\"half\"}]}",
      "members: form is 'half', which is not" },
    { NULL, FRONT BACK ",\"members\":[{\"diagonal\":\"x\"}]}",
      "members: diagonal is 'x', which is not" },
    { NULL, FRONT BACK ",\"members\":[{\"component\":\"x\"}]}", "members: component is 'x'" },
    { NULL, FRONT BACK ",\"members\":[{\"rank\":-1}]}", "note tril: members: a negative number" },
    { NULL, FRONT BACK ",\"members\":[{\"rank\":\"1\"}]}",
      "note tril: members: Expected integer, got" },
    { NULL, FRONT BACK ",\"members\":[{\"form\":\"lowrank\"}]}",
      "head: a rank of 0, want at least 1" },
    { NULL, FRONT BACK ",\"members\":[{\"form\":\"mixture\",\"components\":99}]}",
      "net.2.weight has" },
    { NULL, FRONT BACK ",\"members\":[{\"form\":\"shared\"}]}",
      "net.2.weight has the shape [5x3]" },
    { NULL, FRONT BACK ",\"members\":[]}", "note tril: members: 0 of them are not there" },
    { NULL, FRONT BACK ",\"members\":2}", "note tril: members are no list" },
    { NULL, FRONT BACK ",\"members\":[2]}", "note tril: members: Expected object, got integer" },
    { NULL, FRONT BACK ",\"members\":[{\"weight\":0.5}]}",
      "members: their weights are not all at" },
    { NULL, FRONT BACK ",\"members\":[{\"weight\":2},{\"weight\":-1}]}", "members: their weights" },
    { NULL, FRONT BACK ",\"members\":[{\"weight\":0.5},{\"weight\":0.5}]}",
      "there is no tensor members.0.net.0.weight" },
    { NULL, FRONT ",\"targets\":[\"y\",\"z\"]}",
      "tensor net.0.weight has the shape [3x3], wanted" },
    { NULL, FRONT ",\"targets\":[\"y\",\"z\"],\"hidden\":[1000000000000]}",
      "net.0.weight has the" },
    { NULL, FRONT ",\"targets\":[\"y\",\"z\"],\"hidden\":[3,4]}", "net.2.weight has the shape" },
    { NULL, FRONT ",\"targets\":[\"y\",\"z\"],\"hidden\":3}", "hidden is no list of up to 16" },
    { NULL, FRONT ",\"targets\":[\"y\",\"z\"],\"hidden\":[0]}", "hidden: number 0 is no width" },
    { NULL, FRONT ",\"targets\":[\"y\",\"z\"],\"hidden\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}",
      "hidden is no list of up to 16 widths" },
    { NULL, FRONT ",\"targets\":[],\"hidden\":[3]}", "targets are no list of names" },
    { NULL, FRONT ",\"targets\":\"y\",\"hidden\":[3]}", "targets are no list of names" },
    { NULL, FRONT ",\"targets\":[\"y\",1],\"hidden\":[3]}",
      "targets are texts, and number 1 is n" },
    { NULL, FRONT ",\"targets\":[\"y\"],\"hidden\":[3]}",
      "targets.mean has 2 numbers, wanted are" },
    { NULL, "{\"version\":1,\"inputs\":{}" BACK "}", "note tril: inputs are no list" },
    { NULL, "{\"version\":1,\"inputs\":[]" BACK "}", "net.0.weight has the shape [3x3], wanted i" },
    { NULL, "{\"version\":1,\"inputs\":[1]" BACK "}", "input number 0 is not a name, or a name" },
    { NULL, "{\"version\":1,\"inputs\":[{\"labels\":[]}]" BACK "}",
      "input number 0 is not a name" },
    { NULL, "{\"version\":1,\"inputs\":[{\"name\":\"u\",\"labels\":[]}]" BACK "}",
      "input number 0 has no labels in its list of them" },
    { NULL, "{\"version\":1,\"inputs\":[{\"name\":\"u\",\"dates\":\"dym\"}]" BACK "}",
      "dates is 'dym', which is not known" },
    { NULL,
      "{\"version\":1,\"inputs\":[{\"name\":\"u\",\"dates\":\"dmy\",\"cycles\":[\"moon\"]}]" BACK
      "}",
      "cycle is 'moon', which is not known" },
    { NULL,
      "{\"version\":1,\"inputs\":[{\"name\":\"u\",\"dates\":\"dmy\",\"labels\":[\"a\"]}]" BACK "}",
      "input number 0 is not a name, or a name and labels or dates" },
    { NULL, "{\"version\":1,\"missing_values\":[3],\"inputs\":[{\"name\":\"u\"}]" BACK "}",
      "missing_values are texts, and number 0 is none" },
    { NULL, "{\"version\":1,\"inputs\":[{\"name\":\"u\",\"labels\":[2]}]" BACK "}",
      "labels are texts, and number 0 is none" },
    { NULL, "{\"version\":1,\"inputs\":[{\"name\":\"u\"}]" BACK "}",
      "inputs.mean has 3 numbers, w" },
    { "inputs.mean", FRONT BACK "}", "tensors: there is no tensor inputs.mean" },
    { "targets.scale", FRONT BACK "}", "tensors: there is no tensor targets.scale" },
    { "net.2.bias", FRONT BACK "}", "tensors: there is no tensor net.2.bias" },
    { "full.covariance", FRONT BACK "}", "tensors: there is no tensor full.covariance" },
};

static tril_tensors *small(tril_ctx *ctx)
{
    static const char text[] = "u,c,y,z\n1,a,1,2\n2,b,2,1\n9,a,5,6\n4,b,3,3\n5,b,1,2\n";
    tril_table *table = table_of(ctx, text, sizeof text - 1);
    tril_model *model = tril_model_new(table, NULL, 0,
                                       &(tril_model_opts){ .targets = NAMES("y", "z"),
                                                           .n_targets = 2,
                                                           .mlp = { .hidden = { 3 } } });
    tril_tensors *t = tril_tensors_new(ctx);
    tril_tensors_put_model(t, model);
    tril_model_free(model);
    tril_table_free(table);
    return t;
}

START_TEST(test_files)
{
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_tensors *whole = small(ctx);
    ck_fine(ctx);
    tril_tensors *t = altered(whole, ctx, files[_i].without, files[_i].note);
    tril_model *model = tril_tensors_get_model(t, NULL);
    if (files[_i].sentence) {
        ck_assert(!model);
        ck_failed(ctx, tril_ctx_status(ctx), files[_i].sentence);
    } else {
        ck_fine(ctx);
        const tril_model_info *about = tril_model_get_info(model);
        ck_assert(about->baselines[TRIL_BASELINE_DIAGONAL].mlp);
        ck_assert_int_eq(!about->baselines[TRIL_BASELINE_FULL].mlp,
                         files[_i].without && !strcmp(files[_i].without, "full."));
        ck_assert_str_eq(about->inputs[1].labels[1], "b");
    }
    tril_model_free(model);
    tril_tensors_free(t);
    tril_tensors_free(whole);
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
}
END_TEST

/* bounds that leave no room for any number */
START_TEST(test_bounds)
{
    static const double bad[][2] = { { 1, 1 }, { 2, -2 }, { NAN, 1 }, { -HUGE_VAL, 1 } };
    double bounds[6] = { 0, 1, 0, 1, bad[_i][0], bad[_i][1] };
    char sentence[96];
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *whole = small(ctx), *t = altered(whole, ctx, "inputs.bounds", FRONT BACK "}");
    tril_tensors_put(t, "inputs.bounds", TRIL_F64, TRIL_SHAPE(3, 2), bounds);
    ck_assert_ptr_null(tril_tensors_get_model(t, NULL));
    snprintf(sentence, sizeof sentence, "inputs.bounds: number 2 lies between %g and %g",
             bad[_i][0], bad[_i][1]);
    ck_failed(ctx, TRIL_BAD_DATA, sentence);
    tril_tensors_free(t);
    tril_tensors_free(whole);
    tril_ctx_free(ctx);
}
END_TEST

/* any byte of the header may be another: then the file is a model still, or one sentence says why
 * it is none */
START_TEST(test_flipped)
{
    static char bytes[ROOM];
    static const int flips[] = { 1, 2, 4, 16, 32, 128 };
    counting counter = { 0 };
    tril_ctx *ctx = counting_ctx(&counter);
    tril_tensors *whole = small(ctx);
    ck_assert(tril_tensors_write(whole, file_path()));
    tril_tensors_free(whole);
    FILE *f = fopen(file_path(), "rb");
    size_t size = fread(bytes, 1, ROOM, f), end;
    uint64_t length;
    fclose(f);
    memcpy(&length, bytes, sizeof length);
    end = (size_t)length + 8;
    tril_crc_digits(bytes, end)[-4] = '.'; /* the checksum goes by another name: it is none */
    for (size_t i = 0; i < end; i++) {
        char flip = (char)flips[(i + (size_t)_i) % 6];
        bytes[i] ^= flip;
        write_file(bytes, size);
        bytes[i] ^= flip;
        tril_model *model = read_back(ctx);
        if (!model) {
            const char *message = tril_ctx_message(ctx);
            ck_assert_msg(tril_ctx_failed(ctx) && strlen(message) > 20 && !strchr(message, '\n'),
                          "byte %zu: %s", i, message);
            tril_ctx_clear(ctx);
        }
        tril_model_free(model);
    }
    ck_assert_uint_eq(counter.blocks, 1);
    tril_ctx_free(ctx);
}
END_TEST

START_TEST(test_null)
{
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_tensors *t = tril_tensors_new(ctx);
    ck_assert(!tril_tensors_put_model(t, NULL) && !tril_tensors_put_model(NULL, NULL));
    ck_assert(!tril_tensors_get_model(NULL, NULL));
    ck_fine(ctx);
    tril_tensors_free(t);
    tril_ctx_free(ctx);
}
END_TEST

static void put_and_get(tril_ctx *ctx)
{
    tril_table *table = tril_table_read(ctx, "data/iris.csv", NULL);
    tril_model *model = model_of(table, &cases[5]);
    tril_tensors *t = tril_tensors_new(ctx);
    tril_tensors_put_model(t, model);
    tril_model_free(tril_tensors_get_model(t, NULL));
    tril_tensors_free(t);
    tril_model_free(model);
    tril_table_free(table);
}

START_TEST(test_exhaust)
{
    ck_assert_uint_gt(exhaust(put_and_get), 60);
}
END_TEST

Suite *suite_model_tensors_model(void)
{
    Suite *suite = suite_create("model/tensors_model");
    TCase *tcase = tcase_create("files of models");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_round_trip, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(tcase, test_files, 0, sizeof files / sizeof *files);
    tcase_add_loop_test(tcase, test_bounds, 0, 4);
    tcase_add_loop_test(tcase, test_flipped, 0, 2);
    tcase_add_test(tcase, test_null);
    tcase_add_test(tcase, test_exhaust);
    suite_add_tcase(suite, tcase);
    return suite;
}
