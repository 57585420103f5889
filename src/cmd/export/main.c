/* What `tril export --main` writes behind the functions of a model: see model.c. */

/* ---- a program: rows of a CSV file, commas between its cells, on standard input */
#ifndef model_DECLARATIONS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* @names */

enum {
    model_LONGEST = 4096,
    model_MOST_COLUMNS = 4096,
    model_CELLS = model_INPUTS + model_TARGETS
};

static const char model_mark[] = "\xef\xbb\xbf"; /* a byte order mark */

static int model_fail(long line, const char *what, const char *cell)
{
    fprintf(stderr, "line %ld: %s '%s'\n", line, what, cell);
    return 1;
}

/* the next cell, without blanks around it; what ended it: a comma, the end of a line or of the file
 */
static int model_read_cell(char *cell)
{
    int n = 0, keep = 0, quoted = 0, c;
    while ((c = getchar()) != EOF && (quoted || (c != ',' && c != '\n'))) {
        const int begins = n == 0 || (n == 3 && memcmp(cell, model_mark, 3) == 0);
        if (c == '"' && (quoted || begins)) {
            const int next = quoted ? getchar() : EOF;
            if (next != '"') {
                if (quoted)
                    ungetc(next, stdin);
                quoted = !quoted;
                continue;
            }
        }
        if (n + 1 < model_LONGEST && (quoted || n > 0 || (c != ' ' && c != '\t' && c != '\r'))) {
            cell[n++] = (char)c;
            if (quoted || (c != ' ' && c != '\t' && c != '\r'))
                keep = n;
        }
    }
    cell[keep] = 0;
    return c;
}

static int model_is_missing(const char *cell)
{
    static const char *const words[] = { "", "NA", "N/A", "#N/A", "NaN", "null", "-", ".", "?" };
    int k = 0;
    while (k < 9 && strcmp(cell, words[k]))
        k++;
    return k < 9;
}

/* days since 1970-01-01 of year-month-day and, perhaps, hour:minute:second */
static int model_read_date(const char *cell, double *x)
{
    long year, month, day, hour = 0, minute = 0;
    double second = 0;
    if (sscanf(cell, "%ld-%ld-%ld%*1[ T]%ld:%ld:%lf", &year, &month, &day, &hour, &minute,
               &second) < 3)
        return 0;
    year -= month <= 2; /* years that begin in March */
    const long of_era = (month + 9) % 12 * 153 + 2;
    const long days = 365 * year + year / 4 - year / 100 + year / 400 + of_era / 5 + day - 719469;
    *x = (double)days + ((double)(60 * hour + minute) + second / 60) / 1440;
    return 1;
}

/* a cell as a number: that of a label among those of the input, or what it says */
static int model_read(const char *cell, int column, double *x)
{
    const int n = column < model_INPUTS ? model_inputs[column].labels : 0;
    char *end;
    *x = (double)NAN;
    for (int k = 0; k < n; k++)
        if (strcmp(cell, model_labels[column][k]) == 0)
            *x = k;
    if (n || model_is_missing(cell))
        return 1;
    *x = strtod(cell, &end);
    return (end != cell && *end == 0) || model_read_date(cell, x);
}

static void model_print_name(const char *a, const char *b, const char *c)
{
    const char *const parts[] = { a, b, *c ? "_" : "", c };
    const int quoted = strpbrk(b, ",\"\n") || strpbrk(c, ",\"\n");
    if (quoted)
        putchar('"');
    for (int k = 0; k < 4; k++)
        for (const char *p = parts[k]; *p; p++) {
            if (*p == '"')
                putchar('"');
            putchar(*p);
        }
    if (quoted)
        putchar('"');
}

static void model_print_header(int targets)
{
    const char *const *t = model_names + model_INPUTS;
    for (int i = 0; i < model_TARGETS; i++)
        printf(i ? "," : ""), model_print_name("mean_", t[i], "");
    for (int i = 0; i < model_TARGETS; i++)
        printf(","), model_print_name("sd_", t[i], "");
    for (int i = 0; i < model_TARGETS; i++)
        for (int j = i + 1; j < model_TARGETS; j++)
            printf(","), model_print_name("corr_", t[i], t[j]);
    puts(targets ? ",log_prob" : "");
}

static void model_print_row(const double *row, int targets)
{
    enum { d = model_TARGETS };
    model_component p[model_COMPONENTS];
    double mean[d], covariance[d * d];
    model_predict(row, p);
    model_mean(p, mean);
    model_covariance(p, covariance);
    for (int i = 0; i < d; i++)
        printf(i ? ",%.9g" : "%.9g", mean[i]);
    for (int i = 0; i < d; i++)
        printf(",%.9g", sqrt(covariance[i * (d + 1)]));
    for (int i = 0; i < d; i++)
        for (int j = i + 1; j < d; j++)
            printf(",%.9g", covariance[i * d + j] / sqrt(covariance[i * (d + 1)]) /
                                sqrt(covariance[j * (d + 1)]));
    int there = 0;
    for (int i = 0; i < d; i++)
        there += targets && !isnan(row[model_INPUTS + i]);
    if (there)
        printf(",%.9g\n", model_log_prob(p, row + model_INPUTS));
    else
        puts(targets ? "," : "");
}

/* which number of a row each column is, -1: none; -1 where an input is not there */
static int model_read_header(int *role, int *targets)
{
    char cell[model_LONGEST];
    int n = 0, found[model_CELLS] = { 0 }, end = ',';
    for (; end == ',' && n < model_MOST_COLUMNS; n++) {
        end = model_read_cell(cell);
        role[n] = -1;
        const char *name = n == 0 && strncmp(cell, model_mark, 3) == 0 ? cell + 3 : cell;
        for (int k = 0; k < model_CELLS; k++)
            if (strcmp(name, model_names[k]) == 0)
                role[n] = k;
        if (role[n] >= 0)
            found[role[n]] = 1;
    }
    *targets = 1;
    for (int k = 0; k < model_CELLS; k++) {
        if (k < model_INPUTS && !found[k])
            return model_fail(1, "there is no column", model_names[k]), -1;
        *targets &= k < model_INPUTS || found[k];
    }
    return n;
}

int main(void)
{
    static int role[model_MOST_COLUMNS];
    static char cell[model_LONGEST];
    int targets;
    const int columns = model_read_header(role, &targets);
    if (columns < 0)
        return 1;
    model_print_header(targets);
    for (long line = 2;; line++) {
        double row[model_CELLS] = { 0 };
        int n = 0, end = ',', bytes = 0;
        for (; end == ',' && n < columns; n++) {
            end = model_read_cell(cell);
            bytes |= *cell;
            if (role[n] >= 0 && !model_read(cell, role[n], &row[role[n]]))
                return model_fail(line, "this is no number:", cell);
        }
        const int blank = n == 1 && !bytes && end != ',';
        if (n == columns && end != ',' && !blank)
            model_print_row(row, targets);
        else if (!blank)
            return model_fail(line, "not as many cells as the header has, the last one is", cell);
        if (end == EOF)
            return 0;
    }
}
#endif
