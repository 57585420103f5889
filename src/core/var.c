/* What a var holds. */
#include "core/finite.h"
#include "core/shape.h"
#include "core/tape.h"

bool tril_var_shape(tril_var x, const char *what, tril_shape *shape)
{
    const tril_tape_node *t = tril_tape_node_of(x, what);
    *shape = t ? t->node.shape : (tril_shape){ 0 };
    return t != NULL;
}

const tril_real *tril_value(tril_var x)
{
    tril_tape_node *t = tril_tape_node_of(x, "value");
    return t ? t->node.value : NULL;
}

tril_shape tril_shape_of(tril_var x)
{
    tril_shape shape;
    tril_var_shape(x, "shape_of", &shape);
    return shape;
}

size_t tril_size(tril_var x)
{
    tril_tape_node *t = tril_tape_node_of(x, "size");
    return t ? t->node.size : 0;
}

tril_real tril_item(tril_var x)
{
    tril_tape_node *t = tril_tape_node_of(x, "item");
    if (!t)
        return 0;
    if (t->node.size != 1) {
        tril_var_fail(x.tape, "item", TRIL_BAD_SHAPE, "x is %s, not one number",
                      tril_shape_text(t->node.shape).text);
        return 0;
    }
    return t->node.value[0];
}

const tril_real *tril_grad(tril_var x)
{
    tril_tape_node *t = tril_tape_node_of(x, "grad");
    return t && t->has_grad ? t->node.grad : NULL;
}

size_t tril_var_first_not_finite(tril_var x)
{
    const tril_tape_node *t = tril_tape_node_of(x, "value");
    if (!t || t->finite)
        return t ? t->node.size : 0;
    return tril_first_not_finite(t->node.value, t->node.size);
}
