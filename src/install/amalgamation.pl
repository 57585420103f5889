# Writes the library as two files, FOLDER/tril.h and FOLDER/tril.c: the public headers that the sources want, then all
# others and the sources one after the other. A name that a source has for itself, and another source too, has the
# source's name behind it there. Usage: perl amalgamation.pl FOLDER SOURCE...
use strict;
use warnings;

my ($folder, @sources) = @ARGV;
my (%text, %met, @headers);

# a file's text; what it includes is known after that, each header once and behind those that it includes
sub meet
{
    my ($path) = @_;
    return if $met{$path}++;
    open my $file, '<', $path or die "$path cannot be read: $!\n";
    local $/;
    $text{$path} = <$file>;
    $text{$path} =~ s/^#include <(tril\/.*)>$/#include "include\/$1"/gm;
    $text{$path} =~ s/^#include "(?!include\/)(.*)"$/#include "src\/$1"/gm;
    my @wanted = $text{$path} =~ /^#include "(.*)"$/gm;
    meet($_) for @wanted;
    push @headers, $path if $text{$path} =~ /^#ifndef TRIL_\w*H$/m;
}

# headers with a guard stand in front of everything; others, which are read several times, in their place
sub with_templates
{
    my ($path) = @_;
    my $own = $text{$path};
    $own =~ s/^#include "(.*)"\n/$text{$1} =~ m{^#ifndef TRIL_\w*H$}m ? '' : with_templates($1)/gem;
    return $own;
}

# the names that a source has for itself at file scope
sub private_names
{
    my ($own) = @_;
    my @names;
    $own =~ s{/\*.*?\*/|__attribute__\(\(.*?\)\) |_Atomic\b(?:\([^)]*\))?}{}gs;
    push @names, $own =~ /^(?:static|typedef|TRIL_[A-Z]+)\b[^;={(]*?\b(\w+)\s*(?:\[[^;={]*)?[(=;]/gm;
    push @names, $own =~ /^(?:static |const |typedef )*(?:struct|union|enum) (\w+) \{/gm;
    push @names, $own =~ /^\} (\w+)/gm;
    push @names, $own =~ /^TRIL_FOR_EACH_TARGET\(static, (\w+)/gm;
    push @names, map { /\b([A-Z]\w*)\s*(?=[=,]|$)/g } $own =~ /^enum (?:\w+ )?\{([^}]*)\}/gm;
    my %once = map { $_ => 1 } @names;
    return keys %once;
}

meet($_) for @sources;
my %private = map { $_ => [private_names(with_templates($_))] } @sources;
my %count;
$count{$_}++ for map { @$_ } values %private;

open my $h, '>', "$folder/tril.h" or die "$folder/tril.h cannot be written: $!\n";
print $h <<'END';
/* Tril: small density networks in C, as two files. The parts of this one are the manual; where their examples include
 * <tril/...>, include "tril.h". */
END
print $h with_templates($_) for grep { m{^include/} } @headers;
close $h or die "$folder/tril.h cannot be written: $!\n";

open my $c, '>', "$folder/tril.c" or die "$folder/tril.c cannot be written: $!\n";
print $c <<'END';
/* Tril: small density networks in C, as two files. With OpenBLAS and stb_ds.h at hand:
 *
 *     cc -std=c11 -O3 -fno-math-errno -fno-trapping-math program.c tril.c -lopenblas -lm -lpthread
 *
 * and -lcsv -ljansson where tables and model files are in it. -DTRIL_DOUBLE, for all files of a program, computes in
 * double. Made by `make amalgamation` of the files that are named below: change those. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include "tril.h"
END
print $c with_templates($_) for grep { m{^src/} } @headers;
for my $source (@sources) {
    (my $ending = $source) =~ s{^src/|\.c$}{}g;
    $ending =~ s{\W}{_}g;
    my $shared = join '|', grep { $count{$_} > 1 } @{$private{$source}};
    my $own = with_templates($source);
    $own =~ s/^#define _\w+_SOURCE.*\n//gm;
    my %macros = map { $_ => 1 } $own =~ /^\s*#define (\w+)/gm;
    # but not in texts and comments, and not members of structs
    $own =~ s{("(?:\\.|[^"\\])*"|/\*.*?\*/)|(?<![\w.>])($shared)\b}{$1 // "$2_$ending"}gse if $shared;
    print $c "\n/* ---- $source */\n\n", $own, map { "#undef $_\n" } sort keys %macros;
}
close $c or die "$folder/tril.c cannot be written: $!\n";
