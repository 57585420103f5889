#!/bin/sh
# Builds the programs beside it with an installed library and runs them: each learns the same. A language that is not
# there is left out, and says so; with ALL=1 it is a failure. Usage: run.sh LIBDIR FOLDER, where the library is and where
# to build; CC, CXX and RUN may be set.
set -e
here=$(cd "$(dirname "$0")" && pwd)
libdir=$1
mkdir -p "$2"
cd "$2"
export PKG_CONFIG_PATH="$libdir/pkgconfig" LD_LIBRARY_PATH="$libdir" OPENBLAS_NUM_THREADS=1
: "${CC=cc}" "${CXX=c++}"
flags=$(pkg-config --cflags tril) libs=$(pkg-config --libs tril)

unset MAKEFLAGS MAKELEVEL

# what it is called, a command that succeeds where it is there, what that is
there()
{
    eval "$2" > /dev/null 2>&1 && return
    echo "embed: $1 left out, there is no $3"
    [ -z "$ALL" ] || exit 1
    return 1
}

# what it is called, then the command
run()
{
    name=$1
    shift
    "$@" > out || { cat out && echo "embed: $name fails" >&2 && exit 1; }
    nll=$(sed -n 's/^NLL //p' out)
    echo "$name: NLL $nll"
    [ "$nll" = "${first=$nll}" ] || { echo "embed: $name learns something else" >&2 && exit 1; }
}

$CC -std=c11 -Wall -Wextra -pedantic $flags "$here/u1.c" -o shared $libs -lm
run 'C, shared' ./shared
# OpenBLAS's may ask for Fortran's library
if there 'C, static' "echo 'int main(void) { return 0; }' | $CC -static -x c - -o static $(pkg-config --static --libs openblas)" 'static OpenBLAS, or no library that it asks for'; then
    $CC -static $flags "$here/u1.c" -o static $(pkg-config --static --libs tril)
    run 'C, static' ./static
fi
if there 'C++' "command -v $CXX" "$CXX"; then
    $CXX -std=c++20 -Wall -Wextra -pedantic -Wno-missing-field-initializers $flags "$here/u1.cpp" -o cpp $libs
    run 'C++' ./cpp
fi
if there CMake 'command -v cmake' cmake; then
    cmake -S "$here" -B cmake -DCMAKE_PREFIX_PATH="$libdir/cmake" -DCMAKE_C_COMPILER="$CC" > log && cmake --build cmake >> log || { cat log && exit 1; }
    run CMake cmake/u1
    if [ "$TRIL_SOURCE" ]; then
        cmake -S "$here" -B fetch -DTRIL_SOURCE="$TRIL_SOURCE" -DCMAKE_C_COMPILER="$CC" > log && cmake --build fetch >> log || { cat log && exit 1; }
        run 'CMake, FetchContent' fetch/u1
    fi
fi
if there Fortran 'command -v gfortran' gfortran; then
    gfortran "$here/tril.f90" "$here/u1.f90" -o fortran $libs
    run Fortran ./fortran
fi
for python in python3 /usr/bin/python3; do # another python3 may come before the system's
    if $python -c 'import numpy' 2> /dev/null; then break; fi
done
if there Python "$python -c 'import numpy'" NumPy; then
    run Python env TRIL_LIBRARY="$libdir/libtril.so" PYTHONDONTWRITEBYTECODE=1 $python "$here/u1.py"
fi

# double, and both in one program
unset first
$CC $(pkg-config --cflags tril_double) "$here/u1.c" -o double $(pkg-config --libs tril_double) -lm
run 'C, double' ./double
if command -v gfortran > /dev/null; then
    sed 's/_f32/_f64/; s/c_float/c_double/' "$here/tril.f90" > tril_double.f90
    gfortran tril_double.f90 "$here/u1.f90" -o fortran_double $(pkg-config --libs tril_double)
    run 'Fortran, double' ./fortran_double
fi
if $python -c 'import numpy' 2> /dev/null; then
    run 'Python, double' env TRIL_LIBRARY="$libdir/libtril_double.so" PYTHONDONTWRITEBYTECODE=1 $python "$here/u1.py"
fi
$CC $flags -c "$here/both.c" -o both_float.o
$CC $(pkg-config --cflags tril_double) -c "$here/both.c" -o both_double.o
$CC both_float.o both_double.o -o both $libs $(pkg-config --libs tril_double) -lm
./both
[ ! -e static ] || {
    $CC both_float.o both_double.o -o both_static "$libdir/libtril.a" "$libdir/libtril_double.a" $(pkg-config --static --libs tril | sed 's/-ltril//')
    ./both_static
}
