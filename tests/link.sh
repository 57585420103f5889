#!/bin/sh
# A program of one precision must not link with the library of the other. Usage: link.sh FOLDER DOUBLE; CC, FLAGS and
# LIBS come from the Makefile.
mkdir -p "$1"
cat > "$1/program.c" << 'END'
#include <tril/tril.h>
int main(void)
{
    return tril_status_text(TRIL_OK) == 0; /* no call that depends on the precision */
}
END
if [ "$2" ]; then right=-DTRIL_DOUBLE wrong=; else right= wrong=-DTRIL_DOUBLE; fi
$CC $FLAGS $right "$1/program.c" -o "$1/program" $LIBS || exit 1
if $CC $FLAGS $wrong "$1/program.c" -o "$1/program" $LIBS 2> "$1/errors"; then
    echo "a program of the wrong precision links" && exit 1
fi
grep -q tril_precision_is "$1/errors" || { echo "linking failed for another reason:" && cat "$1/errors" && exit 1; }
