/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file_data.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

TestSuite(file_data, .timeout = 300);

Test(file_data, there_and_back)
{
	static char bytes[100000];
	cleanup_buffer struct buffer content = BUFFER_INIT;
	int fd = memfd_create("file", MFD_CLOEXEC);

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	cr_assert_eq(file_write_all(fd, bytes, sizeof(bytes)), 0);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	cr_assert_eq(file_read_all(fd, sizeof(bytes), &content), 0);
	cr_assert_eq(content.length, sizeof(bytes));
	cr_assert_eq(memcmp(content.data, bytes, sizeof(bytes)), 0);
	cr_assert_eq(file_read_piece(fd, bytes, sizeof(bytes)), 0);
	cr_assert_eq(close(fd), 0);
}

Test(file_data, limits_and_errors)
{
	cleanup_buffer struct buffer content = BUFFER_INIT;
	int fd = memfd_create("file", MFD_CLOEXEC);

	cr_assert_eq(file_write_all(fd, "12345", 5), 0);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	cr_assert_eq(file_read_all(fd, 4, &content), -EFBIG);
	cr_assert_eq(close(fd), 0);
	cr_assert_eq(file_read_all(-1, 4, &content), -EBADF);
	cr_assert_eq(file_write_all(-1, "1", 1), -EBADF);
	cr_assert_eq(file_write_all(-1, "", 0), 0);
}
