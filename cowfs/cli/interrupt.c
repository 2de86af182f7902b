/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t came;

static void note(int signal)
{
	came = signal;
}

void interrupt_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = note }, ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;

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

void interrupt_obey(void)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	int signal = came;

	if (!signal)
		return;
	(void)sigaction(signal, &action, NULL);
	(void)raise(signal);
}
