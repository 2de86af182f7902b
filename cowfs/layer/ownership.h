/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who owns what: between the ids on disk and the ids shown through the union.
 *
 * Three things may stand between them, as in fuse-overlayfs: a map of id ranges
 * (`uidmapping=`, `gidmapping=`), a squash of every owner to one id, and ownership that is kept in
 * an extended attribute because the disk cannot hold it (`xattr_permissions=`, override_stat.h).
 */
#pragma once

#include "base/buffer.h"
#include "base/problem.h"
#include "layer/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The id shown for one that no range covers: what the kernel calls the overflow id. */
#define OVERFLOW_ID 65534U

struct id_range {
	uint32_t disk;	/* first id on disk */
	uint32_t shown; /* first id as the union shows it */
	uint32_t count;
};

/* As many ranges as the kernel takes in a user namespace. */
#define ID_MAP_RANGES_MAX 340

/* No ranges: ids are the same on both sides. */
struct id_map {
	struct id_range *ranges; /* owned */
	size_t count;
};

enum xattr_permissions {
	XATTR_PERMISSIONS_OFF = 0,
	XATTR_PERMISSIONS_PRIVILEGED = 1, /* in security.fuseoverlayfs... of trusted processes */
	XATTR_PERMISSIONS_USER = 2,	  /* in user.containers.override_stat */
};

struct ownership {
	struct id_map users, groups;
	bool squash_users, squash_groups;
	uid_t squashed_uid; /* as shown */
	gid_t squashed_gid;
	enum xattr_permissions xattr_permissions;
};

/*
 * Reads `[:]DISK:SHOWN:COUNT[:DISK:SHOWN:COUNT...]`, the form engines pass. Ranges that overlap on
 * either side, leave 32 bits, or are empty are refused. 0, -EINVAL with a problem, or -ENOMEM;
 * *map is written on success only and is released with id_map_free().
 */
int id_map_parse(const char *text, struct id_map *ret_map, struct problem *problem);
void id_map_free(struct id_map *map);
/* Appends the map in the form that id_map_parse() reads; nothing for an empty one. 0 or -ENOMEM. */
int id_map_format(const struct id_map *map, struct buffer *text);

/* Total: an id that no range covers is shown as OVERFLOW_ID. */
uint32_t id_map_to_shown(const struct id_map *map, uint32_t disk);
/* -EOVERFLOW (as the kernel answers for an unmapped id) when no range covers it. */
int id_map_to_disk(const struct id_map *map, uint32_t shown, uint32_t *ret_disk);

/*
 * The same id when some range covers it, or else the one shown for who is nobody on disk: a new file's owner, as with
 * fuse-overlayfs. Podman as root makes files in containers whose maps do not have root, and then gives them to their owner.
 * Maps of few ids (`--userns=auto`) do not have nobody either: the last id of the last range, which they all have.
 */
uint32_t id_map_known(const struct id_map *map, uint32_t shown);

/*
 * Turns owner ids as on disk into owner ids as shown. A file whose owner or group nothing maps
 * loses setuid and setgid. A squash comes before a map.
 */
void ownership_show(const struct ownership *ownership, struct attributes *attributes);
/*
 * The reverse for new owners; (uid_t)-1 and (gid_t)-1 stay, and where owners are squashed, every id
 * becomes the squashed one, as fuse-overlayfs has it. 0 or -EOVERFLOW.
 */
int ownership_to_disk(const struct ownership *ownership, uid_t *uid, gid_t *gid);
/* True when disk and shown ids are the same. */
bool ownership_is_identity(const struct ownership *ownership);
void ownership_free(struct ownership *ownership);
