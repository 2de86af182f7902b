/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/terminal.h"

#include "base/cleanup.h"
#include "container/root/in_root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

void terminal_resize(int terminal, const struct attachment_size *size)
{
	const struct winsize window = { .ws_row = size->rows, .ws_col = size->columns };

	if (size->rows)
		(void)ioctl(terminal, TIOCSWINSZ, &window);
}

int terminal_open(int pts, const struct attachment_size *size, int *ret_master, int *ret_slave)
{
	cleanup_fd int master = in_root_open(pts, "ptmx", O_RDWR, 0);
	cleanup_fd int slave = -1;
	int locked = 0;

	if (master < 0)
		return master;
	if (ioctl(master, TIOCSPTLCK, &locked) < 0)
		return -errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	terminal_resize(master, size);
	*ret_master = steal_fd(&master);
	*ret_slave = steal_fd(&slave);
	return 0;
}

int terminal_take(int slave)
{
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return -errno;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(slave, fd) < 0)
			return -errno;
	return 0;
}
