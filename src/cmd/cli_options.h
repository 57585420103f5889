/* What can be said to `tril fit` and `tril search`, as text: names, defaults and help in one place.
 */
#ifndef CMD_CLI_OPTIONS_H
#define CMD_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* what --head auto stands for */
#define AUTO_HEADS "student,mixture:2,mixture:3"
/* where a transform may be log: exp of a Student's t has no mean */
#define AUTO_LOG_HEADS "full,mixture:2,mixture:3"

/* X(ID, name, argument, default, whether the result depends on it, help); an option without
 * argument is a switch; defaults are those of a first-time user. */
#define SETTINGS(X)                                                                                \
    X(TARGETS, "targets", "A,B", NULL, true,                                                       \
      "columns to learn (needed); names with commas as in CSV: '\"a, b\",c'; A:class is one of "   \
      "classes, as a column of words is by itself; :count, :positive and :share choose heads "     \
      "too; "                                                                                      \
      "cells of others may be bounds of numbers, as limits of detection are: <0.01, >1000, 2..3")  \
    X(INPUTS, "inputs", "U,V", NULL, true, "columns they depend on, '' for none; default: others") \
    X(EXCLUDE, "exclude", "U,V", NULL, true, "columns that are no inputs")                         \
    X(WEIGHT, "weight", "COLUMN", NULL, true,                                                      \
      "how often each row counts, at least 0: 2 is the row twice, 0 no row; it is no input")       \
    X(TRANSFORM, "transform", "A=KIND,B=KIND", NULL, true,                                         \
      "targets that are learned as log, logit(LOW,HIGH), yeo-johnson(P), yeo-johnson with the P "  \
      "that fits the rows, or auto, the likeliest of none, log and yeo-johnson; KIND alone: all "  \
      "of them. All figures are in the targets' own units")                                        \
    X(OUTPUT, "output", "FILE", NULL, false, "-o FILE: the model; default: NAME.safetensors here") \
    X(HEAD, "head", "FORM", "auto", true,                                                          \
      "; FORM,FORM: the networks of an ensemble take them by turns; gamma (positive numbers), "    \
      "beta (between 0 and 1), poisson and negative-binomial (counts) and categorical (classes) "  \
      "take targets in their own units; auto: " AUTO_HEADS                                         \
      ", with --transform log or auto, and for targets known by bounds, " AUTO_LOG_HEADS)          \
    X(HIDDEN, "hidden", "W,W", "128,128", true, "widths of hidden layers, 0 for none")             \
    X(ACTIVATION, "activation", "NAME", "tanh", true, "tanh, relu, elu, softplus, silu, sigmoid")  \
    X(ENSEMBLE, "ensemble", "N", NULL, true,                                                       \
      "networks that predict as one; default: 5, fewer beyond 10000 rows, 1 beyond 25000")         \
    X(MISSING, "missing", "WHAT", NULL, true,                                                      \
      "cells: error, drop (the row), mean (inputs), marginal (targets), mean,marginal; default: "  \
      "the last")                                                                                  \
    X(MISSING_VALUES, "missing-values", "A,B", NULL, true,                                         \
      "cells that are missing too, beside empty ones, NA, N/A, #N/A, NaN, null, \\N, -, . and ?")  \
    X(DELIMITER, "delimiter", "C", NULL, true,                                                     \
      "between cells: a byte, or tab; default: as the file has it")                                \
    X(VALIDATION, "validation", "PART", "0.1", true, "rows to stop by: a share, or a CSV file")    \
    X(TEST, "test", "PART", "0.15", true, "rows to judge by alone: a share, or a CSV file")        \
    X(CONFORMAL, "conformal", "PART", "0", true,                                                   \
      "rows to calibrate by: a share, or a CSV file; then the model's regions and intervals "      \
      "between quantiles hold what they say, whatever the model (conformal prediction)")           \
    X(SPLIT, "split", "FILE", NULL, true,                                                          \
      "FILE[:COLUMN]: test rows by number, from 0, in a column of a CSV file")                     \
    X(GROUP, "group", "COLUMN", NULL, true, "rows with the same cell there stay together")         \
    X(ORDER, "order", "COLUMN", NULL, true,                                                        \
      "numbers or dates: the first rows by it train, the next validate, the last test; default: "  \
      "at random, but equal rows together, unless there are over three of each")                   \
    X(FOLDS, "folds", "K", NULL, true,                                                             \
      "judge by K folds of the rows that do not test, each by networks trained on the others; "    \
      "with --order on those before it")                                                           \
    X(EPOCHS, "epochs", "N", "1000", true, "passes over the training rows, at most")               \
    X(BATCH, "batch", "N", "32", true, "rows of a step")                                           \
    X(OPTIMIZER, "optimizer", "NAME", "adam", true, "")                                            \
    X(LR, "lr", "RATE", "0.003", true, "learning rate")                                            \
    X(MOMENTUM, "momentum", "M", "0", true, "of sgd")                                              \
    X(SCHEDULE, "schedule", "NAME", "plateau", true,                                               \
      "of the rate: constant, step, cosine, plateau")                                              \
    X(WARMUP, "warmup", "EPOCHS", "0", true, "in which the rate rises from 0")                     \
    X(WEIGHT_DECAY, "weight-decay", "W", "0.003", true, "of all but biases")                       \
    X(CLIP, "clip", "NORM", "0", true, "the longest gradient; 0: any")                             \
    X(AVERAGE, "average", "A", "0.99", true, "decay of the average of parameters; 0: none")        \
    X(LOSS, "loss", "NAME", NULL, true, "; default: beta, for mixtures nll")                       \
    X(BETA, "beta", "B", "0.5", true, "of the loss beta")                                          \
    X(NATURAL, "natural", NULL, NULL, true, "natural gradients for the last layer")                \
    X(INPUT_NOISE, "input-noise", "SCALE", "1", true,                                              \
      "times noise on inputs that falls with the number of rows, drawn for each batch; 0: none")   \
    X(TARGET_NOISE, "target-noise", "SD", "0", true, "on whitened targets, drawn for each batch")  \
    X(PATIENCE, "patience", "EPOCHS", "40", true, "without a best validation NLL; 0: no end")      \
    X(SEED, "seed", "N", "1", true, "of split, weights, order and noise")                          \
    X(THREADS, "threads", "N", NULL, false,                                                        \
      "networks, and batches of more than 256 rows, share them; the result is the same for any "   \
      "number; default: as many as there are processors, under mpirun 1 for each process")         \
    X(CHECKPOINT_EVERY, "checkpoint-every", "EPOCHS", NULL, false,                                 \
      "a checkpoint, OUTPUT.checkpoint; default: every ten seconds")                               \
    X(RESUME, "resume", NULL, NULL, false, "go on from OUTPUT.checkpoint, if it is there")         \
    X(LOG, "log", "FILE", NULL, false, "figures of each epoch, as CSV")                            \
    X(WORST, "worst", "N", NULL, false,                                                            \
      "print the N rows to test that are least likely, by line; without such, those to validate "  \
      "or to train on")                                                                            \
    X(BUDGET, "budget", "N", NULL, true,                                                           \
      "rows times epochs that candidates may take, but for the first; default: 3e7")               \
    X(CSV, "csv", NULL, NULL, false, "print the final figures as lines of rows,measure,of,value")

#define SETTING_ID(id, name, argument, fallback, kept, help) SETTING_##id,
typedef enum setting { SETTINGS(SETTING_ID) N_SETTINGS } setting;
#undef SETTING_ID

/* The texts of all settings; NULL for those without. */
typedef struct settings {
    const char *text[N_SETTINGS];
    const char *data; /* the CSV file */
} settings;

/* Reads a command line, of `tril search` or of `tril fit`. False, with *status set: after the help,
 * or a sentence. */
bool settings_read(settings *s, bool search, int argc, char **argv, int *status);

/* What `tril search` tries one after the other, and which texts of it by default, the first to
 * begin with: others can be said the same way. The head is the
 * first, hidden layers the second; LINEAR is a way for both. */
enum { N_TRIED = 5, MOST_WAYS = 16 };
typedef struct tried_setting {
    setting which;
    const char *ways;
} tried_setting;
extern const tried_setting settings_tried[N_TRIED];
#define LINEAR "linear"

/* The names of the library's kinds that a setting chooses among, and NULL. */
enum { MOST_CHOICES = 32 };
void setting_choices(setting which, const char **choices);

const char *setting_name(setting which);
const char *setting_fallback(setting which); /* NULL for none */
bool setting_is_kept(setting which);

#endif
