/* The reading of JSON with memory that does not run out on the way. json.c says why. */
#ifndef TRIL_DATA_JSON_H
#define TRIL_DATA_JSON_H

#include <jansson.h>

#include "core/ctx.h"

/* Memory for what Jansson makes of one text. */
typedef struct tril_json {
    tril_ctx *ctx;
    char *block;
    size_t size, used;
} tril_json;

/* From here to the end, this thread's calls of Jansson take their memory from a block with room for
 * the text's values: they are to be given back before it ends. False, with the context failed, if
 * that block is not to be had; then there is nothing to end. */
bool tril_json_begin(tril_json *json, tril_ctx *ctx, const char *what, const char *text,
                     size_t length);
void tril_json_end(tril_json *json);

#endif
