#!/bin/sh
# kernels.sh [NAME ...]: the kernels of OpenBLAS that this processor can run, all or those of these names, each with the
# version of the library's own loops that a processor of its kind takes: KERNEL:VERSION, a line each.
set -eu
found=
flags=" $(sed -n 's/^flags[^:]*: *//p' /proc/cpuinfo | head -n 1) "
while read -r kernel version needed; do
    for flag in $needed; do
        case $flags in *" $flag "*) ;; *) continue 2 ;; esac
    done
    case " ${*:-$kernel} " in *" $kernel "*) found=yes && echo "$kernel:$version" ;; esac
done << 'end'
Prescott    plain  pni
Atom        plain  ssse3
Core2       plain  ssse3
Penryn      plain  sse4_1
Nehalem     plain  sse4_2
Barcelona   plain  sse4a
Sandybridge plain  avx
Bulldozer   plain  avx fma4
Haswell     avx2   avx2 fma
Zen         avx2   avx2 fma
SkylakeX    avx512 avx2 fma avx512f avx512dq avx512bw avx512vl
Cooperlake  avx512 avx2 fma avx512f avx512dq avx512bw avx512vl avx512_bf16
end
if [ ! "$found" ]; then
    echo "tests/kernels.sh: no kernels ${*:-} that this processor can run" >&2
    exit 1
fi
