#!/bin/sh
# The headers in C++, where there is a compiler for it: without a warning from C++11 to C++23, each by itself, and with
# fields in the order in which the examples (FOLDER/*.c) write them, on which C++20 insists. Usage: headers.sh FOLDER; CXX
# comes from the Makefile.
set -e
command -v "$CXX" > /dev/null || { echo "headers: not tried in C++, there is no $CXX" && exit 0; }
check="$CXX -x c++ -Iinclude -fsyntax-only"

for standard in 11 14 17 20 2b; do
    for precision in '' -DTRIL_DOUBLE; do
        printf '#include <tril/extend.h>\n#include <tril/tril.h>\ntril_shape shape() { return TRIL_SHAPE(2, 3); }\n' |
            $check -std=c++$standard $precision -Wall -Wextra -pedantic -Werror - || { echo "in C++$standard" && exit 1; }
    done
done
for header in include/tril/*.h; do
    printf '#include <tril/%s>\n' "$(basename "$header")" | $check -std=c++11 - || { echo "$header by itself" && exit 1; }
done
for example in "$1"/*.c; do
    # what else C++ does not take (addresses of compound literals) is of no interest
    if LC_ALL=C $check -std=c++20 "$example" 2>&1 | grep -i 'order.*declar\|declar.*order'; then
        echo "headers: $example" >&2 && exit 1
    fi
done
