#!/bin/sh
# The manual page of a public header, from its comments: the first is the description, with an example; each of the
# others stands behind what it explains. Usage: page.sh include/tril/NAME.h VERSION > tril_NAME.3
name=$(basename "$1" .h)
awk -v name="tril_$name" -v header="tril/$name.h" -v version="$2" '
function plain(text) { gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text); if (text ~ /^[.\x27]/) text = "\\&" text; return text }
function verbatim(text) { print ".nf"; printf "%s", text; print ".fi" }
# a comment as paragraphs; lines that are indented stay as they are
function prose(text, lines, n, i, line, inside) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        line = lines[i]
        sub(/^\/\* ?/, "", line); sub(/ ?\*\/$/, "", line); sub(/^ \* ?/, "", line); sub(/^---- /, "", line)
        if (line ~ /^ / && !inside) { print ".PP\n.nf"; inside = 1 }
        if (line ~ /^[^ ]/ && inside) { print ".fi\n.PP"; inside = 0 }
        if (line == "" && i < n && !inside) print ".PP"
        else if (line != "" || inside) print plain(line)
    }
    if (inside) print ".fi"
}
function flush_block() {
    if (code != "") { print ".PP"; verbatim(code) }
    if (comment != "") { print code != "" ? ".RS 4" : ".PP"; prose(comment); if (code != "") print ".RE" }
    code = comment = ""
}
!begun { # up to the end of the first comment
    comment = comment $0 "\n"
    if ($0 !~ /\*\/$/) next
    begun = 1
    sub(/\n+$/, "", comment)
    title = comment; gsub(/\n \* ?/, " ", title); sub(/^\/\* /, "", title); sub(/ ?\*\/$/, "", title); sub(/[.:] .*/, "", title); sub(/\.$/, "", title)
    printf ".TH %s 3 \"\" \"Tril %s\" \"Library functions\"\n.SH NAME\n%s \\- %s\n", toupper(name), version, name, plain(title)
    printf ".SH SYNOPSIS\n.nf\n#include <%s>\n.fi\n.SH DESCRIPTION\n", header
    prose(comment); comment = ""
    print ".SH DECLARATIONS"
    next
}
/^#(ifndef|define) TRIL_[A-Z]*_H$/ || /^#include/ || /^TRIL_API/ || /^#endif$/ && !depth { next }
/^#if/ { depth++ }
/^#endif/ { depth-- }
in_comment { comment = comment "\n" $0; if (/\*\/$/) in_comment = 0; next }
/^\/\*/ && code == "" { comment = comment (comment ? "\n" : "") $0; in_comment = !/\*\/$/; next }
/^$/ { flush_block(); next }
{ code = code plain($0) "\n" }
END { flush_block(); print ".SH SEE ALSO\n.BR tril (1)" }' "$1"
