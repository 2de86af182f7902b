/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/number_set.h"

#include <criterion/criterion.h>

Test(number_set, tells_new_from_known)
{
	struct number_set set = { 0 };

	for (uint64_t number = 1; number < 2000; number++)
		cr_assert_eq(number_set_add(&set, number * 0x1000), 1);
	for (uint64_t number = 1; number < 2000; number++)
		cr_assert_eq(number_set_add(&set, number * 0x1000), 0);
	cr_assert_eq(number_set_add(&set, UINT64_MAX), 1);
	cr_assert(number_set_has(&set, UINT64_MAX));
	cr_assert_not(number_set_has(&set, UINT64_MAX - 1));
	number_set_free(&set);
	cr_assert_not(number_set_has(&set, UINT64_MAX));
	cr_assert_eq(number_set_add(&set, 0x1000), 1);
	number_set_free(&set);
}
