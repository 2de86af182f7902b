/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int number_read_u64(const char *text, uint64_t *ret_number)
{
	unsigned long long number;

	if (!text[0] || text[strspn(text, "0123456789")])
		return -EINVAL;
	errno = 0;
	number = strtoull(text, NULL, 10);
	if (errno)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

int number_read_u32(const char *text, uint32_t *ret_number)
{
	uint64_t number;

	if (number_read_u64(text, &number) < 0 || number > UINT32_MAX)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

int number_read_in(const char *text, int64_t minimum, int64_t maximum, int64_t *ret_number)
{
	int negative = text[0] == '-';
	uint64_t size;
	int64_t number;

	if (number_read_u64(text + negative, &size) < 0 || size > INT64_MAX)
		return -EINVAL;
	number = negative ? -(int64_t)size : (int64_t)size;
	if (number < minimum || number > maximum)
		return -EINVAL;
	*ret_number = number;
	return 0;
}
