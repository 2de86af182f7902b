/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deleting a directory with all that is in it. */
#pragma once

/*
 * Deletes `name` in `directory`, whatever it is, with all that it holds. Works by descriptors, never
 * follows a symbolic link and never enters a mount: what is mounted in it, or on it, stays, and so do
 * the directories above that. However deep the tree is, three descriptors are open at most.
 * 0 (also when there is no such name), or the -errno of what could not be deleted, after
 * everything else has been.
 */
int remove_tree(int directory, const char *name);
