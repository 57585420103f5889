# make help says what there is to make.
#
# DOUBLE=1 computes in double, SAN=1 adds the address and undefined-behaviour sanitizers, SAN=thread the thread
# sanitizer, CC=clang takes Clang: each combination has objects of its own under build/. WERROR=1 makes warnings errors.

CC       = cc
CXX      = $(if $(findstring clang,$(CC)),clang++,$(CROSS)g++)
# The user's, from the environment too, with CPPFLAGS and LDFLAGS
CFLAGS  ?= -O3 -g
# The code's. Loops vectorise if square roots need not set errno and comparisons need not trap; NaN and infinities
# mean what they mean. Symbols are the library's own unless a public header declares them; the same objects go into the
# shared library, and sections of their own let a program leave out what it does not call.
NEEDED   = -fno-math-errno -fno-trapping-math -fPIC -fvisibility=hidden -fno-semantic-interposition -ffunction-sections -fdata-sections
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wdouble-promotion -Wno-missing-field-initializers $(if $(findstring clang,$(CC)),-Wno-pass-failed) $(if $(WERROR),-Werror)
STD      = -std=c11 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 $(if $(ROOT),--sysroot=$(ROOT))
LIBS     = $(if $(COVERAGE),$(FLUSH) -Wl$(comma)--wrap=_exit$(comma)--wrap=raise$(comma)--wrap=execlp) -lopenblas -lcsv -ljansson -lm -lpthread $(COUNTED)
# COVERAGE counts which lines of the library run
COUNTED  = $(if $(COVERAGE),-O1 --coverage -fprofile-update=atomic)
# and keeps what processes have counted that end by themselves
FLUSH    = $(if $(COVERAGE),$(BUILD)/coverage.o)

comma    := ,
# those whose processors can be emulated, where CC is a compiler for one of them
MACHINES := aarch64 s390x i686
MACHINE  := $(strip $(foreach machine,$(MACHINES),$(findstring $(machine),$(CC))))
ROOT     := $(if $(MACHINE),$(CURDIR)/build/root/$(MACHINE))
export QEMU_LD_PREFIX := $(ROOT)
words    := $(if $(DOUBLE),double) $(if $(SAN),$(if $(filter thread,$(SAN)),tsan,san)) $(if $(findstring clang,$(CC)),clang) $(MACHINE) $(if $(COVERAGE),coverage)
nothing  :=
VARIANT  := $(subst $(nothing) ,-,$(strip $(words)))
BUILD    := build$(if $(VARIANT),/$(VARIANT))
LIBRARY  := $(BUILD)/libtril$(if $(DOUBLE),_double)
LIB      := $(LIBRARY).a
VERSION  := $(shell sed -n 's/^\#define TRIL_VERSION "\(.*\)"/\1/p' include/tril/api.h)
MAJOR    := $(firstword $(subst ., ,$(VERSION)))
SHARED   := $(LIBRARY).so.$(VERSION)
MPI_SHARED := libtril_mpi.so.$(MAJOR)
SANFLAGS := $(if $(SAN),-fsanitize=$(if $(filter thread,$(SAN)),thread,address$(comma)undefined -fno-sanitize-recover=all) -fno-omit-frame-pointer)
USER     = $(STD) -Wall $(SANFLAGS) -Iinclude $(if $(DOUBLE),-DTRIL_DOUBLE)
FLAGS    = $(USER) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(NEEDED) $(QUIRKS)
# aarch64: GCC 12 breaks down (internal compiler error) over loops that take the fmax of floats in double; 32-bit x86: by
# itself it computes in 80 bits, and rounds when it likes
TARGET   := $(shell $(CC) -dumpmachine)
QUIRKS   := $(if $(findstring aarch64,$(TARGET)),-fno-builtin-fmax -fno-builtin-fmin) $(if $(filter i%86,$(firstword $(subst -, ,$(TARGET)))),-msse2 -mfpmath=sse)

OBJECTS  := $(patsubst %.c,$(BUILD)/%.o,$(filter-out src/cmd/% src/mpi/%,$(sort $(wildcard src/*/*.c src/*/*/*.c))))
CROSS    := $(if $(MACHINE),$(MACHINE)-linux-gnu-)
RUN      := $(if $(MACHINE),qemu-$(MACHINE:i686=i386))
# HOLD makes programs that can run as on an older processor, beside the others: only tests need them
PROGRAMS := $(BUILD)$(if $(HOLD),/held)
HOOK     := $(if $(HOLD),$(BUILD)/tests/hold.o)
ENGINE   := $(if $(HOLD),$(OBJECTS),$(LIB))
DEMOS    := $(patsubst demos/%.c,$(PROGRAMS)/demos/%,$(filter-out demos/ranks.c,$(sort $(wildcard demos/*.c))))
COMMAND  := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard src/cmd/*.c)))
BENCH    := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/bench/check.c tests/bench/ranks.c,$(sort $(wildcard tests/bench/*.c))))
TESTS    := $(filter-out $(BENCH),$(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/fuzz/% tests/command/% tests/embed/% tests/coverage.c tests/bench/ranks.c,$(sort $(wildcard tests/*.c tests/*/*.c)))))
# with these every piece of an arena is a heap block, in front of the library's own file
PIECES   := $(BUILD)/tests/fuzz/arena.o
PIECEWISE := $(if $(COVERAGE)$(filter-out thread,$(SAN)),$(PIECES))
WITH_PIECES := $(PIECES) $(filter-out %/core/arena.o,$(OBJECTS))
SOURCES  := $(wildcard include/tril/*.h src/*/*.[ch] src/*/*/*.[ch] demos/*.c data/*.c tests/*.[ch] tests/*/*.[ch])

help:
	@echo 'make setup    install what is needed (Debian packages; asks for sudo if you are not root)'
	@echo 'make lib      build the library: $(LIB)'
	@echo 'make demo     train on real data: numbers, and pictures in $(BUILD)/pictures'
	@echo 'make test     run the tests; DOUBLE=1, SAN=1, SAN=thread and CC=clang choose another build'
	@echo 'make -j2 test-parts  the same, half of them beside the other; make -j2 checks  only the suites, CK_RUN_SUITE=train/fit one of them'
	@echo 'make test-kernels run them as on older processors; KERNELS="Haswell Zen" chooses some'
	@echo 'make mpi      build libtril_mpi, with which fits, searches and steps go over the processes of mpirun; make test-mpi tests it'
	@echo 'make -j2 coverage  run them, and say which lines of src they leave out'
	@echo 'make -j2 valgrind  run them under valgrind'
	@echo 'make allocations  each allocation of whole commands fails in turn, some minutes'
	@echo 'make fuzz     random programs of everything registered, then make fuzz-command; the same choices, DOUBLE=1, SAN=1'
	@echo 'make fuzz-command  random command lines for SECONDS=60; or RUNS=N of them, SEED=1, from number FIRST=0 on'
	@echo 'make test-aarch64, test-s390x, test-i686  run them as a processor of 64-bit ARM, a big-endian or a 32-bit one does,'
	@echo '              emulated; make setup-aarch64, ... before that'
	@echo 'make differential RUNS=N SEED=K  compare N new random programs with PyTorch (python3-torch)'
	@echo 'make install  command, libraries, headers, manual pages, examples, below PREFIX=$(PREFIX); also DESTDIR, LIBDIR; make uninstall'
	@echo 'make deb      make Debian packages in build/deb: libtril0, libtril-dev, tril'
	@echo 'make embed    install below build/ and run programs in C, C++, Fortran and Python with that'
	@echo 'make amalgamation  write tril.c and tril.h in build/amalgamation: the engine as two files, with FILES=1 tables and models too'
	@echo 'make bench    measure times beside what the machine can do; JSON=FILE writes them too'
	@echo 'make bench-mpi  measure steps over two processes of mpirun, beside a model of more'
	@echo 'make uci DATA=FOLDER  judge fits on the standard splits of five UCI sets, some minutes'
	@echo 'make data     make the synthetic data sets anew'
	@echo 'make format   bring the code into its shape (clang-format)'
	@echo 'make clean    remove build/'

PACKAGES     = libopenblas-dev libcsv-dev libstb-dev libjansson-dev check gnuplot-nox
DEV_PACKAGES = libopenmpi-dev openmpi-bin clang libclang-rt-dev clang-format valgrind gcovr g++ gfortran pkg-config cmake python3-numpy man-db debhelper lintian
SUDO         = $(if $(filter 0,$(shell id -u)),,sudo)
APT          = $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get

setup:
	$(APT) -qq update
	$(APT) -qq -y install --no-install-recommends $(PACKAGES)

# what CI needs besides: the second compiler, the formatter, valgrind, gcovr, which `make coverage` needs, and what `make embed`
# and `make deb` need
setup-dev: setup
	$(APT) -qq -y install --no-install-recommends $(DEV_PACKAGES)

# a compiler, an emulator, and a folder with the libraries for a processor that is not this machine's: Debian's packages,
# unpacked, for which it has names of its own
$(MACHINES:%=setup-%): debian = $(patsubst aarch64,arm64,$(patsubst i686,i386,$*))
$(MACHINES:%=setup-%): setup-%: setup
	$(APT) -qq -y install --no-install-recommends gcc-$*-linux-gnu qemu-user mmdebstrap
	@rm -rf build/root/$*
	@mkdir -p build/root
	. /etc/os-release && mmdebstrap --variant=extract --architectures=$(debian) --include='libc6-dev libopenblas-dev libcsv-dev libstb-dev libjansson-dev check' $$VERSION_CODENAME build/root/$*
	@for file in build/root/$*/usr/*/*/openblas-pthread/*.[hs]*; do ln -sr $$file $$(dirname $$file)/..; done

lib: $(LIB) $(SHARED)

# everything is made anew when compiler, flags or the list of sources change
STAMP := $(BUILD)/stamp
WANTED := $(CC) $(FLAGS) $(OBJECTS) $(TESTS) $(BENCH) $(COMMAND)
ifneq ($(file < $(STAMP)),$(WANTED))
.PHONY: $(STAMP)
endif

$(STAMP):
	@mkdir -p $(@D)
	@printf '%s\n' '$(WANTED)' > $@

# one sentence for a newcomer whose machine lacks the libraries
$(BUILD)/headers: Makefile
	@mkdir -p $(@D)
	@for header in cblas.h csv.h jansson.h stb/stb_ds.h; do \
		echo "#include <$$header>" | $(CC) $(STD) -E -x c - > /dev/null 2>&1 || \
		{ echo "$$header is missing: run 'make setup' first" >&2; exit 1; }; done
	@touch $@

# one object, in which hidden symbols are local: no name of the library's own meets one of a program's, or of the library
# of the other precision
$(LIB): $(OBJECTS) $(STAMP) | $(FLUSH)
	@rm -f $@
	@echo '  AR   $@'
	@$(CROSS)ld -r $(OBJECTS) -o $(BUILD)/tril.o
	@$(CROSS)objcopy --localize-hidden $(BUILD)/tril.o
	@$(CROSS)ar rcs $@ $(BUILD)/tril.o

$(SHARED): $(OBJECTS) $(STAMP) $(BUILD)/tril.map
	@echo '  LD   $@'
	@$(CC) -shared $(SANFLAGS) $(CFLAGS) $(LDFLAGS) -Wl,-soname,$(notdir $(LIBRARY)).so.$(MAJOR) -Wl,-Bsymbolic-functions -Wl,--version-script=$(BUILD)/tril.map $(OBJECTS) -o $@ $(LIBS)
	@ln -sf $(@F) $(LIBRARY).so.$(MAJOR)
	@ln -sf $(@F) $(LIBRARY).so

BITS := $(if $(DOUBLE),_f64,_f32)

$(BUILD)/tril.map: include/tril/names.h Makefile
	@mkdir -p $(@D)
	@{ echo 'TRIL_$(MAJOR) { global:'; sed -n 's/^#define \(tril_[a-z0-9_]*\) .*/    \1$(BITS);/p' $<; echo 'local: *; };'; } > $@

# the public symbols, read off the library: all that a public header declares; CI sees when the file is not up to date
names: $(LIB)
	@{ printf '%s\n' '/* Made by `make names`: the precision is part of every public symbol. */' '#ifndef TRIL_NAMES_H' '#define TRIL_NAMES_H' '' '#ifdef TRIL_DOUBLE' \
	    '#define TRIL_NAME(name) name##_f64' '#else' '#define TRIL_NAME(name) name##_f32' '#endif' ''; \
	$(CROSS)nm -g --defined-only $(LIB) | sed -n 's/.* [A-Z] \(tril_[a-z0-9_]*\)$$/\1/p' | sed 's/_f[36][24]$$//' | LC_ALL=C sort | \
	    sed 's/.*/#define & TRIL_NAME(&)/'; printf '\n#endif\n'; } > $(BUILD)/names.h
	@mv $(BUILD)/names.h include/tril/names.h

$(BUILD)/coverage.o: tests/coverage.c $(STAMP)
	@echo '  CC   $<'
	@$(CC) $(FLAGS) -c $< -o $@

# products and sums may be fused where the processor can, which only kernels need
$(BUILD)/src/kernels/%.o: NEEDED += -ffp-contract=fast

$(BUILD)/src/%.o: src/%.c $(STAMP) | $(BUILD)/headers
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(FLAGS) $(COUNTED) -Isrc -MMD -MP -c $< -o $@

demos: $(DEMOS) $(PROGRAMS)/tril

$(PROGRAMS)/demos/%: demos/%.c $(HOOK) $(ENGINE)
	@mkdir -p $(@D)
	@echo '  LD   $@'
	@$(CC) $(FLAGS) -MMD -MP -MF $@.d $< -o $@ $(HOOK) $(ENGINE) $(LDFLAGS) $(LIBS)

# what `tril export` writes around a model's numbers, as lists of lines
$(BUILD)/export_text.h: $(wildcard src/cmd/export/*.c)
	@mkdir -p $(@D)
	@for text in model distribution main; do echo "static const char *const $${text}_text[] = {"; \
		sed 's/[\\"]/\\&/g; s/.*/"&\\n",/' src/cmd/export/$$text.c; echo 'NULL };'; done > $@

$(BUILD)/src/cmd/export_c.o: $(BUILD)/export_text.h
$(BUILD)/src/cmd/export_c.o: private FLAGS += -I$(BUILD)

$(PROGRAMS)/tril: $(COMMAND) $(HOOK) $(ENGINE)
	@mkdir -p $(@D)
	@echo '  LD   $@'
	@$(CC) $(FLAGS) $(COMMAND) -o $@ $(HOOK) $(ENGINE) $(LDFLAGS) $(LIBS) -ldl

# where there is an MPI: a library of one file, of no precision, and what shows it; `mpirun tril fit` takes it too
mpi: $(BUILD)/libtril_mpi.a $(BUILD)/$(MPI_SHARED) $(BUILD)/demos/ranks

$(BUILD)/libtril_mpi.a: src/mpi/mpi.c include/tril/mpi.h include/tril/shards.h $(STAMP)
	@command -v mpicc > /dev/null || { echo 'make mpi needs an MPI: libopenmpi-dev and openmpi-bin, say' >&2; exit 1; }
	@mkdir -p $(BUILD)/src/mpi
	@echo '  CC   $<'
	@OMPI_CC='$(CC)' MPICH_CC='$(CC)' mpicc $(FLAGS) -c $< -o $(BUILD)/src/mpi/mpi.o
	@rm -f $@
	@$(CROSS)ar rcs $@ $(BUILD)/src/mpi/mpi.o

# which the command loads where mpirun has started it
$(BUILD)/$(MPI_SHARED): $(BUILD)/libtril_mpi.a
	@echo '  LD   $@'
	@OMPI_CC='$(CC)' MPICH_CC='$(CC)' mpicc -shared $(SANFLAGS) $(CFLAGS) $(LDFLAGS) -Wl,-soname,$(@F) $(BUILD)/src/mpi/mpi.o -o $@

$(BUILD)/demos/ranks: demos/ranks.c $(BUILD)/libtril_mpi.a $(ENGINE)
	@mkdir -p $(@D)
	@echo '  LD   $@'
	@OMPI_CC='$(CC)' MPICH_CC='$(CC)' mpicc $(FLAGS) $< -o $@ $(BUILD)/libtril_mpi.a $(ENGINE) $(LDFLAGS) $(LIBS)

# steps over processes, and a model of their time
bench-mpi: mpi
	@OMPI_CC='$(CC)' MPICH_CC='$(CC)' mpicc $(FLAGS) tests/bench/ranks.c -o $(BUILD)/bench_ranks $(BUILD)/libtril_mpi.a $(LIB) $(LDFLAGS) $(LIBS)
	OPENBLAS_NUM_THREADS=1 mpirun -n 2 $(BUILD)/bench_ranks

# the same bits with 1 to 4 processes, oversubscribed; of the command too
test-mpi: mpi $(BUILD)/tril
	@sh tests/mpi.sh $(BUILD)/demos/ranks $(BUILD)/tril

# the manual page: its gaps are filled with what the commands say themselves
$(PROGRAMS)/tril.1: src/cmd/tril.1 src/cmd/manual.sh $(PROGRAMS)/tril
	@sh src/cmd/manual.sh $(RUN) $(PROGRAMS)/tril < $< > $@

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DOCDIR ?= $(PREFIX)/share/doc/tril
PAGES  := $(patsubst include/tril/%.h,$(PROGRAMS)/pages/tril_%.3,$(filter-out %/names.h,$(wildcard include/tril/*.h)))

# the manual page of a header
$(PROGRAMS)/pages/tril_%.3: include/tril/%.h src/install/page.sh
	@mkdir -p $(@D)
	@sh src/install/page.sh $< $(VERSION) > $@

# the folders of both precisions, otherwise built alike
ALIKE  := $(filter-out double,$(words))
FLOAT_BUILD  := build$(if $(ALIKE),/$(subst $(nothing) ,-,$(ALIKE)))
DOUBLE_BUILD := build/$(subst $(nothing) ,-,$(strip double $(ALIKE)))
INSTALLER = VERSION='$(VERSION)' PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' DOCDIR='$(DOCDIR)' DESTDIR='$(DESTDIR)' PROGRAMS=$(PROGRAMS) FLOAT=$(FLOAT_BUILD) DOUBLE=$(DOUBLE_BUILD) sh src/install/install.sh

install: install-command install-library

install-command: $(PROGRAMS)/tril $(PROGRAMS)/tril.1
	$(INSTALLER) install command

# this precision, then the other
install-library: lib $(PAGES)
	@$(MAKE) lib DOUBLE=$(if $(DOUBLE),,1)
	$(INSTALLER) install library

uninstall:
	$(INSTALLER) uninstall command
	$(INSTALLER) uninstall library

# packages, in build/deb, of a copy of the tree
deb:
	@command -v dpkg-buildpackage > /dev/null || { echo "make deb needs dpkg-dev and debhelper: run 'make setup-dev' first" >&2; exit 1; }
	@rm -rf build/deb
	@mkdir -p build/deb/tril
	@cp -r $(filter-out build,$(wildcard *)) build/deb/tril
	@cp -r src/debian build/deb/tril/debian
	@sed -i 's/@VERSION@/$(VERSION)/' build/deb/tril/debian/changelog
	@unset MAKEFLAGS MAKELEVEL && cd build/deb/tril && dpkg-buildpackage -b -us -uc

demo: demos
	@mkdir -p $(BUILD)/pictures
	$(PROGRAMS)/demos/shapes
	$(PROGRAMS)/demos/categories data/categories.csv 7 $(BUILD)/pictures/categories.txt
	gnuplot -c demos/categories.gp $(BUILD)/pictures/categories.txt $(BUILD)/pictures/categories.png
	$(PROGRAMS)/demos/points $(BUILD)/pictures
	$(PROGRAMS)/tril plot $(BUILD)/pictures/points.safetensors data/points.csv -o $(BUILD)/pictures/points.png

# OpenBLAS's threads and the fork of every test do not go together, nor do forks and the sanitizers' leak check
TEST_ENV := OPENBLAS_NUM_THREADS=1 BUILD=$(PROGRAMS) RUN=$(RUN) $(if $(CROSS),CC='$(CC) --sysroot=$(ROOT)') $(if $(filter tsan,$(words)),TSAN_OPTIONS=allocator_may_return_null=1,$(if $(SAN),CK_FORK=no ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1)) $(if $(COVERAGE),GCOV_ERROR_FILE=/dev/null) $(if $(PIECEWISE),CK_EXCLUDE_TAGS=blocks) CK_DEFAULT_TIMEOUT=60 CK_TIMEOUT_MULTIPLIER=$(if $(RUN),10,3)

# what make install puts below a folder works there
installed: $(PROGRAMS)/tril.1
	@rm -rf $(BUILD)/installed
	@$(MAKE) -s install-command DESTDIR=$(BUILD)/installed PREFIX=
	@RUN='$(RUN)' sh tests/install.sh $(BUILD)/installed

# programs in several languages with the installed library; then nothing of it is left
embed: $(PROGRAMS)/tril.1
	@rm -rf $(BUILD)/embed
	@$(MAKE) -s install PREFIX=$(CURDIR)/$(BUILD)/embed/usr
	@! grep -rI '$(CURDIR)' $(BUILD)/embed/usr | grep -v '$(CURDIR)/$(BUILD)/embed/' # else it would need the source tree
	@ALL='$(ALL)' CC='$(CC)' CXX='$(CXX)' TRIL_SOURCE=$(CURDIR) sh $(BUILD)/embed/usr/share/doc/tril/examples/run.sh $(CURDIR)/$(BUILD)/embed/usr/lib $(BUILD)/embed/programs
	@for page in $(BUILD)/embed/usr/share/man/man*/*; do ! man --warnings -l $$page 2>&1 > /dev/null | grep . || exit 1; done
	@$(MAKE) -s uninstall PREFIX=$(CURDIR)/$(BUILD)/embed/usr
	@! find $(BUILD)/embed/usr -not -type d | grep . && ! find $(BUILD)/embed/usr -name '*tril*' | grep .

# what the suites run
SUITES := $(BUILD)/tests/run $(DEMOS) $(PROGRAMS)/tril $(PROGRAMS)/bench

# all that a test run is but the suites
test-rest: layers circles examples headers link $(if $(SAN),,abi) installed $(SUITES) $(if $(SAN)$(CROSS),,allocations-sample)

test: test-rest
	@$(TEST_ENV) $(RUN) $(BUILD)/tests/run

$(MACHINES:%=test-%): test-%:
	$(MAKE) test CC=$*-linux-gnu-gcc

# as on older processors: every kernel of OpenBLAS that this one can run, with the loops of the library that go with it
test-kernels:
	@kernels=$$(sh tests/kernels.sh $(KERNELS)) && for kernel in $$kernels; do for double in '' 1; do \
		echo "== $$kernel$${double:+, double}"; \
		OPENBLAS_CORETYPE=$${kernel%:*} $(MAKE) -s checks HOLD=$${kernel#*:} DOUBLE=$$double || exit 1; done; done

# every line of the library runs, and of its branches outside the kernels 95 %
coverage:
	@find build -name '*.gcda' -delete
	@$(MAKE) checks examples allocations-sample COVERAGE=1
	@! command -v mpicc > /dev/null || $(MAKE) test-mpi COVERAGE=1
	@gcovr --root . --object-directory build/coverage --filter src/ --exclude src/kernels/ --branches --fail-under-branch 95
	@gcovr --root . --object-directory build/coverage --filter src/ --fail-under-line 100

# programs that are not in tests/reference; any SEED gives others
differential: $(BUILD)/tests/run
	@/usr/bin/python3 -c 'import scipy, torch' 2> /dev/null || \
		{ echo 'make differential needs PyTorch and SciPy: install python3-torch and python3-scipy' >&2; exit 1; }
	/usr/bin/python3 tests/reference/differential.py $(or $(RUNS),1000) $(or $(SEED),100000) > $(BUILD)/differential.txt
	@$(TEST_ENV) CK_RUN_SUITE=differential DIFFERENTIAL=$(BUILD)/differential.txt $(RUN) $(BUILD)/tests/run

# the suites alone, in two parts, each with a closing line of its own, which -j2 runs side by side
PARTS = $(if $(CK_RUN_SUITE),0,0 1)

test-parts: test-rest checks

checks: $(PARTS:%=check-part-%)

check-part-%: $(SUITES)
	@$(TEST_ENV) $(RUN) $(BUILD)/tests/run $* $(words $(PARTS))

# but for what only starts other programs, and for long sums that other tests reach too
valgrind: $(PARTS:%=valgrind-part-%)

valgrind-part-%: $(BUILD)/tests/run
	@$(TEST_ENV) CK_FORK=no CK_EXCLUDE_TAGS="program long" valgrind -q --error-exitcode=1 --leak-check=full $(BUILD)/tests/run $* $(words $(PARTS))

# the engine as two files; with FILES=1 also what reads tables and keeps models
SINGLE := $(filter-out $(if $(FILES),,src/io/% src/model/model% src/model/tensors%),$(OBJECTS:$(BUILD)/%.o=%.c))

amalgamation:
	@mkdir -p build/amalgamation
	@perl src/install/amalgamation.pl build/amalgamation $(SINGLE)

# they build a program that learns with them what it learns with the library
test-amalgamation: $(LIB)
	@$(MAKE) -s amalgamation
	@sed 's/<tril\/tril.h>/"tril.h"/' tests/embed/u1.c > build/amalgamation/u1.c
	@cd build/amalgamation && $(CC) $(STD) -Wall -Wextra -Werror -O1 $(if $(DOUBLE),-DTRIL_DOUBLE) u1.c tril.c -o u1 $(if $(FILES),$(LIBS),-lopenblas -lm -lpthread)
	@$(CC) $(USER) tests/embed/u1.c -o $(BUILD)/u1 $(LIB) $(LIBS)
	@$(RUN) build/amalgamation/u1 > build/amalgamation/said && $(RUN) $(BUILD)/u1 | diff build/amalgamation/said - && cat build/amalgamation/said

# a program that was built before a public struct grew, with the shared library
abi: $(SHARED)
	@CC='$(CC)' FLAGS='$(USER)' LIBS='$(LIBS)' RUN='$(RUN)' sh tests/abi.sh $(BUILD)/abi $(SHARED)

# the list of test suites, and of everything the library registers, is read off the code: none can be forgotten
$(BUILD)/tests/suites.h: $(STAMP) $(filter-out tests/main.c,$(sort $(wildcard tests/*.c tests/*/*.c)))
	@mkdir -p $(@D)
	@sed -n 's/^Suite \*\(suite_[a-z_0-9]*\)(void)$$/X(\1)/p' $(filter %.c,$^) > $@

$(BUILD)/tests/registry.h: $(OBJECTS)
	@mkdir -p $(@D)
	@$(CROSS)nm -g $(OBJECTS) | sed 's/$(BITS)$$//' | sed -n 's/.* [A-TV-Z] tril_op_\([a-z0-9_]*\)$$/X_OP(\1)/p; s/.* [A-TV-Z] tril_dist_kind_\([a-z0-9_]*\)$$/X_DIST(\1)/p; s/.* [A-SV-Z] tril_optim_\([a-z0-9_]*\)$$/X_OPTIM(\1)/p' | sort -u > $@
	@sed -i '/^X_OP(fail)\|^X_OP(apply)/d' $@

$(BUILD)/tests/%.o: tests/%.c $(STAMP) | $(BUILD)/tests/suites.h $(BUILD)/tests/registry.h
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(filter-out -Wdouble-promotion,$(FLAGS)) -Isrc -Itests -I$(BUILD)/tests -MMD -MP -c $< -o $@

# limits may use all that this processor has, and all liberties of floating point; private: what they depend on may not
$(BUILD)/tests/bench/by_hand_%.o: private NEEDED += $(shell $(CC) -march=native -E -x c /dev/null > /dev/null 2>&1 && echo -march=native) -ffast-math

$(PROGRAMS)/bench: $(BENCH) $(HOOK) $(ENGINE) $(STAMP)
	@mkdir -p $(@D)
	@echo '  LD   $@'
	@$(CC) $(FLAGS) $(BENCH) $(HOOK) -o $@ $(ENGINE) $(LDFLAGS) $(LIBS)

bench: $(PROGRAMS)/bench
	$(PROGRAMS)/bench $(if $(JSON),--json $(JSON))

# tests see what is hidden: they link the objects
$(BUILD)/tests/run: $(TESTS) $(if $(PIECEWISE),$(WITH_PIECES),$(OBJECTS)) $(STAMP)
	@echo '  LD   $@'
	@$(CC) $(FLAGS) $(filter %.o,$^) -o $@ $(LDFLAGS) $(LIBS) -lcheck -lsubunit -lrt

layers:
	@sh tests/layers.sh

# each allocation of whole commands fails in turn, or some of them
allocations: $(BUILD)/command_allocations
	$<

allocations-sample: $(BUILD)/command_allocations
	@$(if $(COVERAGE),GCOV_ERROR_FILE=/dev/null KEEP_USER=1) $< 5

# random programs of all that the library registers, then random command lines
fuzz: fuzz-tape
	@$(MAKE) fuzz-command

fuzz-tape: $(BUILD)/fuzz
	OPENBLAS_NUM_THREADS=1 $(RUN) $< $(or $(SEED),1) $(or $(RUNS),0) $(if $(RUNS),0,$(or $(SECONDS),60))

$(BUILD)/fuzz: $(BUILD)/tests/fuzz/tape.o $(BUILD)/tests/fuzz/main.o $(WITH_PIECES) $(STAMP)
	@echo '  LD   $@'
	@$(CC) $(FLAGS) $(filter %.o,$^) -o $@ $(LDFLAGS) $(LIBS)

# random command lines
fuzz-command: $(BUILD)/command_fuzz
	$(RUN) $< $(or $(SEED),1) $(or $(FIRST),0) $(or $(RUNS),0) $(if $(RUNS),0,$(or $(SECONDS),60))

# with the command linked in; its main is no longer the program's
$(BUILD)/command_%: tests/command/%.c tests/command/runs.c tests/command/runs.h $(COMMAND) $(LIB)
	@echo '  LD   $@'
	@$(CC) $(FLAGS) -Isrc -Dmain=tril_main -c src/cmd/main.c -o $@.o
	@$(CC) $(FLAGS) $< tests/command/runs.c -o $@ $@.o $(filter-out %/main.o,$(COMMAND)) $(LIB) $(LIBS) -ldl

# the programs in the headers and in README.md compile, run and succeed
examples: $(LIB)
	@CC='$(CC)' FLAGS='$(USER)' RUN='$(RUN)' LIBS='$(LIB) $(LIBS)' sh tests/examples.sh $(BUILD)/examples

# the public headers in C++, where there is a compiler for it
headers: examples
	@CXX='$(CXX)' sh tests/headers.sh $(BUILD)/examples

# no files call each other
circles: $(OBJECTS) $(COMMAND)
	@CROSS='$(CROSS)' sh tests/circles.sh $^

# the public symbols are those that names.h lists
link: $(LIB) $(if $(SAN),,$(SHARED))
	@CC='$(CC)' CROSS='$(CROSS)' FLAGS='$(STD) $(SANFLAGS) -Iinclude' LIBS='$(LIB) $(LIBS)' sh tests/link.sh $(BUILD)/link '$(DOUBLE)' $(LIB) $(if $(SAN),,$(SHARED))

# on data of one's own: DATA/NAME.csv and, with the rows of the test sets, DATA/splits/NAME.csv
uci: $(PROGRAMS)/tril
	@sh tests/bench/uci.sh $(PROGRAMS)/tril $(or $(DATA),$(error make uci DATA=FOLDER))

data:
	$(MAKE) DOUBLE=1 lib
	@mkdir -p build
	$(CC) $(STD) $(WARNINGS) $(CFLAGS) -Iinclude -DTRIL_DOUBLE data/generate.c -o build/generate build/double/libtril_double.a $(LIBS)
	build/generate points > build/points.csv
	build/generate categories > build/categories.csv
	mv build/points.csv build/categories.csv data/

format:
	clang-format -i $(SOURCES)

format-check:
	clang-format --dry-run --Werror $(SOURCES)

clean:
	rm -rf build

.PHONY: help setup setup-dev $(MACHINES:%=setup-%) $(MACHINES:%=test-%) lib names demos demo mpi test-mpi bench bench-mpi uci test test-rest test-parts checks test-kernels coverage valgrind layers circles examples headers link abi install install-command install-library uninstall deb installed embed amalgamation test-amalgamation allocations allocations-sample data format format-check clean fuzz fuzz-tape fuzz-command differential
.DELETE_ON_ERROR:
.SECONDARY:

-include $(OBJECTS:.o=.d) $(TESTS:.o=.d) $(patsubst %.c,$(BUILD)/%.d,$(wildcard tests/fuzz/*.c)) $(BENCH:.o=.d) $(COMMAND:.o=.d) $(DEMOS:=.d)
