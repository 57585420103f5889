/* Loaded before a program's libraries: lets the allocation number FAIL_AT of its main fail, with
 * FAIL_ALL=1 all that follow too, and writes how many there were into the file FAIL_COUNT. OpenBLAS
 * is left out: it aborts, or tries for ever, which the library has to forestall. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* glibc's, under the names that nobody stands in front of */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

typedef int main_function(int argc, char **argv, char **envp);
typedef int start_function(main_function *main, int argc, char **argv, void (*init)(void),
                           void (*fini)(void), void (*rtld_fini)(void), void *stack_end);
typedef void *mmap_function(void *address, size_t length, int protection, int flags, int fd,
                            off_t offset);

static bool counting, all;
static long at;
static atomic_long count;
static const char *count_file;
static main_function *real_main;
static mmap_function *real_mmap;

static bool fails(const void *caller)
{
    Dl_info info;
    if (!counting ||
        (dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "openblas")))
        return false;
    const long k = atomic_fetch_add(&count, 1) + 1;
    const bool failed = at && (all ? k >= at : k == at);
    errno = failed ? ENOMEM : errno;
    return failed;
}

#define FAILS fails(__builtin_return_address(0))

void *malloc(size_t size)
{
    return FAILS ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return FAILS ? NULL : __libc_calloc(n, size);
}

void *realloc(void *ptr, size_t size)
{
    return FAILS ? NULL : __libc_realloc(ptr, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return FAILS ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *block = FAILS ? NULL : __libc_memalign(alignment, size);
    if (block)
        *out = block;
    return block ? 0 : ENOMEM;
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    if (FAILS)
        return MAP_FAILED;
    if (!real_mmap)
        *(void **)&real_mmap = dlsym(RTLD_NEXT, "mmap");
    return real_mmap(address, length, protection, flags, fd, offset);
}

static int counted_main(int argc, char **argv, char **envp)
{
    const char *number = getenv("FAIL_AT");
    at = number ? atol(number) : 0;
    all = getenv("FAIL_ALL");
    count_file = getenv("FAIL_COUNT");
    unsetenv("LD_PRELOAD"); /* gnuplot is another program */
    counting = true;
    return real_main(argc, argv, envp);
}

int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    start_function *start;
    *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main;
    return start(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

__attribute__((destructor)) static void end(void)
{
    counting = false;
    FILE *f = count_file ? fopen(count_file, "w") : NULL;
    if (f) {
        fprintf(f, "%ld\n", atomic_load(&count));
        fclose(f);
    }
}
