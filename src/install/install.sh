#!/bin/sh
# Puts the library of both precisions, the command, headers, manual pages and examples where they belong, or takes all of
# it away. Usage: install.sh install|uninstall command|library; VERSION, PREFIX, LIBDIR, DOCDIR, DESTDIR, and the folders of the
# command and of the libraries, PROGRAMS, FLOAT and DOUBLE, come from the Makefile.
set -e
how=$1

# mode, from, to
put()
{
    if [ "$how" = install ]; then install -D -m "$1" "$2" "$DESTDIR$3"; else rm -f "$DESTDIR$3"; fi
}

# what it points to, the link
point()
{
    if [ "$how" = install ]; then ln -sf "$1" "$DESTDIR$2"; else rm -f "$DESTDIR$2"; fi
}

# template, name of the library, its flags, to
fill()
{
    mkdir -p "$PROGRAMS/install"
    sed "s|@VERSION@|$VERSION|g; s|@MAJOR@|${VERSION%%.*}|g; s|@PREFIX@|$PREFIX|g; s|@LIBDIR@|$LIBDIR|g; s|@NAME@|$2|g; s|@FLAGS@|$3|g" \
        "src/install/$1" > "$PROGRAMS/install/$1"
    put 644 "$PROGRAMS/install/$1" "$4"
}

if [ "$2" = command ]; then
    put 755 "$PROGRAMS/tril" "$PREFIX/bin/tril"
    put 644 "$PROGRAMS/tril.1" "$PREFIX/share/man/man1/tril.1"
    mpi=libtril_mpi.so.${VERSION%%.*} # which the command loads, where `make mpi` has made it
    [ "$how" = install ] && ! [ -f "$PROGRAMS/$mpi" ] || put 644 "$PROGRAMS/$mpi" "$LIBDIR/$mpi"
    exit
fi
for header in include/tril/*.h; do
    name=$(basename "$header" .h)
    if [ "$name" = mpi ]; then # with its library, where `make mpi` has made that
        [ "$how" = uninstall ] || [ -f "$FLOAT/libtril_mpi.a" ] || continue
        put 644 "$FLOAT/libtril_mpi.a" "$LIBDIR/libtril_mpi.a"
    fi
    put 644 "$header" "$PREFIX/include/tril/$name.h"
    [ "$name" = names ] || put 644 "$PROGRAMS/pages/tril_$name.3" "$PREFIX/share/man/man3/tril_$name.3"
done
major=${VERSION%%.*}
for name in tril tril_double; do
    if [ $name = tril ]; then from=$FLOAT flags=; else from=$DOUBLE flags=' -DTRIL_DOUBLE'; fi
    put 644 "$from/lib$name.a" "$LIBDIR/lib$name.a"
    put 644 "$from/lib$name.so.$VERSION" "$LIBDIR/lib$name.so.$VERSION"
    point "lib$name.so.$VERSION" "$LIBDIR/lib$name.so.$major"
    point "lib$name.so.$major" "$LIBDIR/lib$name.so"
    fill tril.pc $name "$flags" "$LIBDIR/pkgconfig/$name.pc"
done
for file in trilConfig.cmake trilConfigVersion.cmake; do
    fill $file tril '' "$LIBDIR/cmake/tril/$file"
done
for file in tests/embed/*; do
    put 644 "$file" "$DOCDIR/examples/$(basename "$file")"
done
if [ "$how" = uninstall ]; then
    rmdir "$DESTDIR$PREFIX/include/tril" "$DESTDIR$LIBDIR/cmake/tril" "$DESTDIR$DOCDIR/examples" "$DESTDIR$DOCDIR" 2> /dev/null || true
fi
