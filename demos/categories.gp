# Draws what build/demos/categories learned from data/categories.csv: the rows, and contours of the
# densities that hold 50 % and 90 % of each category.
# Usage: gnuplot -c demos/categories.gp NORMALS.txt PICTURE.png
normals = ARG1
set terminal pngcairo noenhanced size 1080,400
set output ARG2
set datafile separator ","
set multiplot layout 1,3
set key off
set xrange [-1.1:0.3]
set yrange [-1:1.2]
set xlabel "x"
set ylabel "y"
colour(c) = c ? "#00805f" : "#9400d3"

# a line of the file of normals: rate, category, loc (2), scale_tril (2 x 2)
line(r) = system(sprintf("sed -n %dp '%s'", r, normals))
number(text, k) = real(word(text, k))

# points of the ellipse loc + L radius (cos t, sin t); 50 % and 90 % of a normal in the plane are
# within these radii
array radius[2] = [sqrt(-2 * log(0.5)), sqrt(-2 * log(0.1))]
x(n, r, t) = number(n, 3) + number(n, 5) * r * cos(t)
y(n, r, t) = number(n, 4) + r * (number(n, 7) * cos(t) + number(n, 8) * sin(t))

# what data/generate.c drew the rows from
truth(c) = c ? "0 1 -0.25 -0.6 0.111803 0 0.0447214 0.0547723" \
             : "0 0 -0.5 0.25 0.136015 0 -0.0367607 0.252284"
normal(panel, c) = panel == 0 ? truth(c) : line((panel == 1 ? 4 : 8) * 2 + c + 1)

set parametric
set trange [0:2*pi]
do for [panel = 0:2] {
    set title panel == 0 ? "truth" : panel == 1 ? "learned at rate 0.01" : "learned at rate 100"
    array n[2] = [normal(panel, 0), normal(panel, 1)]
    plot for [c = 0:1] "data/categories.csv" skip 1 using ($3 == c ? $1 : NaN):2 \
             with points pt 7 ps 0.3 lc rgb colour(c), \
         for [c = 0:1] for [k = 1:2] x(n[c + 1], radius[k], t), \
             y(n[c + 1], radius[k], t) with lines lw 2 dt k lc rgb colour(c)
}
