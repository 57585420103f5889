#!/bin/sh
# A program that was built before a public struct had its last field runs with the library of today: headers as they
# were then are made from those of today, by the rule of include/tril/api.h. Usage: abi.sh FOLDER LIBRARY.so; CC, FLAGS,
# LIBS and RUN come from the Makefile.
set -e
mkdir -p "$1/headers"
cp -r include/tril "$1/headers"
# a field of a struct that is part of another one; what comes behind it must stay in its place
awk '/^typedef struct tril_schedule / { on = 1 } /^}/ { on = 0 }
     on && /^ *double floor;/ { gone = 1; next }
     on && /TRIL_RESERVED/ { sub(/2/, 3) } { print } END { exit !gone }' include/tril/fit.h > "$1/headers/tril/fit.h"

cat > "$1/program.c" << 'END_OF_C'
#include <stdio.h>
#include <tril/tril.h>
#ifdef FLOOR
#define MORE , .floor = 0.9
#else
#define MORE
#endif
int main(void)
{
    tril_real x[40], y[40];
    tril_random random = tril_random_stream(1, 1);
    tril_random_normal(&random, x, 40), tril_random_normal(&random, y, 40);
    tril_ctx *ctx = tril_ctx_new(NULL);
    tril_params *params = tril_params_new(ctx);
    tril_network net = tril_network_new(params, 1, &(tril_mlp_opts){ .inputs = 1 }, NULL);
    tril_fit *fit = tril_fit_new(&net, (tril_batch){ x, y, 40 }, &(tril_fit_opts){
        .epochs = 3, .batch = 10, .lr = 0.1, .schedule = { .kind = TRIL_COSINE MORE }, .average = 0.5, .input_noise = 1 });
    tril_fit_run(fit, NULL, NULL);
    printf("%.17g %s\n", tril_fit_get_status(fit).train_nll, tril_ctx_message(ctx));
    bool failed = tril_ctx_failed(ctx);
    tril_fit_free(fit), tril_params_free(params), tril_ctx_free(ctx);
    return failed;
}
END_OF_C
run()
{
    $CC -I"$3" $4 $FLAGS "$1/program.c" -o "$1/$2" "$LIBRARY" -Wl,-rpath,"$PWD/$(dirname "$LIBRARY")" $LIBS
    $RUN "$1/$2" > "$1/$2.out" || { cat "$1/$2.out" && echo "abi: the program of $2 fails" >&2 && exit 1; }
}
LIBRARY=$2
run "$1" then "$1/headers"
run "$1" now include
run "$1" floor include -DFLOOR
cmp "$1/then.out" "$1/now.out" || { echo "abi: a program that was built before a field was there does something else" >&2 && exit 1; }
cmp -s "$1/floor.out" "$1/now.out" && echo "abi: the field has no effect" >&2 && exit 1
exit 0
