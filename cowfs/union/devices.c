/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/devices.h"

#include "base/hash.h"

#include <stdlib.h>

#define INDEX_SHIFT 56
#define INODE_MASK (((uint64_t)1 << INDEX_SHIFT) - 1)
/* Top byte of numbers that had to be hashed: too many devices, or inode numbers too large. */
#define HASHED_INDEX 0x7fU

void devices_init(struct devices *devices)
{
	*devices = (struct devices){ 0 };
	pthread_mutex_init(&devices->lock, NULL);
}

void devices_free(struct devices *devices)
{
	free(devices->known);
	pthread_mutex_destroy(&devices->lock);
}

static uint16_t find_or_add(struct devices *devices, uint64_t device)
{
	uint64_t *grown;

	for (size_t i = 0; i < devices->count; i++)
		if (devices->known[i] == device)
			return (uint16_t)i;
	/* Without room or memory it shares the last index, whose numbers are hashed. */
	if (devices->count == UINT16_MAX)
		return UINT16_MAX;
	grown = reallocarray(devices->known, devices->count + 1, sizeof(*grown));
	if (!grown)
		return UINT16_MAX;
	devices->known = grown;
	devices->known[devices->count] = device;
	if (!devices->count)
		devices->first = device;
	return (uint16_t)devices->count++;
}

uint16_t devices_index(struct devices *devices, uint64_t device)
{
	uint16_t index;

	if (device == devices->first)
		return 0;
	pthread_mutex_lock(&devices->lock);
	index = find_or_add(devices, device);
	pthread_mutex_unlock(&devices->lock);
	return index;
}

uint64_t devices_inode_number(uint16_t index, uint64_t inode)
{
	uint64_t number = (uint64_t)index << INDEX_SHIFT | inode;

	if (index >= HASHED_INDEX || inode > INODE_MASK)
		number = (uint64_t)HASHED_INDEX << INDEX_SHIFT |
			 (hash_pair(0, inode, index) & INODE_MASK);
	return number ? number : 1;
}
