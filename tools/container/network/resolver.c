/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/resolver.h"

#include "container/network/backends.h"
#include "container/network/kind.h"

#include <ctype.h>
#include <string.h>

#define NAMESERVER "nameserver"

/* The address on a line of a server; NULL: it is another line. */
static const char *server_of(const char *line)
{
	size_t length = sizeof(NAMESERVER) - 1;

	if (strncmp(line, NAMESERVER, length) != 0 || !isblank((unsigned char)line[length]))
		return NULL;
	return line + length + strspn(line + length, " \t");
}

static bool is_loopback(const char *server)
{
	return strncmp(server, "127.", 4) == 0 || strncmp(server, "::1", 3) == 0;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

bool resolver_has_server(const char *text)
{
	for (const char *line = text; *line; line = next_line(line))
		if (server_of(line))
			return true;
	return false;
}

bool resolver_has_outer_server(const char *text)
{
	for (const char *line = text; *line; line = next_line(line)) {
		const char *server = server_of(line);

		if (server && !is_loopback(server))
			return true;
	}
	return false;
}

/* Who answers in the network itself; NULL: nobody, or nobody would know more. */
static const char *inner_server(enum network_kind kind, const char *host)
{
	if (!resolver_has_server(host))
		return NULL;
	return kind == NETWORK_PASTA	     ? NETWORK_PASTA_RESOLVER
	       : kind == NETWORK_SLIRP4NETNS ? NETWORK_SLIRP4NETNS_RESOLVER
					     : NULL;
}

/* The host's lines: those of servers as far as they are to be kept, and all others, which may be about those. */
static int append_lines(const char *host, bool outer_servers, bool inner_servers,
			struct buffer *text)
{
	int error = 0;

	for (const char *line = host; !error && *line; line = next_line(line)) {
		const char *server = server_of(line);

		if (server ? !(is_loopback(server) ? inner_servers : outer_servers)
			   : !outer_servers && strchr("#;", line[0]))
			continue;
		error = buffer_append(text, line, strcspn(line, "\n"));
		if (!error)
			error = buffer_append_string(text, "\n");
	}
	return error;
}

int resolver_make(const char *mode, const struct string_list *servers, const char *host,
		  struct buffer *text)
{
	enum network_kind kind = network_kind(mode);
	const char *inner = inner_server(kind, host);
	bool replaced = servers->count > 0 || inner;
	int error = 0;

	for (size_t i = 0; !error && i < servers->count; i++)
		error = buffer_append_format(text, NAMESERVER " %s\n", servers->strings[i]);
	if (!error && servers->count == 0 && inner)
		error = buffer_append_format(text, NAMESERVER " %s\n", inner);
	/* A network of the machine leads to other machines, and not to this one's loopback. */
	return error ? error
		     : append_lines(host, !replaced, !replaced && kind != NETWORK_NAMED, text);
}
