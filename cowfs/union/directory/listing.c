/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/directory/listing.h"

#include "base/buffer.h"
#include "base/hash.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COOKIE_BITS 63
#define INITIAL_BITS 4
/* Slots behind the last home, so that a run at the end need not wrap around and break the order. */
#define TAIL_SLOTS 32

/* One more lower layer that has a directory; a list in an array, the deepest layer first. */
struct further_layer {
	uint32_t next;
	uint16_t layer;
};

struct listing {
	uint64_t seed;
	struct listing_entry *slots; /* a slot is free when its cookie is 0 */
	unsigned bits;		     /* 2^bits homes */
	size_t slot_count;
	size_t used;
	struct buffer names;   /* zero-terminated names, one after the other */
	size_t abandoned;      /* bytes of names that belong to no entry any more */
	struct buffer further; /* of struct further_layer; the first is never used */
};

static uint64_t cookie_of(const struct listing *listing, const char *name)
{
	uint64_t cookie = hash_bytes(listing->seed, name, strlen(name)) >> 1;

	return cookie < LISTING_FIRST_COOKIE ? cookie + LISTING_FIRST_COOKIE : cookie;
}

static size_t home_of(const struct listing *listing, uint64_t cookie)
{
	return (size_t)(cookie >> (COOKIE_BITS - listing->bits));
}

static int allocate_slots(struct listing *listing, unsigned bits)
{
	size_t count = ((size_t)1 << bits) + TAIL_SLOTS;
	struct listing_entry *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	listing->slots = slots;
	listing->slot_count = count;
	listing->bits = bits;
	return 0;
}

struct listing *listing_create(uint64_t seed)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (!listing)
		return NULL;
	listing->seed = seed;
	if (allocate_slots(listing, INITIAL_BITS) < 0) {
		free(listing);
		return NULL;
	}
	return listing;
}

void listing_free(struct listing *listing)
{
	if (!listing)
		return;
	free(listing->slots);
	buffer_free(&listing->names);
	buffer_free(&listing->further);
	free(listing);
}

const char *listing_name(const struct listing *listing, const struct listing_entry *entry)
{
	return listing->names.data + entry->name;
}

/* The slot where (cookie, name) is, or where it belongs; slot_count when the tail is full. */
static size_t slot_for(const struct listing *listing, uint64_t cookie, const char *name)
{
	size_t slot = home_of(listing, cookie);

	for (; slot < listing->slot_count; slot++) {
		const struct listing_entry *entry = &listing->slots[slot];

		if (!entry->cookie || entry->cookie > cookie)
			break;
		/* Two names with one cookie stand in the order of the names. */
		if (entry->cookie == cookie && strcmp(listing_name(listing, entry), name) >= 0)
			break;
	}
	return slot;
}

struct listing_entry *listing_find(const struct listing *listing, const char *name)
{
	uint64_t cookie = cookie_of(listing, name);
	size_t slot = slot_for(listing, cookie, name);
	struct listing_entry *entry = &listing->slots[slot];

	if (slot >= listing->slot_count || entry->cookie != cookie ||
	    strcmp(listing_name(listing, entry), name) != 0)
		return NULL;
	return entry;
}

/* Opens the slot by moving the run that starts there up by one; false when the tail is full. */
static bool open_slot(struct listing *listing, size_t slot)
{
	size_t end = slot;

	while (end < listing->slot_count && listing->slots[end].cookie)
		end++;
	if (end >= listing->slot_count)
		return false;
	memmove(&listing->slots[slot + 1], &listing->slots[slot],
		(end - slot) * sizeof(*listing->slots));
	return true;
}

/* Puts an entry in its place; false when the tail is full and the table has to grow. */
static bool place(struct listing *listing, const struct listing_entry *entry)
{
	size_t slot = slot_for(listing, entry->cookie, listing_name(listing, entry));

	if (slot >= listing->slot_count || !open_slot(listing, slot))
		return false;
	listing->slots[slot] = *entry;
	return true;
}

static int grow(struct listing *listing)
{
	struct listing old = *listing;

	for (unsigned bits = old.bits + 1; bits < 40; bits++) {
		bool placed = true;

		if (allocate_slots(listing, bits) < 0) {
			*listing = old;
			return -ENOMEM;
		}
		for (size_t i = 0; i < old.slot_count && placed; i++)
			if (old.slots[i].cookie)
				placed = place(listing, &old.slots[i]);
		if (placed) {
			free(old.slots);
			return 0;
		}
		free(listing->slots);
	}
	*listing = old;
	return -ENOMEM;
}

/* Writes the names anew without those of erased entries. */
static int compact_names(struct listing *listing)
{
	struct buffer names = BUFFER_INIT;

	if (buffer_reserve(&names, listing->names.length - listing->abandoned) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < listing->slot_count; i++) {
		struct listing_entry *entry = &listing->slots[i];
		const char *name = listing->names.data + entry->name;

		if (!entry->cookie)
			continue;
		entry->name = (uint32_t)names.length;
		(void)buffer_append(&names, name, strlen(name) + 1); /* there is room */
	}
	buffer_free(&listing->names);
	listing->names = names;
	listing->abandoned = 0;
	return 0;
}

struct listing_entry *listing_obtain(struct listing *listing, const char *name)
{
	struct listing_entry entry = { .lower = LISTING_NO_LAYER, .closed_by = LISTING_NO_LAYER };
	struct listing_entry *known = listing_find(listing, name);
	size_t length = strlen(name) + 1;

	if (known)
		return known;
	if (listing->abandoned > 4096 && listing->abandoned > listing->names.length / 2)
		(void)compact_names(listing);
	if (listing->names.length + length > UINT32_MAX)
		return NULL;
	entry.cookie = cookie_of(listing, name);
	entry.name = (uint32_t)listing->names.length;
	if (buffer_append(&listing->names, name, length) < 0)
		return NULL;
	if ((listing->used + 1) * 4 > ((size_t)3 << listing->bits) && grow(listing) < 0)
		goto out_of_memory;
	while (!place(listing, &entry))
		if (grow(listing) < 0)
			goto out_of_memory;
	listing->used++;
	return listing_find(listing, name);
out_of_memory:
	listing->names.length -= length;
	return NULL;
}

void listing_erase(struct listing *listing, struct listing_entry *entry)
{
	size_t slot = (size_t)(entry - listing->slots);
	size_t end = slot + 1;

	listing->abandoned += strlen(listing_name(listing, entry)) + 1;
	/* What was pushed out of its home moves back by one, so that no gap cuts it off. */
	while (end < listing->slot_count && listing->slots[end].cookie &&
	       home_of(listing, listing->slots[end].cookie) < end)
		end++;
	memmove(&listing->slots[slot], &listing->slots[slot + 1],
		(end - slot - 1) * sizeof(*listing->slots));
	memset(&listing->slots[end - 1], 0, sizeof(*listing->slots));
	listing->used--;
}

static struct listing_entry *occupied_from(const struct listing *listing, size_t slot)
{
	for (; slot < listing->slot_count; slot++)
		if (listing->slots[slot].cookie)
			return &listing->slots[slot];
	return NULL;
}

struct listing_entry *listing_after(const struct listing *listing, uint64_t cookie)
{
	struct listing_entry *entry;

	if (cookie >> COOKIE_BITS)
		return NULL;
	entry = occupied_from(listing, home_of(listing, cookie));
	while (entry && entry->cookie <= cookie)
		entry = listing_next(listing, entry);
	return entry;
}

struct listing_entry *listing_next(const struct listing *listing, struct listing_entry *entry)
{
	return occupied_from(listing, (size_t)(entry - listing->slots) + 1);
}

size_t listing_bytes(const struct listing *listing)
{
	return sizeof(*listing) + listing->slot_count * sizeof(*listing->slots) +
	       listing->names.capacity + listing->further.capacity;
}

int listing_add_upper(struct listing *listing, const char *name, unsigned char type,
		      enum whiteout_form whiteout)
{
	struct listing_entry *entry = listing_obtain(listing, name);

	if (!entry)
		return -ENOMEM;
	if (whiteout)
		entry->whiteout = (uint8_t)(entry->whiteout | whiteout);
	else
		entry->upper_type = type;
	return 0;
}

static int add_further_layer(struct listing *listing, struct listing_entry *entry, unsigned layer)
{
	struct further_layer further = { .next = entry->more, .layer = (uint16_t)layer };

	if (!listing->further.length &&
	    buffer_append(&listing->further, &(struct further_layer){ 0 }, sizeof(further)) < 0)
		return -ENOMEM;
	entry->more = (uint32_t)(listing->further.length / sizeof(further));
	return buffer_append(&listing->further, &further, sizeof(further));
}

int listing_add_lower(struct listing *listing, unsigned layer, const char *name, unsigned char type,
		      bool whiteout)
{
	struct listing_entry *entry = listing_obtain(listing, name);

	if (!entry)
		return -ENOMEM;
	if (entry->closed_by < layer)
		return 0;
	/* A whiteout hides what is deeper, not what stands beside it in its own layer. */
	if (whiteout || type != DT_DIR)
		entry->closed_by = (uint16_t)layer;
	if (whiteout)
		return 0;
	if (!entry->lower_type) {
		entry->lower = (uint16_t)layer;
		entry->lower_type = type;
		return 0;
	}
	return type == DT_DIR ? add_further_layer(listing, entry, layer) : 0;
}

void listing_finish(struct listing *listing)
{
	for (size_t i = 0; i < listing->slot_count;) {
		struct listing_entry *entry = &listing->slots[i];

		if (entry->cookie && !entry->upper_type && !entry->lower_type && !entry->whiteout) {
			listing_erase(listing, entry); /* another may have moved into the slot */
			continue;
		}
		i++;
	}
}

size_t listing_layers(const struct listing *listing, const struct listing_entry *entry,
		      uint16_t *layers, size_t count)
{
	const struct further_layer *further = (const void *)listing->further.data;
	size_t total = 1, position;

	if (!listing_entry_merges(entry))
		return 0;
	for (uint32_t i = entry->more; i; i = further[i].next)
		total++;
	position = total;
	for (uint32_t i = entry->more; i; i = further[i].next)
		if (--position < count)
			layers[position] = further[i].layer;
	if (count)
		layers[0] = entry->lower;
	return total;
}
