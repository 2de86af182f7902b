/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store of images: a directory that is an OCI image layout (image-layout.md), and more.
 *
 *	oci-layout, index.json	which images there are; replaced as a whole
 *	blobs/sha256/HEX	manifests, configurations, packed layers; never changed
 *	layers/HEX/		the layer with that diff id, unpacked: root/, and layer.json (layers.h)
 *	layers-single/HEX/	the same for users with one id only: owners are kept in attributes
 *	work/			what is being made
 *	index.lock, adding.lock
 *
 * An image is in the store when index.json names its manifest. Everything else is put in place
 * before that, complete and synced, each thing by one rename, and what index.json does not lead to is garbage,
 * whoever left it there and however he died.
 *
 * Two locks (flock(2)) keep processes apart. Who writes anything holds adding.lock shared, from before the
 * first blob until index.json has been replaced; garbage is collected by whoever gets it exclusively, so never
 * while somebody adds. index.lock is held shared while images are read and used (struct image), and
 * exclusively for the moment of replacing index.json. A process must not change the index while it holds
 * an image.
 *
 * A store is used by one thread.
 */
#pragma once

#include "base/problem.h"
#include "base/string_list.h"
#include "container/launch/id_maps.h"
#include "container/record/place.h"
#include "image/progress.h"
#include "oci/config.h"
#include "oci/manifest.h"
#include "oci/reference.h"

#include <stdbool.h>

struct image_store {
	const struct place *place; /* the caller's */
	char *path;		   /* absolute; owned */
	int fd, blobs_fd, layers_fd, work_fd;
	int adding; /* the lock, or -1 */
	struct id_maps
		maps; /* whose ids own the files of layers; none: the caller's, who is root */
	const struct image_progress *progress; /* or NULL; the caller's */
	struct string_list warnings;	       /* sentences on what had to be left out of layers */
};

#define IMAGE_STORE_INIT                                                                           \
	((struct image_store){                                                                     \
		.fd = -1, .blobs_fd = -1, .layers_fd = -1, .work_fd = -1, .adding = -1 })
#define cleanup_image_store __attribute__((cleanup(image_store_close)))

/*
 * Opens the store of a place, which must stay, data/images, which is made when it is missing. Layers belong to the ids
 * that the caller's containers have (id_maps_of_caller()). 0 or -errno with a problem.
 */
int image_store_open(const struct place *place, struct image_store *ret_store,
		     struct problem *problem);
void image_store_close(struct image_store *store);

/* -- one image -- */

struct image {
	char *reference;	    /* how it is called, or NULL; owned */
	struct digest id;	    /* of its configuration */
	struct descriptor manifest; /* as the index has it, without names */
	struct manifest content;
	struct image_config config;
	int hold; /* keeps it from being removed, or -1 */
};

#define IMAGE_INIT ((struct image){ .hold = -1 })
#define cleanup_image __attribute__((cleanup(image_close)))

/*
 * Finds an image by what a person typed: a name (reference.h), also without its host when only one
 * image can be meant; an id or the beginning of one; a digest of a manifest. -ENOENT when there is none,
 * -EEXIST when several may be meant. Until image_close() nobody can remove it: so hold it until the
 * container is on record that uses it (image_users_function), and close it before a process is
 * forked that stays, since that one would go on holding.
 */
int image_open(const struct image_store *store, const char *name, struct image *ret_image,
	       struct problem *problem);
void image_close(struct image *image);

/*
 * The directories of its layers, the topmost first, as absolute paths. -ENOENT when one is not unpacked: see
 * image_unpack_missing() (unpack.h); or another -errno, with a problem.
 */
int image_layers(const struct image_store *store, const struct image *image,
		 struct string_list *ret_paths, struct problem *problem);

/* The bytes of all its layers, unpacked. A layer that is not is not counted. */
uint64_t image_size(const struct image_store *store, const struct image *image);

/* -- all images -- */

/* Called with each name of each image, and once for an image without; non-zero ends it. */
typedef int image_function(void *context, const struct image *image, struct problem *problem);

/* What the function returned last, or -errno. An image whose documents cannot be read is passed over. */
int image_store_list(const struct image_store *store, image_function *function, void *context,
		     struct problem *problem);

/* Gives an image a further name, taking it from whichever had it. */
int image_tag(struct image_store *store, const char *name, const struct reference *reference,
	      struct problem *problem);

/*
 * Tells that something happened to an image (container/event/event.h): "import", "load", "pull", "tag". name: by what it
 * came, or NULL.
 */
void image_tell(const struct image_store *store, const struct digest *id, const char *action,
		const char *name);

/* -- removing -- */

/* Appends the names of the containers that use the image. 0 or -errno with a problem. */
typedef int image_users_function(void *context, const struct digest *id, struct string_list *users,
				 struct problem *problem);

struct image_removal {
	struct string_list untagged; /* full references that are gone */
	struct string_list deleted;  /* ids of images that are gone */
};

void image_removal_free(struct image_removal *removal);

/*
 * Takes the name from the image, or removes the image when that was its last name or it was
 * given by its id. -EBUSY when containers use it, or when an id has several names. With force only the
 * names go in the former case, and all of them with the image in the latter.
 */
int image_remove(struct image_store *store, const char *name, bool force,
		 image_users_function *users, void *context, struct image_removal *ret_removal,
		 struct problem *problem);

/* Whether an image is to go; named: it has a name. 1, 0, or -errno with a problem. */
typedef int image_choose_function(void *context, const struct image *image, bool named,
				  struct problem *problem);

/*
 * Removes all images that are chosen, with their names, at one moment, and collects garbage. Nobody can begin to use
 * an image between the choice and that moment: who uses it by then is on record, for choose to find. *ret_bytes: what is
 * saved. Images whose documents cannot be read stay. 0 or -errno with a problem.
 */
int image_store_prune(struct image_store *store, image_choose_function *choose, void *context,
		      struct image_removal *ret_removal, uint64_t *ret_bytes,
		      struct problem *problem);

/* -- adding; the steps of load, import, commit, and of a pull -- */

/*
 * Collects garbage if nobody adds, and keeps others from collecting what is being added. Ended by
 * image_store_end(), or with the process. May be called again before that.
 */
int image_store_begin(struct image_store *store, struct problem *problem);
/* Accepts a store that has not begun. */
void image_store_end(struct image_store *store);
/* The same, and after a failure collects what it has left. Returns error. */
int image_store_finish(struct image_store *store, int error);

/*
 * Makes an image of blobs that are all in the store: unpacks its layers, checks them against the
 * configuration, and lists the manifest under the names (full references), or under none. `what` says in
 * problems where it comes from. 0 and its id; -EBADMSG when a layer is not what the configuration says.
 */
int image_add(struct image_store *store, const struct descriptor *manifest,
	      const struct string_list *names, const char *what, struct digest *ret_id,
	      struct problem *problem);
