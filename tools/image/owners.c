/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/owners.h"

int owners_run(const struct image_store *store, id_maps_function *function, void *context,
	       size_t size, struct problem *problem)
{
	if (store->maps.uid.count > 0)
		return id_maps_run_shared(&store->maps, function, context, size, problem);
	return function(context, problem);
}

struct ownership owners_of_layers(const struct image_store *store)
{
	return (struct ownership){
		.xattr_permissions =
			store->maps.single ? XATTR_PERMISSIONS_USER : XATTR_PERMISSIONS_OFF,
	};
}

struct ownership owners_of_directory(const struct image_store *store)
{
	static struct id_range ranges[] = {
		{ .disk = 0, .shown = 0, .count = OVERFLOW_ID },
		{ .disk = OVERFLOW_ID, .shown = 0, .count = 1 },
		{ .disk = OVERFLOW_ID + 1,
		  .shown = OVERFLOW_ID + 1,
		  .count = UINT32_MAX - OVERFLOW_ID - 1 },
	};
	struct ownership ownership = owners_of_layers(store);

	if (store->maps.uid.count > 0) {
		ownership.users = (struct id_map){ .ranges = ranges, .count = 3 };
		ownership.groups = ownership.users;
	}
	return ownership;
}

struct ownership owners_squashed(uid_t uid, gid_t gid)
{
	return (struct ownership){
		.squash_users = true,
		.squash_groups = true,
		.squashed_uid = uid,
		.squashed_gid = gid,
	};
}
