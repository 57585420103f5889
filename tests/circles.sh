#!/bin/sh
# No two files call each other, nor do more of them in a circle. Usage: circles.sh OBJECT...; CROSS may be set.
calls=$(${CROSS}nm -gA "$@" | sed 's|^\(.*\):.* \(.\) \(.*\)|\2 \3 \1|' |
    awk '$1 ~ /[A-TV-Z]/ { home[$2] = $3 } $1 == "U" { name[++n] = $2; user[n] = $3 }
    END { for (i = 1; i <= n; i++) if (name[i] in home && home[name[i]] != user[i]) print user[i], home[name[i]] }')
circle=$(echo "$calls" | tsort 2>&1 > /dev/null | sed -n 's/^tsort: .*src\//  /p')
[ -z "$circle" ] || { echo "circles: these call each other:" && echo "$circle" && exit 1; }
