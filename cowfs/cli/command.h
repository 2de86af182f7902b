/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sub-commands. Each gets its own name as argv[0] and returns an exit status (say.h). */
#pragma once

#include "cli/mount_options.h"

int command_apply(int argc, char **argv);
int command_cat(int argc, char **argv);
int command_check(int argc, char **argv);
int command_commit(int argc, char **argv);
int command_convert(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_explore(int argc, char **argv);
int command_layers(int argc, char **argv);
int command_ls(int argc, char **argv);
int command_mount(enum mount_form form, int argc, char **argv);
int command_report(int argc, char **argv);
int command_squash(int argc, char **argv);
int command_stat(int argc, char **argv);
int command_tree(int argc, char **argv);
int command_umount(int argc, char **argv);
int command_whence(int argc, char **argv);
