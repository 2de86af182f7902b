/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory tree through a mount that nobody else sees.
 *
 * What is opened through it cannot be written to, whoever tries, and reading leaves no access time. Needs
 * CAP_SYS_ADMIN.
 */
#pragma once

/*
 * Makes the O_PATH descriptor of a directory refer to the same directory in such a mount. What is mounted on directories
 * in it is left behind, and ".." ends at the directory itself. 0 or -errno, then nothing has changed.
 */
int own_mount_take(int directory);
