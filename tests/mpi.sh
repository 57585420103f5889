#!/bin/sh
# One model, to the last bit, of 1 to 4 processes with 1 and 2 threads, on as many cores as there are; and an end for all
# when one is killed. The argument is demos/ranks, built.
ranks=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1

"$ranks" 1 "$folder/alone" || exit
for n in 1 2 3 4; do
    for threads in 1 2; do
        mpirun -n $n "$ranks" $threads "$folder/model" && cmp "$folder/alone" "$folder/model" ||
            { echo "$n processes of $threads threads: not what one gives" >&2; exit 1; }
        rm "$folder/model"
    done
done

mpirun -n 4 sh -c '[ "${OMPI_COMM_WORLD_RANK-$PMI_RANK}" != 2 ] || { pid=$$; (sleep 2; kill -9 $pid) & }
    exec "$0" 1 "$1" 1000000' "$ranks" "$folder/model" > "$folder/said" 2>&1
status=$?
if [ $status = 0 ] || [ -e "$folder/model" ]; then
    echo 'a process was killed, and the others went on' >&2
    exit 1
fi
echo 'the same bits with 1, 2, 3 and 4 processes; one that is killed ends all'
