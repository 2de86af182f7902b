/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/subnet.h"

#include "container/number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint32_t mask_of(unsigned prefix)
{
	return UINT32_MAX << (32 - prefix);
}

int subnet_address_read(const char *text, uint32_t *ret_address)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		return -EINVAL;
	*ret_address = ntohl(address.s_addr);
	return 0;
}

void subnet_address_text(uint32_t address, char text[SUBNET_TEXT_SIZE])
{
	(void)snprintf(text, SUBNET_TEXT_SIZE, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
		       address >> 8 & 255, address & 255);
}

int subnet_read(const char *text, struct subnet *ret_subnet)
{
	char copy[SUBNET_TEXT_SIZE];
	char *slash;
	int64_t prefix;
	uint32_t first;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return -EINVAL;
	slash = strchr(copy, '/');
	if (!slash || number_read_in(slash + 1, 8, 30, &prefix) < 0)
		return -EINVAL;
	*slash = '\0';
	if (subnet_address_read(copy, &first) < 0 || (first & ~mask_of((unsigned)prefix)))
		return -EINVAL;
	*ret_subnet = (struct subnet){ .first = first, .prefix = (unsigned)prefix };
	return 0;
}

void subnet_text(const struct subnet *subnet, char text[SUBNET_TEXT_SIZE])
{
	size_t length;

	subnet_address_text(subnet->first, text);
	length = strlen(text);
	(void)snprintf(text + length, SUBNET_TEXT_SIZE - length, "/%u", subnet->prefix);
}

bool subnet_has(const struct subnet *subnet, uint32_t address)
{
	uint32_t last = subnet->first | ~mask_of(subnet->prefix);

	return address > subnet->first && address < last;
}

bool subnet_overlaps(const struct subnet *a, const struct subnet *b)
{
	uint32_t mask = mask_of(a->prefix < b->prefix ? a->prefix : b->prefix);

	return (a->first & mask) == (b->first & mask);
}
