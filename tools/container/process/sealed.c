/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/process/sealed.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define SELF "/proc/self/exe"
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int copy(int from, int to)
{
	struct stat status;
	off_t offset = 0;

	if (fstat(from, &status) < 0)
		return -errno;
	while (offset < status.st_size) {
		ssize_t sent = sendfile(to, from, &offset, (size_t)(status.st_size - offset));

		if (sent < 0 && errno != EINTR)
			return -errno;
		if (sent == 0)
			return -EIO;
	}
	return 0;
}

int sealed_copy(const char *path)
{
	cleanup_fd int program = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_fd int memory = -1;
	int error;

	if (program < 0)
		return -errno;
	memory = memfd_create("cowrun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory < 0)
		return -errno;
	error = copy(program, memory);
	if (!error && (fchmod(memory, 0755) < 0 || fcntl(memory, F_ADD_SEALS, SEALS) < 0))
		error = -errno;
	return error ? error : steal_fd(&memory);
}

static bool is_sealed(void)
{
	cleanup_fd int self = open(SELF, O_RDONLY | O_CLOEXEC);

	return self >= 0 && fcntl(self, F_GET_SEALS) == SEALS;
}

int sealed_execute(char **arguments)
{
	cleanup_fd int memory = -1;

	if (is_sealed())
		return 0;
	memory = sealed_copy(SELF);
	if (memory < 0)
		return memory;
	(void)fexecve(memory, arguments, environ);
	return -errno;
}
