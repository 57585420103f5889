#!/bin/sh
# The symbols of the library: those of include/tril/names.h and no others, in both libraries; so a program of one
# precision does not link with the library of the other. Usage: link.sh FOLDER DOUBLE STATIC SHARED; CC, CROSS, FLAGS and
# LIBS come from the Makefile; SHARED may be "".
fail()
{
    echo "link: $1" >&2
    exit 1
}

mkdir -p "$1"
if [ "$2" ]; then bits=_f64 right=-DTRIL_DOUBLE wrong=; else bits=_f32 right= wrong=-DTRIL_DOUBLE; fi
sed -n "s/^#define \(tril_[a-z0-9_]*\) .*/\1$bits/p" include/tril/names.h | LC_ALL=C sort > "$1/names"
${CROSS}nm -g --defined-only "$3" | sed -n 's/.* [A-Z] \([a-z].*\)$/\1/p' | LC_ALL=C sort > "$1/static"
diff "$1/names" "$1/static" || fail "$3 has other symbols than include/tril/names.h: make names"
if [ "$4" ]; then
    ${CROSS}nm -D --defined-only "$4" | sed -n 's/.* [BDRT] \(.*\)@@TRIL_0$/\1/p' | LC_ALL=C sort > "$1/shared"
    diff "$1/names" "$1/shared" || fail "$4 has other symbols than include/tril/names.h"
fi

cat > "$1/program.c" << 'END_OF_C'
#include <string.h>
#include <tril/tril.h>
int main(void)
{
    tril_fit_run(NULL, NULL, NULL);
    return strcmp(tril_version(), TRIL_VERSION);
}
END_OF_C
$CC $FLAGS $right "$1/program.c" -o "$1/program" $LIBS || exit 1

# a fit needs neither libcsv nor Jansson
if [ "$4" ]; then
    $CC $FLAGS $right "$1/program.c" -o "$1/program" "$3" -Wl,--gc-sections -lopenblas -lm -lpthread || fail "a program needs more than it calls"
fi
if $CC $FLAGS $wrong "$1/program.c" -o "$1/program" $LIBS 2> "$1/errors"; then
    fail "a program of the wrong precision links"
fi
grep -q tril_version "$1/errors" || { cat "$1/errors" && fail "linking failed for another reason"; }
