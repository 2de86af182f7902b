/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/port.h"

#include "container/number.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535

static int malformed(const char *text, struct problem *problem)
{
	return problem_set(
		problem, -EINVAL,
		"-p %s: it must be [[ADDRESS:]PORT:]PORT[/tcp|/udp], where a PORT may be "
		"a range as 8000-8009",
		text);
}

/* "80" or "80-89". */
static int read_range(const char *text, uint16_t *ret_first, uint16_t *ret_count)
{
	char part[16];
	const char *dash = strchr(text, '-');
	int64_t first, last;

	if (strlen(text) >= sizeof(part))
		return -EINVAL;
	(void)snprintf(part, sizeof(part), "%.*s", dash ? (int)(dash - text) : (int)strlen(text),
		       text);
	if (number_read_in(part, 1, PORT_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && number_read_in(dash + 1, first, PORT_MAX, &last) < 0)
		return -EINVAL;
	*ret_first = (uint16_t)first;
	*ret_count = (uint16_t)(last - first + 1);
	return 0;
}

/* Cuts "/tcp" or "/udp" off. */
static int read_protocol(char *text, bool *ret_udp)
{
	char *slash = strchr(text, '/');

	*ret_udp = slash && strcmp(slash, "/udp") == 0;
	if (slash && !*ret_udp && strcmp(slash, "/tcp") != 0)
		return -EINVAL;
	if (slash)
		*slash = '\0';
	return 0;
}

/* An IPv6 address in brackets, or one without that is of IPv4; in the form in which such are usually written. */
static int read_address(char *text, char address[INET6_ADDRSTRLEN])
{
	struct in6_addr binary;
	size_t length = strlen(text);
	int family = AF_INET;

	if (text[0] == '[' && text[length - 1] == ']') {
		text[length - 1] = '\0';
		text++;
		family = AF_INET6;
	}
	if (inet_pton(family, text, &binary) != 1 ||
	    !inet_ntop(family, &binary, address, INET6_ADDRSTRLEN))
		return -EINVAL;
	return 0;
}

/* [ADDRESS:][PORT[-LAST]], which is the part in front of the container's. */
static int read_host(char *text, struct port_mapping *mapping)
{
	char *colon = strrchr(text, ':');
	const char *port = colon ? colon + 1 : text;
	uint16_t count = mapping->count;
	int error = 0;

	if (colon) {
		*colon = '\0';
		error = read_address(text, mapping->address);
	}
	if (!error && *port)
		error = read_range(port, &mapping->host, &count);
	return error ? error : count == mapping->count ? 0 : -ERANGE;
}

int port_mapping_read(const char *text, struct port_mapping *ret_mapping, struct problem *problem)
{
	struct port_mapping mapping = { .address = "" };
	char copy[PORT_TEXT_SIZE], *colon;
	int error;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return malformed(text, problem);
	error = read_protocol(copy, &mapping.udp);
	colon = strrchr(copy, ':');
	if (!error)
		error = read_range(colon ? colon + 1 : copy, &mapping.container, &mapping.count);
	if (!error && colon) {
		*colon = '\0';
		error = read_host(copy, &mapping);
	}
	if (error == -ERANGE)
		return problem_set(problem, -EINVAL,
				   "-p %s: the two ranges must have the same length", text);
	if (error)
		return malformed(text, problem);
	*ret_mapping = mapping;
	return 0;
}

static void append_range(char *text, size_t size, uint16_t first, uint16_t count)
{
	size_t length = strlen(text);

	(void)snprintf(text + length, size - length, count > 1 ? "%u-%u" : "%u", first,
		       (unsigned)first + count - 1U);
}

static void append(char *text, size_t size, const char *more)
{
	size_t length = strlen(text);

	(void)snprintf(text + length, size - length, "%s", more);
}

void port_mapping_text(const struct port_mapping *mapping, char text[PORT_TEXT_SIZE])
{
	bool is_v6 = strchr(mapping->address, ':');

	(void)snprintf(text, PORT_TEXT_SIZE, "%s%s%s", is_v6 ? "[" : "", mapping->address,
		       is_v6 ? "]" : "");
	if (mapping->address[0])
		append(text, PORT_TEXT_SIZE, ":");
	if (mapping->host)
		append_range(text, PORT_TEXT_SIZE, mapping->host, mapping->count);
	append(text, PORT_TEXT_SIZE, ":");
	append_range(text, PORT_TEXT_SIZE, mapping->container, mapping->count);
	append(text, PORT_TEXT_SIZE, mapping->udp ? "/udp" : "/tcp");
}

const char *port_mapping_protocol(const struct port_mapping *mapping)
{
	return mapping->udp ? "udp" : "tcp";
}

bool port_list_has(const struct string_list *mappings, const struct port_mapping *exposed)
{
	for (size_t i = 0; i < mappings->count; i++) {
		struct port_mapping mapping;

		if (port_mapping_read(mappings->strings[i], &mapping, NULL) == 0 &&
		    mapping.udp == exposed->udp && mapping.container <= exposed->container &&
		    mapping.container + mapping.count >= exposed->container + exposed->count)
			return true;
	}
	return false;
}
