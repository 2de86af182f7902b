/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a POSIX ACL attribute: see linux/posix_acl_xattr.h. */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>

struct acl_entry {
	uint16_t tag, permissions;
	uint32_t id;
};

struct acl {
	uint32_t version;
	struct acl_entry entries[5];
};

#define ACL_NO_ID 0xffffffffU

/* An ACL with one named user beside the owner, the group and the others; modes are 0 to 7. */
static inline struct acl acl_with_user(uint32_t user, unsigned user_mode, unsigned mode)
{
	const uint16_t permissions[5] = {
		(uint16_t)(mode >> 6 & 7), (uint16_t)(user_mode & 7), (uint16_t)(mode >> 3 & 7),
		(uint16_t)(mode >> 3 & 7), (uint16_t)(mode & 7),
	};
	const uint16_t tags[5] = { 0x01, 0x02, 0x04, 0x10, 0x20 };
	struct acl acl = { .version = htole32(2) };

	for (size_t i = 0; i < 5; i++)
		acl.entries[i] = (struct acl_entry){ htole16(tags[i]), htole16(permissions[i]),
						     htole32(i == 1 ? user : ACL_NO_ID) };
	return acl;
}
