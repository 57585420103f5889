#!/bin/sh
# Each allocation of whole commands fails in turn, alone and with all that follow; and OpenBLAS lacks room for a buffer.
# A command must end by itself, with status 0, or 1 and one sentence; what it writes is whole, or as it was before, and
# nothing else is left.
# usage: run.sh TRIL FAIL.SO [SAMPLE]; SAMPLE: so many of each command's allocations, instead of all
tril=$(realpath "$1")
fail=$(realpath "$2")
sample=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir "$work/inputs" "$work/whole" "$work/run"
cd "$work" || exit 1
broken=0
runs=0
limit=unlimited

awk 'BEGIN {
    srand(3)
    print "a,b,colour,x,y"
    for (i = 0; i < 40; i++) {
        x = 4 * rand()
        printf "%s,%.3f,%s,%.3f,%d\n", i == 7 ? "" : x + rand(), 2 * x - rand(), i % 3 ? "red" : "green", x, i % 8
    }
}' > inputs/t.csv
printf 'rows\n1\n5\n9\n' > inputs/split.csv
fit='fit t.csv --targets a,b --hidden 3 --missing marginal --epochs'

# the folder of a run: the inputs, and something old in the place of each output
prepare()
{
    rm -rf run/*
    cp inputs/* run
    for file in $outputs; do
        echo old > "run/$file"
    done
}

complain()
{
    broken=$((broken + 1))
    echo "tril $command, $k${FAIL_ALL:+ and all that follow}: $1"
}

check()
{
    status=$1
    [ "$status" -le 1 ] || complain "status $status: $(tail -n 1 errors)"
    [ "$(wc -l < errors)" = "$status" ] || complain "status $status, but this is not one sentence: $(cat errors)"
    for file in run/*; do
        name=${file#run/}
        case " $(echo inputs/*) $outputs " in
        *" inputs/$name "*) cmp -s "$file" "inputs/$name" || complain "$name was changed" ;;
        *" $name "*)
            cmp -s "$file" "whole/$name" || { [ "$status" = 1 ] && { [ "$(cat "$file")" = old ] || part "$file"; }; } ||
                complain "$name is neither whole nor old" ;;
        *) [ "$status" = 1 ] && [ "$name" = m.checkpoint ] && "$tril" info "$file" > /dev/null || complain "$name is left" ;;
        esac
    done
}

# a log grows line by line
part()
{
    [ "$1" = run/log.csv ] && [ "$(cat "$1")" = "$(head -n "$(wc -l < "$1")" whole/log.csv)" ]
}

run()
{
    runs=$((runs + 1))
    (cd run && ulimit -c 0 && ulimit -v $limit && exec timeout 60 env LD_PRELOAD="$fail" "$tril" $command) > output 2> errors
}

# each OUTPUTS COMMAND...
each()
{
    outputs=$1
    shift
    command=$*
    k=0
    prepare
    FAIL_COUNT=$work/count run || { cat errors && exit 1; }
    for file in $outputs; do
        cp "run/$file" whole
    done
    n=$(cat count)
    step=$((sample ? (n + sample - 1) / sample : 1))
    for FAIL_ALL in '' 1; do
        [ "$FAIL_ALL" ] && export FAIL_ALL || unset FAIL_ALL
        k=1
        while [ $k -le "$n" ]; do
            prepare
            FAIL_AT=$k run
            check $?
            k=$((k + step))
        done
    done
    unset FAIL_ALL
    [ -z "${command##*svg}" ] && set -- || set -- 60000 120000 180000 240000 # gnuplot has complaints of its own
    for limit; do
        k="within $limit KiB"
        prepare
        run
        check $?
    done
    limit=unlimited
    echo "$n allocations: tril $command"
}

each 'm log.csv' "$fit" 2 --group y --log log.csv -o m
cp whole/m inputs/model
each 'm' "$fit" 2 --ensemble 2 --threads 2 --batch 1000 --split split.csv:rows -o m
# a run that stops late leaves a checkpoint
outputs='' command="$fit 2 -o m" k=200
prepare
while [ ! -e run/m.checkpoint ]; do
    FAIL_AT=$k FAIL_ALL=1 run
    k=$((k + 50))
done
cp run/m.checkpoint inputs
each 'm' "$fit" 2 --resume -o m
rm inputs/m.checkpoint
each '' info model
each 'p.csv' predict model t.csv -o p.csv
each 'p.csv' predict model t.csv --sample 3 -o p.csv
each '' evaluate model t.csv --csv
each 'p.svg' evaluate model t.csv --plot p.svg
each 'p.svg' plot model t.csv -o p.svg
echo "$runs runs, $broken broken"
[ $broken = 0 ]
