/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t came;
/* Whichever thread gets the signal, who waits for this one wakes up. */
static int descriptor = -1;

static void note(int signal)
{
	int error = errno;

	came = signal;
	(void)!write(descriptor, &(uint64_t){ 1 }, sizeof(uint64_t));
	errno = error;
}

void interrupt_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = note }, ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;

	if (descriptor < 0)
		descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
	}
	(void)sigaction(SIGXFSZ, &ignore, NULL);
}

bool interrupt_came(void)
{
	return came != 0;
}

int interrupt_descriptor(void)
{
	return descriptor;
}

void interrupt_obey(void)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	int signal = came;

	if (!signal)
		return;
	(void)sigaction(signal, &action, NULL);
	(void)raise(signal);
}
