#!/bin/sh
# Mean NLL per test row, with its standard error, over the 20 standard splits of some UCI sets: one network and an
# ensemble of five, all as `tril fit` has it unless told otherwise; for two targets at once a full and a diagonal head.
# Usage: uci.sh TRIL DATA. DATA holds NAME.csv, and splits/NAME.csv with the numbers of test set K in column splitK.
set -eu
tril=$1 data=$2
[ -d "$data/splits" ] || { echo "uci.sh: there is no folder $data/splits" >&2; exit 2; }
energy=relative_compactness,surface_area,wall_area,roof_area,overall_height,orientation,glazing_area
energy="--inputs $energy,glazing_area_distribution --targets"

# name of a job, its set, its options
jobs()
{
    while read -r set options; do
        echo "network $set $options --ensemble 1"
        echo "ensemble $set $options"
    done << END
concrete --targets compressive_strength
energy $energy heating_load
power-plant --targets PE
wine-quality-red --targets quality
yacht --targets residuary_resistance
END
    echo "full energy $energy heating_load,cooling_load --ensemble 1 --head full"
    echo "diagonal energy $energy heating_load,cooling_load --ensemble 1 --head diagonal"
}

# split by split; says: name of the job, set, NLL
run()
{
    for split in $(seq 0 19); do
        jobs | sed "s/^/$split /"
    done | OPENBLAS_NUM_THREADS=1 xargs -P "$(nproc)" -L 1 sh -c '
        tril=$1 data=$2 folder=$3 split=$4 name=$5 set=$6
        shift 6
        "$tril" fit "$data/$set.csv" --split "$data/splits/$set.csv:split$split" -o "$folder/$set.$split.$name" --csv "$@" |
            sed -n "s/^test,nll,model,/$name $set /p"' - "$tril" "$data" "$folder"
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap "exit 1" INT TERM # which some shells end by without the former
run | awk -v terminal="$([ -t 2 ] && echo 1)" -v all="$((20 * $(jobs | wc -l)))" '
    { n[$1, $2]++; sum[$1, $2] += $3; squares[$1, $2] += $3 * $3 }
    terminal { printf "\r%d of %d", NR, all > "/dev/stderr" }
    function put(name, set,    m, mean) {
        m = n[name, set]
        if (m != 20) { # what went wrong is said already
            printf " %19s", "-"
            failed = 1
            return
        }
        mean = sum[name, set] / m
        printf " %8.3f +- %.3f", mean, sqrt((squares[name, set] / m - mean * mean) / (m - 1))
    }
    function line(title, set, first, second) {
        printf "%-28s", title
        put(first, set)
        put(second, set)
        printf "\n"
    }
    END {
        if (terminal) printf "\r" > "/dev/stderr"
        printf "NLL, nats per test row            one network      ensemble of 5\n"
        line("concrete", "concrete", "network", "ensemble")
        line("energy, heating load", "energy", "network", "ensemble")
        line("power plant", "power-plant", "network", "ensemble")
        line("red wine, quality", "wine-quality-red", "network", "ensemble")
        line("yacht", "yacht", "network", "ensemble")
        printf "\n                                    full head      diagonal head\n"
        line("energy, both loads", "energy", "full", "diagonal")
        exit failed
    }'
