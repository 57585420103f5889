#!/bin/sh
# A folder of src/ is a layer: it includes only itself and what stands below it, of the public headers too.
failed=0

# layer, the folders of src/ it may include, the public headers it may include
check()
{
    for file in src/$1/*.[ch]; do
        for name in $(sed -n 's/^#include "\(.*\)"$/\1/p' "$file"); do
            case " $1 $2 " in
            *" ${name%%/*} "*) ;;
            *) echo "$file includes $name, which is not below src/$1" && failed=1 ;;
            esac
        done
        for name in $(sed -n 's/^#include <tril\/\(.*\)\.h>$/\1/p' "$file"); do
            case " $3 " in
            *" $name "*) ;;
            *) echo "$file includes tril/$name.h, which is not for src/$1" && failed=1 ;;
            esac
        done
    done
}

core="real ctx random shape params tape gradcheck extend"
check core "" "$core"
check kernels "" "real"
check ops "core kernels" "$core ops"
check dist "core kernels ops" "$core ops dist"
check nn "core kernels ops dist" "$core ops dist nn"
check optim "core kernels" "$core optim"
check train "core kernels ops dist nn optim" "$core ops dist nn optim train fit metrics"
check data "core kernels ops dist nn optim train" "$core ops dist nn optim train fit metrics data file tensors model"

for layer in src/*/; do
    grep -q "^check $(basename "$layer") " "$0" || { echo "tests/layers.sh does not know $layer" && failed=1; }
done
for file in $(grep -l '^#include <cblas.h>' -r src include | grep -v '^src/kernels/blas.c$'); do
    echo "$file includes cblas.h: that is for src/kernels/blas.c alone" && failed=1
done
for file in $(grep -l '^#include "[^"]*"' -r demos --include='*.[ch]'); do
    for name in $(sed -n 's/^#include "\(.*\)"$/\1/p' "$file"); do
        [ -f "demos/common/${name#common/}" ] || [ -f "demos/tril/${name#tril/}" ] || { echo "$file includes $name, which is not public" && failed=1; }
    done
done
exit $failed
