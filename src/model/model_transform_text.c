/* Transforms as texts, in options and model files. */
#include <math.h>
#include <string.h>

#include "io/number.h"
#include "model/transform.h"

/* the numbers in parentheses that a text is, or nothing; false where it is neither */
static bool read_params(const char *text, tril_transform *out)
{
    const tril_transform_kind *kind = out->kind;
    const char *p = text;
    if (!*text)
        return out->open = kind->fitted, kind->fitted || !kind->params;
    for (int i = 0; i < kind->params; i++) {
        const size_t length = strcspn(p + 1, ",)");
        double *x = &out->param[i];
        if (*p != (i ? ',' : '('))
            return false;
        *x = tril_number_read(p + 1, length);
        if (!isfinite(*x) || *x < kind->low[i] || *x > kind->high[i])
            return false;
        p += 1 + length;
    }
    return kind->params && strcmp(p, ")") == 0 &&
           (kind->params < 2 ||
            (out->param[0] < out->param[1] && isfinite(out->param[1] - out->param[0])));
}

bool tril_transform_read(const char *text, tril_transform *out)
{
    *out = (tril_transform){ 0 };
    if (!text || !*text)
        return true;
    if (strcmp(text, "auto") == 0)
        return out->open = true;
    const size_t length = strcspn(text, "(");
    for (size_t i = 0; tril_transform_kinds[i]; i++)
        if (strlen(tril_transform_kinds[i]->name) == length &&
            strncmp(tril_transform_kinds[i]->name, text, length) == 0) {
            out->kind = tril_transform_kinds[i];
            return read_params(text + length, out);
        }
    return false;
}

tril_transform_text tril_transform_write(const tril_transform *g)
{
    tril_transform_text out = { "" };
    if (!g->kind)
        return out;
    strcpy(out.text, g->kind->name);
    for (int i = 0; i < g->kind->params; i++) {
        strcat(out.text, i ? "," : "(");
        strcat(out.text, tril_number_write(g->param[i]).text);
    }
    if (g->kind->params)
        strcat(out.text, ")");
    return out;
}
