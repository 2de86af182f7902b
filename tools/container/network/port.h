/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of the machine that lead to ports of a container, as -p writes them:
 *
 *	[[ADDRESS:][PORT[-LAST]]:]PORT[-LAST][/tcp|/udp]
 *
 * An IPv6 address stands in brackets. Without a port of the machine, one that is free is found when the container
 * starts. What is kept, in the configuration and the state of a container, is the text that port_mapping_text() makes.
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>

struct port_mapping {
	char address[INET6_ADDRSTRLEN]; /* of the machine; empty: all of them */
	uint16_t host;			/* the first of the machine's; 0: any that are free */
	uint16_t container;		/* the first of the container's */
	uint16_t count;			/* how many follow each other, at least 1 */
	bool udp;			/* else TCP */
};

#define PORT_TEXT_SIZE 96

/* 0, or -EINVAL with a problem. */
int port_mapping_read(const char *text, struct port_mapping *ret_mapping, struct problem *problem);

/* "127.0.0.1:8080:80/tcp", "[::1]:8000-8009:80-89/udp", ":80/tcp" for any port of the machine's. */
void port_mapping_text(const struct port_mapping *mapping, char text[PORT_TEXT_SIZE]);

/* "tcp" or "udp". */
const char *port_mapping_protocol(const struct port_mapping *mapping);

/* For an EXPOSEd PORT[-LAST][/PROTOCOL] of an image: whether one of the texts leads to all of it. */
bool port_list_has(const struct string_list *mappings, const struct port_mapping *exposed);
