/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A range of IPv4 addresses, written 10.89.0.0/24. Addresses are in the order of the host's bytes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct subnet {
	uint32_t first;	 /* its own address */
	unsigned prefix; /* from 8 to 30 bits, so that there are at least two addresses to be had */
};

#define SUBNET_TEXT_SIZE 20

/* 0; -EINVAL: it is none, or its address is not its first. */
int subnet_read(const char *text, struct subnet *ret_subnet);
void subnet_text(const struct subnet *subnet, char text[SUBNET_TEXT_SIZE]);

/* 0 or -EINVAL. */
int subnet_address_read(const char *text, uint32_t *ret_address);
void subnet_address_text(uint32_t address, char text[SUBNET_TEXT_SIZE]);

/* Whether the address can be somebody's in it: neither its own nor that of all. */
bool subnet_has(const struct subnet *subnet, uint32_t address);
bool subnet_overlaps(const struct subnet *a, const struct subnet *b);
