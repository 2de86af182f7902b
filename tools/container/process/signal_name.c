/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/signal_name.h"

#include "container/number.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

/* RTMIN, RTMIN+N, RTMAX, RTMAX-N. */
static int real_time_number(const char *name)
{
	uint32_t distance = 0;
	int number;

	if (strncasecmp(name, "RTMIN", 5) == 0 && (!name[5] || name[5] == '+'))
		number = SIGRTMIN;
	else if (strncasecmp(name, "RTMAX", 5) == 0 && (!name[5] || name[5] == '-'))
		number = SIGRTMAX;
	else
		return -EINVAL;
	if (name[5] && number_read_u32(name + 6, &distance) < 0)
		return -EINVAL;
	if (distance > (uint32_t)(SIGRTMAX - SIGRTMIN))
		return -EINVAL;
	return number == SIGRTMIN ? number + (int)distance : number - (int)distance;
}

int signal_number(const char *text, struct problem *problem)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint32_t number;

	if (number_read_u32(text, &number) == 0 && number > 0 && number <= (uint32_t)SIGRTMAX)
		return (int)number;
	for (int i = 1; i < NSIG; i++) {
		const char *abbreviation = sigabbrev_np(i);

		if (abbreviation && strcasecmp(abbreviation, name) == 0)
			return i;
	}
	if (real_time_number(name) > 0)
		return real_time_number(name);
	return problem_set(problem, -EINVAL, "%s is no signal", text[0] ? text : "\"\"");
}
