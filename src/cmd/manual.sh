#!/bin/sh
# Fills the gaps of the manual page, lines of @NAME@, with what `tril NAME --help` says.
# Usage: manual.sh TRIL... < tril.1
while IFS= read -r line; do
    case $line in
    @*@)
        name=$(echo "$line" | tr -d @)
        printf '.SS tril %s\n.in 0\n.nf\n' "$name" # help has lines of 80 columns
        "$@" "$name" --help | sed 's/[\\-]/\\&/g; s/^[.'\'']/\\\&&/'
        echo .fi
        ;;
    *) printf '%s\n' "$line" ;;
    esac
done
