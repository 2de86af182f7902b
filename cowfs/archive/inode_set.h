/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of inode numbers of one file system. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inode_set {
	uint64_t *slots; /* 0: free; owned */
	size_t capacity; /* 0 or a power of two */
	size_t count;
};

#define INODE_SET_INIT ((struct inode_set){ 0 })

/* 0 or -ENOMEM. */
int inode_set_add(struct inode_set *set, uint64_t inode);
bool inode_set_has(const struct inode_set *set, uint64_t inode);
void inode_set_free(struct inode_set *set);
