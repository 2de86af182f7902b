/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of whiteout.h: making a name a whiteout, and a whiteout a name, by single steps. */
#include "base/confined.h"
#include "layer/layer.h"
#include "layer/whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int result(int returned)
{
	return returned < 0 ? -errno : 0;
}

/* How file systems say that they lack a flag of renameat2(2) or a kind of node. */
static bool is_unsupported(int error)
{
	return error == -EINVAL || error == -ENOSYS || error == -EOPNOTSUPP;
}

/* rename(2) that replaces nothing. */
static int rename_to_free(int from, const char *old, int to, const char *new)
{
	struct attributes attributes;
	int error = result(renameat2(from, old, to, new, RENAME_NOREPLACE));

	if (!is_unsupported(error))
		return error;
	error = layer_stat_raw(to, new, &attributes);
	if (error == 0)
		return -EEXIST;
	return error == -ENOENT ? result(renameat(from, old, to, new)) : error;
}

/* -- the prefix form -- */

/* 0, or 1 when it was there before, or -ENAMETOOLONG, or -errno. */
static int make_prefix(int directory, const char *name)
{
	char prefixed[NAME_MAX + 1];
	int error = whiteout_prefixed_name(name, prefixed);

	if (error)
		return error;
	error = result(mknodat(directory, prefixed, S_IFREG, 0));
	return error == -EEXIST ? 1 : error;
}

static void remove_prefix(int directory, const char *name)
{
	char prefixed[NAME_MAX + 1];

	if (whiteout_prefixed_name(name, prefixed) != 0)
		return;
	if (unlinkat(directory, prefixed, 0) != 0 && errno == EISDIR)
		(void)unlinkat(directory, prefixed, AT_REMOVEDIR);
}

static int put_prefix(int directory, const char *name, enum whiteout_target target, int work,
		      const char *trash)
{
	int made = make_prefix(directory, name), error = 0;

	if (made < 0)
		return made;
	if (target == TARGET_FILE)
		error = result(unlinkat(directory, name, 0));
	else if (target == TARGET_DIRECTORY)
		error = rename_to_free(directory, name, work, trash);
	/* The name is still seen, but the whiteout would hide what a directory shows of the lowers. */
	if (error && made == 0)
		remove_prefix(directory, name);
	return error;
}

/* -- the node form -- */

static int make_device(int directory, const char *name)
{
	return result(mknodat(directory, name, S_IFCHR, makedev(0, 0)));
}

/*
 * Tells readers that directory holds whiteouts which are files with an attribute. In one that is
 * opaque they would not look, and the file would be seen: then that form is not possible.
 */
static int announce_xattr_whiteouts(const struct layer *layer, int directory)
{
	char attribute[CONTROL_XATTR_MAX], value;

	if (layer->xattr_namespace == XATTR_NAMESPACE_NONE)
		return -EOPNOTSUPP;
	control_xattr_name(layer->xattr_namespace, "overlay.opaque", attribute);
	if (confined_getxattr(directory, NULL, attribute, &value, 1) == 1) {
		if (value == 'x')
			return 0;
		if (value == 'y')
			return -EOPNOTSUPP;
	}
	return confined_setxattr(directory, NULL, attribute, "x", 1, 0);
}

/* Makes one of either kind in work that may be renamed into directory; -EOPNOTSUPP if none can. */
static int make_node(const struct layer *layer, int work, const char *temporary, int directory)
{
	char attribute[CONTROL_XATTR_MAX];
	int error = make_device(work, temporary);

	if (error != -EPERM && !is_unsupported(error))
		return error;
	error = announce_xattr_whiteouts(layer, directory);
	if (error)
		return error;
	error = result(mknodat(work, temporary, S_IFREG | 0600, 0));
	if (error)
		return error;
	control_xattr_name(layer->xattr_namespace, "overlay.whiteout", attribute);
	error = confined_setxattr(work, temporary, attribute, "y", 1, 0);
	if (error)
		(void)unlinkat(work, temporary, 0);
	return error;
}

static int put_node_in_free_place(const struct layer *layer, int directory, const char *name,
				  int work, const char *temporary)
{
	struct attributes attributes;
	int error = make_device(directory, name);

	if (error == -EPERM || is_unsupported(error)) {
		error = make_node(layer, work, temporary, directory);
		if (error)
			return error;
		error = rename_to_free(work, temporary, directory, name);
		if (error)
			(void)unlinkat(work, temporary, 0);
	}
	if (error == -EEXIST && layer_stat_raw(directory, name, &attributes) == 0 &&
	    whiteout_is_node(directory, name, &attributes))
		return 0;
	return error;
}

/* -EOPNOTSUPP when this form is not to be had here. */
static int put_node(const struct layer *layer, int directory, const char *name,
		    enum whiteout_target target, int work, const char *trash)
{
	int error;

	if (target == TARGET_ABSENT)
		return put_node_in_free_place(layer, directory, name, work, trash);
	error = make_node(layer, work, trash, directory);
	if (error)
		return error;
	/* The exchange leaves the directory under the name that it is to have in work. */
	if (target == TARGET_DIRECTORY)
		error = result(renameat2(work, trash, directory, name, RENAME_EXCHANGE));
	else
		error = result(renameat(work, trash, directory, name));
	if (error)
		(void)unlinkat(work, trash, 0);
	return is_unsupported(error) ? -EOPNOTSUPP : error;
}

int whiteout_put(const struct layer *layer, int directory, const char *name,
		 enum whiteout_target target, int work, const char *trash,
		 enum whiteout_form *ret_form)
{
	enum whiteout_form form;
	int error;

	if (layer->dialect == WHITEOUT_AUFS) {
		form = WHITEOUT_FORM_PREFIX;
		error = put_prefix(directory, name, target, work, trash);
		if (error == -ENAMETOOLONG) {
			form = WHITEOUT_FORM_NODE;
			error = put_node(layer, directory, name, target, work, trash);
		}
	} else {
		form = WHITEOUT_FORM_NODE;
		error = put_node(layer, directory, name, target, work, trash);
		if (error == -EOPNOTSUPP) {
			form = WHITEOUT_FORM_PREFIX;
			error = put_prefix(directory, name, target, work, trash);
		}
	}
	if (!error)
		*ret_form = form;
	return error;
}

/* -- publishing -- */

/*
 * A directory cannot be renamed over the node, and without RENAME_EXCHANGE there is a moment with
 * neither: a prefix whiteout bridges it, where the name is short enough for one.
 */
static int replace_node_in_steps(int work, const char *temporary, int directory, const char *name)
{
	int made = make_prefix(directory, name);
	int error = made < 0 && made != -ENAMETOOLONG ? made : 0;

	if (!error)
		error = result(unlinkat(directory, name, 0));
	if (!error)
		error = rename_to_free(work, temporary, directory, name);
	/* On failure the prefix is what is left of the whiteout. */
	if (!error && made == 0)
		remove_prefix(directory, name);
	return error;
}

static int replace_node(int work, const char *temporary, int directory, const char *name)
{
	struct attributes attributes;
	int error = layer_stat_raw(work, temporary, &attributes);

	if (error)
		return error;
	if (!S_ISDIR(attributes.mode))
		return result(renameat(work, temporary, directory, name));
	error = result(renameat2(work, temporary, directory, name, RENAME_EXCHANGE));
	if (is_unsupported(error))
		return replace_node_in_steps(work, temporary, directory, name);
	if (!error)
		(void)unlinkat(work, temporary, 0);
	return error;
}

int whiteout_publish(int work, const char *temporary, int directory, const char *name,
		     unsigned forms)
{
	struct attributes attributes;
	int error = -ENOENT;

	if (forms & WHITEOUT_FORM_NODE) {
		error = layer_stat_raw(directory, name, &attributes);
		if (error == 0 && !whiteout_is_node(directory, name, &attributes))
			return -EEXIST;
	}
	if (error == 0)
		error = replace_node(work, temporary, directory, name);
	else if (error == -ENOENT)
		error = rename_to_free(work, temporary, directory, name);
	if (!error && (forms & WHITEOUT_FORM_PREFIX))
		remove_prefix(directory, name);
	return error;
}
