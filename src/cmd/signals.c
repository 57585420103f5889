/* Signals that end a command. */
#include "cmd/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include <tril/file.h>

/* threads look at it too */
static atomic_bool postponed, came;

static void on_signal(int number)
{
    if (postponed && !came) {
        came = true;
        return;
    }
    tril_file_remove_temporaries();
    signal(number, SIG_DFL);
    raise(number);
}

void signals_begin(void)
{
    /* without SA_RESTART: a signal ends a wait too */
    const struct sigaction action = { .sa_handler = on_signal };
    const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction before;
        /* who started it in the background may have it ignore them */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of writing */
}

void signals_postpone(void)
{
    postponed = true;
}

bool signals_came(void)
{
    return came;
}
