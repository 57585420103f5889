#!/bin/sh
# One model, to the last bit, of 1 to 4 processes with 1 and 2 threads, on as many cores as there are; an end for all when
# one is killed, after which another number of processes goes on; and one sentence about what goes wrong. The arguments are
# demos/ranks and the command, built.
ranks=$1
tril=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1

fail()
{
    echo "$*" >&2
    cat "$folder/said" >&2
    exit 1
}

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
[ $status != 0 ] && [ ! -e "$folder/model" ] || fail 'a process was killed, and the others went on'

# ---- the command

data=$(realpath data)
cd "$folder" || exit
iris="$data/iris.csv --targets petal_length,petal_width --epochs 30"
points="$data/points.csv --targets x,y,z --ensemble 3 --epochs 12 --patience 0"

# what is printed, but for the time and the name of the model
printed()
{
    sed 's/ in [0-9.]* s$//; s/^model: .*//' "$1"
}

# command and arguments: the same files, the same lines, and nothing else, from any number of processes
same()
{
    "$tril" "$@" --threads 2 -o alone.model --log alone.log > alone.out 2> said || fail "tril $*"
    for n in 2 3; do
        for threads in 1 2; do
            mpirun -n $n "$tril" "$@" --threads $threads -o model --log log > out 2> said &&
                ! grep -v '^step [0-9]* of\|^network [0-9]* of' said && cmp alone.model model && cmp alone.log log &&
                [ "$(printed alone.out)" = "$(printed out)" ] ||
                fail "tril $*: $n processes of $threads threads do not give what one gives"
        done
    done
}

same fit $iris --ensemble 4
same fit $iris --ensemble 2 --folds 3
same search $iris --ensemble 1 --hidden 16/8 --head full/student --activation tanh --input-noise 1 --weight-decay 0.003

# rank, what is there when it is killed, command and arguments: an end for all, and one sentence
killed()
{
    rank=$1 file=$2
    shift 2
    rm -f pid.* "$file"
    mpirun -n 3 sh -c 'echo $$ > pid.${OMPI_COMM_WORLD_RANK-$PMI_RANK}; exec "$@"' sh "$tril" "$@" > out 2> said &
    launcher=$!
    until [ -e "$file" ] && [ -s pid.$rank ]; do
        kill -0 $launcher 2> /dev/null || fail "tril $*: it ended before it was killed"
        sleep 0.05
    done
    kill -9 $(cat pid.$rank)
    wait $launcher && fail "rank $rank was killed, and the others went on"
    grep -q 'BAD TERMINATION' out said && return # MPICH's kills the others at once, and says so itself
    [ "$(grep -c '^tril' said)" = 1 ] && grep -q "a process of this run is gone; the same line with --resume goes on from $file" said ||
        fail "rank $rank was killed, and nobody said so"
}

"$tril" fit $points -o alone.model > alone.out 2> said || fail "tril fit $points"
for rank in 0 1 2; do
    rm -f model*
    killed $rank model.checkpoint fit $points --checkpoint-every 1 -o model
    case $rank in
    0) "$tril" fit $points -o model --resume ;;
    1) mpirun -n 2 "$tril" fit $points -o model --resume ;;
    2) mpirun -n 3 "$tril" fit $points -o model --resume --threads 2 ;;
    esac > out 2> said && cmp alone.model model || fail "rank $rank was killed, and what went on is not the same"
done

search="$points --ensemble 1 --hidden 64/32/16 --head full/student --activation tanh --input-noise 1 --weight-decay 0.003 --folds 3"
"$tril" search $search -o alone.model > alone.out 2> said || fail "tril search $search"
rm -f model*
killed 1 model.search search $search -o model
mpirun -n 2 "$tril" search $search -o model --resume > out 2> said && cmp alone.model model &&
    [ "$(grep -A 99 '^NLL' alone.out | printed -)" = "$(grep -A 99 '^NLL' out | printed -)" ] ||
    fail 'a search was killed, and what went on is not the same'

# what every rank is told, one rank misses, and the first cannot write: one sentence
wrong()
{
    rm -f model*
    pattern=$1
    shift
    mpirun -n 3 "$@" > out 2> said && fail "$*: nothing is wrong"
    [ "$(grep -c '^tril' said)" = 1 ] && grep -q "^tril [a-z]*: .*$pattern" said && [ ! -e model ] || fail "$*"
}

wrong 'none.csv' "$tril" fit none.csv --targets y -o model
wrong 'say --targets' "$tril" fit $points --targets '' -o model
for command in fit search; do
    wrong 'nan\|not finite' "$tril" $command $iris --optim sgd --lr 1e30 -o model
    [ ! -e model.checkpoint ] && [ ! -e model.search ] || fail "tril $command leaves what would fail again"
done
cp "$data/points.csv" here.csv
wrong 'here.csv' sh -c '[ "${OMPI_COMM_WORLD_RANK-$PMI_RANK}" != 1 ] || cd /; exec "$@"' sh \
    "$tril" fit here.csv --targets x -o "$folder/model"
# MPICH needs files of its own to start
! mpirun --version | grep -q 'Open MPI' ||
    wrong 'model' sh -c '[ "${OMPI_COMM_WORLD_RANK-$PMI_RANK}" != 0 ] || ulimit -f 100; exec "$@"' sh \
        "$tril" fit $points -o model
cp "$tril" ./tril # away from its libtril_mpi
./tril --version | grep -q MPI || wrong 'cannot be loaded' ./tril fit $points -o model

echo 'the same bits with 1, 2, 3 and 4 processes; one that is killed ends all, and any number goes on'
