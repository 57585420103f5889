/* What a process has counted is kept although it ends without exit: for `make coverage`, whose
 * programs call these instead of the C library's. */
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);
int __real_raise(int number);
_Noreturn void __real__exit(int status);

/* of command/allocations.c, where it is linked in: writing the counts takes memory */
__attribute__((weak)) void allocations_stop(void);

static void flush(void)
{
    if (allocations_stop)
        allocations_stop();
    __gcov_dump();
    __gcov_reset();
}

int __wrap_raise(int number)
{
    flush();
    return __real_raise(number);
}

_Noreturn void __wrap__exit(int status)
{
    flush();
    __real__exit(status);
}

/* of a program and its name */
int __wrap_execlp(const char *file, const char *name, ...)
{
    flush();
    return execvp(file, (char *const[]){ (char *)name, NULL });
}
