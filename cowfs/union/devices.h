/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices under a union, numbered in the order of the layers, so that inode numbers of several
 * devices can be told apart: the number shown is the one on disk with the device's index in the top
 * byte. On one device, the ordinary case, what is shown is what is on disk.
 */
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct devices {
	pthread_mutex_t lock;
	uint64_t *known; /* st_dev by index; owned */
	size_t count;
	uint64_t first; /* known[0], readable without the lock once layers are open */
};

void devices_init(struct devices *devices);
void devices_free(struct devices *devices);

/*
 * The index of a device, a new one when it was not known (a btrfs subvolume inside a layer). Layers'
 * own devices must be entered in stack order at the start: that is what makes numbers stable.
 */
uint16_t devices_index(struct devices *devices, uint64_t device);

/* The inode number shown for a file on disk; never 0. */
uint64_t devices_inode_number(uint16_t index, uint64_t inode);
