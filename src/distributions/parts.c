/* The numbers of which distributions are made: of normals, Student's t and mixtures of these. */
#include "distributions/parts.h"

bool tril_dist_take_parts(tril_dist p, const size_t *index, size_t n, tril_dist_parts *out)
{
    const char *method = "marginal";
    tril_dist each = p;
    tril_var logits = { 0 };
    *out = (tril_dist_parts){ 0 };
    if (!p.kind)
        return false;
    tril_mixture_parts(&p, &logits, &each);
    if (each.event.rank != 1 || !(each.kind->as_mvn || each.kind->marginal))
        return false;
    tril_dist q = tril_dist_marginal(each, index, n);
    const bool student = q.kind == &tril_dist_kind_mvt;
    if (q.kind && !student)
        q = q.kind->as_mvn ? q.kind->as_mvn(&q) : (tril_dist){ 0 };
    if (!q.kind)
        return false;
    out->k = tril_shape_size(q.batch) / tril_shape_size(p.batch);
    out->loc = tril_value(tril_dist_stretch(&q, method, q.param[0], 1));
    out->factor = tril_value(tril_dist_stretch(&q, method, q.param[1], 2));
    if (student)
        out->df = tril_value(tril_dist_stretch(&q, method, q.param[2], 0));
    if (logits.tape)
        out->weight = tril_value(tril_dist_stretch(&q, method, tril_softmax(logits, -1), 0));
    return !tril_ctx_failed(tril_tape_ctx(p.param[0].tape));
}
