#!/bin/sh
# What `make install` has put below a folder: the command runs from there, and its manual page has the help of each
# command. Usage: install.sh FOLDER; RUN comes from the Makefile.
set -e
tril=$1/bin/tril
page=$1/share/man/man1/tril.1

fail()
{
    echo "install: $1" >&2
    exit 1
}

cp data/iris.csv "$1/iris.csv"
(cd "$1" && $RUN bin/tril fit iris.csv --targets petal_width --epochs 2 > out) || fail "tril fit fails"
[ -s "$1/iris.safetensors" ] || fail "there is no model"
for name in $($RUN "$tril" --help | sed -n 's/^  tril \([a-z]*\) .*/\1/p'); do
    $RUN "$tril" "$name" --help | while read -r line; do
        option=$(echo "$line" | sed -n 's/^\(-o, \)*--\([a-z-]*\).*/\2/p' | sed 's/-/\\-/g')
        [ -z "$option" ] || grep -q -F -e "\\-\\-$option" "$page" || fail "the manual page lacks --$option of $name"
    done
done
grep -q '@' "$page" && fail "the manual page has a gap"
exit 0
