/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The merged listing of one directory: every name its layers know, and where each comes from.
 *
 * Entries stand in one array in the order of their cookies, a cookie being the hash of the name:
 * Robin Hood hashing whose home slot is the top bits of the cookie keeps the array sorted, so that
 * one structure gives a constant-time lookup, insertion and removal, and a reading order that does not
 * depend on what came and went. A listing can be dropped and built anew between two pages of a
 * reading: the cookies are the same as long as the seed is.
 *
 * A name is kept when it can be seen, or when the upper holds a whiteout of it. No locking here:
 * the directory's lock guards its listing. Entry pointers are good until the next insert or erase.
 */
#pragma once

#include "layer/whiteout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listing;

#define LISTING_NO_LAYER UINT16_MAX
/* Cookies below are "." and ".." and the start. */
#define LISTING_FIRST_COOKIE 16

struct listing_entry {
	uint64_t cookie;
	uint32_t name;	    /* offset in the names; see listing_name() */
	uint32_t more;	    /* further lower layers that have the directory; see listing_layers() */
	uint16_t lower;	    /* index of the topmost lower layer that shows the name, or NO_LAYER */
	uint8_t upper_type; /* DT_ type in the upper, 0 when it is not there */
	uint8_t lower_type; /* DT_ type in that lower layer, 0 when none shows it */
	uint8_t whiteout;   /* forms of the upper's whiteout of it, as bits */
	uint16_t closed_by; /* while merging: the layer below which nothing joins, or NO_LAYER */
};

/* NULL when memory is short. */
struct listing *listing_create(uint64_t seed);
/* Accepts NULL. */
void listing_free(struct listing *listing);

/* NULL when the name is not known. */
struct listing_entry *listing_find(const struct listing *listing, const char *name);
/* The entry of name, made empty (no layer, no type) when it was not known. NULL: memory is short. */
struct listing_entry *listing_obtain(struct listing *listing, const char *name);
void listing_erase(struct listing *listing, struct listing_entry *entry);

const char *listing_name(const struct listing *listing, const struct listing_entry *entry);
/* The first entry whose cookie is greater, or NULL. */
struct listing_entry *listing_after(const struct listing *listing, uint64_t cookie);
/* The entry that follows in cookie order, or NULL. */
struct listing_entry *listing_next(const struct listing *listing, struct listing_entry *entry);
/* Memory used, in bytes. */
size_t listing_bytes(const struct listing *listing);

/* True when the union shows the name. */
static inline bool listing_entry_is_visible(const struct listing_entry *entry)
{
	return entry->upper_type || (entry->lower_type && !entry->whiteout);
}

/* True when an upper directory of this name would show what the lower layers have in theirs. */
static inline bool listing_entry_merges(const struct listing_entry *entry)
{
	return entry->lower_type == 4 /* DT_DIR */ && !entry->whiteout;
}

/* -- merging: layers are added from the top down -- */

/* Adds what the upper says. 0 or -ENOMEM. */
int listing_add_upper(struct listing *listing, const char *name, unsigned char type,
		      enum whiteout_form whiteout);
/* Adds what the lower layer with this index says; whiteouts may come before or after the name. */
int listing_add_lower(struct listing *listing, unsigned layer, const char *name, unsigned char type,
		      bool whiteout);
/* After the last layer: drops the names that nothing shows and nothing in the upper hides. */
void listing_finish(struct listing *listing);

/* The lower layers that have the entry as a directory to merge, topmost first; at most count are stored, the number there are is returned. */
size_t listing_layers(const struct listing *listing, const struct listing_entry *entry,
		      uint16_t *layers, size_t count);
