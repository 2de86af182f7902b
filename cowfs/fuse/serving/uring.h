/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages over io_uring instead of read(2) and write(2) of the device (Linux 6.14,
 * Documentation/filesystems/fuse/fuse-io-uring.rst): one thread for each processor, which serves what is asked there.
 */
#pragma once

#include "base/problem.h"

/*
 * Whether messages may be asked for over io_uring, as far as this process can tell: 0, or -errno with a problem. The
 * kernel's answer to the first message decides.
 */
int uring_check(struct problem *problem);

/* The problem when that answer is no: -ENOTSUP. */
int uring_not_offered(struct problem *problem);
