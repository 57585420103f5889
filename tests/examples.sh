#!/bin/sh
# Compiles and runs every program that stands in a public header (behind " * Example", indented by four more) and in
# README.md (a block of C with a main), which prints what README.md says in single precision. Usage: examples.sh FOLDER;
# CC, FLAGS, LIBS and RUN come from the Makefile.
set -e
mkdir -p "$1"

run()
{
    $CC $FLAGS "$1.c" -o "$1" $LIBS
    $RUN "$1" > "$1.out" || { echo "the program of $2 failed:" && cat "$1.out" && exit 1; }
}

for header in include/tril/*.h; do
    example="$1/$(basename "$header" .h)"
    awk '/^ \* Example/ { on = 1; next } /^ \*\// { exit } on && /^ \*(     |$)/ { print substr($0, 8) }' \
        "$header" > "$example.c"
    if [ -s "$example.c" ]; then run "$example" "$header"; fi
done

if [ -f README.md ]; then
    awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' README.md > "$1/readme.c"
    run "$1/readme" README.md
    case $FLAGS in *TRIL_DOUBLE*) exit ;; esac
    awk '/^It prints$/ { on = 1; next } on && /^```$/ && ++on == 3 { exit } on == 2 && !/^```$/' README.md | diff - "$1/readme.out"
fi
