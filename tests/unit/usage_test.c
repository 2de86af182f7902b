/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What containers use: the text of /proc/PID/net/dev. */
#include "container/cgroup/usage.h"

#include <criterion/criterion.h>
#include <errno.h>

#define TITLES                                                                                     \
	"Inter-|   Receive                            |  Transmit\n"                               \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
#define LOOPBACK                                                                                   \
	"    lo:    5000      50    0    0    0     0          0         0     5000      50\n"

Test(usage_network, adds_up_all_but_the_loopback)
{
	uint64_t received = 1, sent = 1;

	cr_assert_eq(
		usage_parse_network(TITLES LOOPBACK
				    "  eth0: 100 1 2 3 4 5 6 7 20 1 0 0 0 0 0 0\n"
				    "wlan0:18446744073709550000 1 0 0 0 0 0 0 3 1 0 0 0 0 0 0\n",
				    &received, &sent),
		0);
	cr_expect_eq(received, UINT64_C(18446744073709550100));
	cr_expect_eq(sent, 23);
}

/* Its name only begins like that of the loopback. */
Test(usage_network, counts_what_is_called_like_the_loopback)
{
	uint64_t received = 0, sent = 0;

	cr_assert_eq(usage_parse_network("lo1: 7 0 0 0 0 0 0 0 9 0\n", &received, &sent), 0);
	cr_expect_eq(received, 7);
	cr_expect_eq(sent, 9);
}

Test(usage_network, of_nothing_is_nothing)
{
	static const char *const texts[] = { "", TITLES, TITLES LOOPBACK };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		uint64_t received = 1, sent = 1;

		cr_expect_eq(usage_parse_network(texts[i], &received, &sent), 0);
		cr_expect_eq(received, 0);
		cr_expect_eq(sent, 0);
	}
}

Test(usage_network, refuses_lines_that_are_cut_off)
{
	static const char *const texts[] = { "eth0:\n", "eth0: 1 2 3 4 5 6 7 8\n",
					     "eth0: many 0 0 0 0 0 0 0 1\n", TITLES "eth0: 12" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		uint64_t received = 7, sent = 7;

		cr_expect_eq(usage_parse_network(texts[i], &received, &sent), -EBADMSG, "%s",
			     texts[i]);
		cr_expect_eq(received, 7);
		cr_expect_eq(sent, 7);
	}
}
