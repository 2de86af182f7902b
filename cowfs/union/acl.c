/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "union/acl.h"

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>

bool acl_is_acl(const char *attribute)
{
	return strcmp(attribute, ACL_ACCESS) == 0 || strcmp(attribute, ACL_DEFAULT) == 0;
}

/* The entries in value, or NULL when it is no ACL. */
static struct posix_acl_xattr_entry *entries_of(void *value, size_t size, size_t *ret_count)
{
	struct posix_acl_xattr_header *header = value;

	if (size < sizeof(*header) || le32toh(header->a_version) != POSIX_ACL_XATTR_VERSION ||
	    (size - sizeof(*header)) % sizeof(struct posix_acl_xattr_entry))
		return NULL;
	*ret_count = (size - sizeof(*header)) / sizeof(struct posix_acl_xattr_entry);
	return (void *)(header + 1);
}

static uint32_t translate_id(const struct id_map *map, uint32_t id, bool to_shown)
{
	uint32_t disk;

	if (to_shown)
		return id_map_to_shown(map, id);
	return id_map_to_disk(map, id, &disk) == 0 ? disk : id;
}

void acl_translate(void *value, size_t size, const struct ownership *ownership, bool to_shown)
{
	size_t count = 0;
	struct posix_acl_xattr_entry *entries = entries_of(value, size, &count);

	if (!entries || ownership_is_identity(ownership))
		return;
	for (size_t i = 0; i < count; i++) {
		uint32_t id = le32toh(entries[i].e_id);

		if (le16toh(entries[i].e_tag) == ACL_USER)
			id = translate_id(&ownership->users, id, to_shown);
		else if (le16toh(entries[i].e_tag) == ACL_GROUP)
			id = translate_id(&ownership->groups, id, to_shown);
		entries[i].e_id = htole32(id);
	}
}

/* Leaves in the entry and in the three bits of the mode only what both grant. */
static void intersect(struct posix_acl_xattr_entry *entry, mode_t *mode, unsigned shift)
{
	mode_t permissions = le16toh(entry->e_perm) & (*mode >> shift) & 07;

	entry->e_perm = htole16((uint16_t)permissions);
	*mode = (*mode & ~((mode_t)07 << shift)) | permissions << shift;
}

bool acl_inherit(void *value, size_t size, mode_t *mode)
{
	size_t count = 0;
	struct posix_acl_xattr_entry *entries = entries_of(value, size, &count);
	struct posix_acl_xattr_entry *group = NULL, *mask = NULL;

	if (!entries)
		return false;
	for (size_t i = 0; i < count; i++) {
		switch (le16toh(entries[i].e_tag)) {
		case ACL_USER_OBJ:
			intersect(&entries[i], mode, 6);
			break;
		case ACL_GROUP_OBJ:
			group = &entries[i];
			break;
		case ACL_MASK:
			mask = &entries[i];
			break;
		case ACL_OTHER:
			intersect(&entries[i], mode, 0);
			break;
		}
	}
	/* With a mask, the group bits of the mode are the mask's. */
	if (mask || group)
		intersect(mask ? mask : group, mode, 3);
	return mask != NULL;
}
