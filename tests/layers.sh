#!/bin/sh
# A folder of src/ is a layer: it includes only itself and what stands below it, of the public headers too.
failed=0

# layer, the folders of src/ it may include, the public headers it may include
check()
{
    while IFS=: read -r file name; do
        case " $1 $2 " in
        *" ${name%%/*} "*) ;;
        *) echo "$file includes $name, which is not below src/$1" && failed=1 ;;
        esac
    done << end
$(includes "$1" '"' '"')
end
    while IFS=: read -r file name; do
        case " $3 " in
        *" $name "*) ;;
        *) echo "$file includes tril/$name.h, which is not for src/$1" && failed=1 ;;
        esac
    done << end
$(includes "$1" '<tril\/' '\.h>')
end
}

# layer, what stands before a name and behind it: FILE:NAME, a line each
includes()
{
    find "src/$1" -name '*.[ch]' -exec grep -H '^#include' {} + | sed -n "s/:#include $2\(.*\)$3\$/:\1/p"
}

core="real ctx random shape params tape gradcheck extend"
check core "" "$core"
check kernels "" "real"
check ops "core kernels" "$core ops"
check distributions "core kernels ops" "$core ops distributions"
check nn "core kernels ops distributions" "$core ops distributions nn"
check optim "core kernels" "$core optim"
check train "core kernels ops distributions nn optim" "$core ops distributions nn optim shards fit scaler"
check mpi "" "shards mpi"
check io "core" "$core table tensors file"
check model "core kernels ops distributions nn optim train io" "$core ops distributions nn optim shards fit scaler table tensors file evaluate model search"
check cmd "" "tril ctx file extend mpi"

for layer in $(ls src/*/*.c | cut -d / -f 1-2 | sort -u); do
    grep -q "^check $(basename "$layer") " "$0" || { echo "tests/layers.sh does not know $layer" && failed=1; }
done
for file in $(grep -l '^#include <cblas.h>' -r src include | grep -v '^src/kernels/blas.c$'); do
    echo "$file includes cblas.h: that is for src/kernels/blas.c alone" && failed=1
done
for file in $(grep -l '^#include <mpi.h>' -r src include | grep -v '^src/mpi/mpi.c$'); do
    echo "$file includes mpi.h: that is for src/mpi/mpi.c alone" && failed=1
done
for file in $(grep -l '^#include "' -r demos --include='*.[ch]'); do
    echo "$file includes what is not public" && failed=1
done
for file in $(grep -l '^#ifdef __cplusplus$\|^[a-z].*(.*);$' include/tril/*.h | xargs grep -L '^TRIL_API_BEGIN$'); do
    echo "$file does not open with TRIL_API_BEGIN: its symbols are hidden" && failed=1
done
exit $failed
