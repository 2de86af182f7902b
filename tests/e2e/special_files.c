/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets in the file system: listen SOCKET FILE (what is heard goes there); connect SOCKET TEXT. */
#include "check.h"

#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	CHECK(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	return address;
}

static void listen_on(char **arguments)
{
	struct sockaddr_un address = address_of(arguments[0]);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int file = check_open(arguments[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	char text[256];

	CHECK(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(listen(listener, 5) == 0);
	for (;;) {
		int peer = accept(listener, NULL, NULL);
		ssize_t got = read(peer, text, sizeof(text));

		CHECK(peer >= 0 && got >= 0);
		CHECK(write(file, text, (size_t)got) == got);
		(void)close(peer);
	}
}

static void connect_to(char **arguments)
{
	struct sockaddr_un address = address_of(arguments[0]);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(write(fd, arguments[1], strlen(arguments[1])) == (ssize_t)strlen(arguments[1]));
}

static const struct check_command commands[] = {
	{ "listen", 2, listen_on },
	{ "connect", 2, connect_to },
	{ NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	return check_run(commands, argc, argv);
}
