/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many layers as one tree: the whole of the library as its callers see it.
 *
 * A union_fs is opened over a stack of layers and answers the questions a file system is asked. It
 * knows nothing of FUSE: the FUSE session, the model test, the fuzzers and the layer tools call
 * the same functions.
 *
 * Conventions. Every function returns 0 (or a count) or -errno and writes its outputs on success
 * only. Names are single components; one that starts with ".wh." answers -ENOENT when looked for
 * and -EPERM when it would be created. Owners and times are as shown through the union. All functions
 * may be called from any thread at any time; the caller needs no lock. Permission is NOT checked:
 * that is the kernel's part (default_permissions).
 *
 * Inodes. A struct inode stands for one file as long as somebody holds a reference. Functions that
 * return one in a union_entry return it with one reference more, given back by union_forget().
 * Passing an inode in needs a reference held throughout the call. References outlive names: an
 * unlinked file stays readable and writable until it is forgotten.
 */
#pragma once

#include "base/buffer.h"
#include "base/problem.h"
#include "layer/attributes.h"
#include "layer/control_xattr.h"
#include "layer/ownership.h"
#include "layer/whiteout.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <sys/types.h>

struct union_fs;
struct inode;

enum redirect_mode {
	/* What others can read: copy with whiteouts as the kernel's overlayfs writes them, else on. */
	REDIRECT_DEFAULT,
	REDIRECT_ON,   /* a moved directory remembers where the lowers have it */
	REDIRECT_COPY, /* a moved directory is copied up whole */
};

/* At most this many layers, the upper included. */
#define UNION_LAYERS_MAX 2048

struct union_options {
	const char *const *lowers; /* the topmost first */
	size_t lower_count;  /* at least 1; none will do for an upper that is only looked at */
	const char *upper;   /* NULL: a read-only union */
	const char *workdir; /* NULL: STATE_DIRECTORY in the upper */
	const char *
		mountpoint; /* NULL, or where it will be mounted: refused inside a layer and around one */
	enum whiteout_dialect dialect;
	enum redirect_mode redirect;
	struct ownership ownership; /* its maps are borrowed until union_close() */
	bool volatile_upper;	    /* never sync: a crash may lose or tear what was written */
	/* EROFS for every change, though there is an upper. One in use is refused at once, without waiting for it. */
	bool read_only;
	bool no_xattr; /* attributes are neither shown nor kept */
	/*
	 * Nothing is locked, made or changed: for tools that look at an upper, also while a mount has it. It counts as the
	 * topmost lower layer, with the state that it has as an upper.
	 */
	bool only_look;
	bool changing;	   /* others change the layers: look again at each question */
	bool static_nlink; /* directories show one link */
	bool no_atime; /* reading leaves the access times of the upper alone, as it always does those of the lowers */
	/*
	 * Lower layers are read through mounts of our own (base/own_mount.h), so that a descriptor of a file of theirs
	 * can be handed on and nothing of theirs changes. Needs CAP_SYS_ADMIN.
	 */
	bool own_mounts;
	size_t listing_bytes; /* budget for merged listings; 0: the default of 16 MiB */
	size_t descriptors;   /* budget for open descriptors; 0: the default of 192 */
};

/*
 * Opens the layers and checks the stack: missing and non-directory layers, the same directory twice, a
 * layer inside another, an upper that cannot be written or is in use (-EBUSY), a work directory on another
 * file system, too many layers, a mountpoint in a layer. 0 or -errno with a problem; then nothing
 * was changed. What can be done without (attributes on the upper) is done without, with the loss
 * told in warning, which stays empty otherwise.
 */
int union_open(const struct union_options *options, struct union_fs **ret_fs,
	       struct problem *problem, struct problem *warning);
/* All references but the root's must have been given back, or the process be about to end. Accepts NULL. */
void union_close(struct union_fs *fs);

struct union_entry {
	struct inode *inode;
	struct attributes attributes; /* inode and device as the union numbers them */
};

/* On whose behalf something is made: ids as shown. */
struct union_caller {
	uid_t uid;
	gid_t gid;
	mode_t umask;
};

/* What whoever caches answers cannot know to be stale, for no call asked for the change. */
enum union_stale {
	/* A directory's change time: something in it was copied up. A file's mode: by a write. */
	STALE_ATTRIBUTES,
	STALE_LISTING, /* what ".." stands for in a directory: it was moved */
};

/*
 * Makes the union tell of such changes. The observer is called from whatever thread makes one, with
 * locks held: it must not call the union back. Set before other threads use the union.
 */
typedef void union_observer(void *context, struct inode *inode, enum union_stale what);
void union_observe(struct union_fs *fs, union_observer *observer, void *context);

/* The root; valid from union_open() to union_close(), no reference needed. */
struct inode *union_root(struct union_fs *fs);
/* Gives back count references. */
void union_forget(struct union_fs *fs, struct inode *inode, uint64_t count);

/* -- names: lookup.c, directory/readdir.c -- */

int union_lookup(struct union_fs *fs, struct inode *dir, const char *name,
		 struct union_entry *ret_entry);

struct union_dirent {
	const char *name;
	uint64_t cookie; /* continue after this one; between 1 and INT64_MAX */
	mode_t type;	 /* S_IFREG and kin */
	uint64_t ino;	 /* what stat would show; the inode number */
	/* With details: as from union_lookup(), a reference included if the function returns 0; NULL for "." and ".." */
	const struct union_entry *entry;
};

/* Called for each name; non-zero (no room) ends the reading, and the name was not taken. */
typedef int union_dirent_function(void *context, const struct union_dirent *dirent);

/*
 * Every name after cookie (0: from the start) in cookie order, "." and ".." first. Names present
 * from the first call to the last are seen exactly once, whatever is created or removed meanwhile.
 * Returns 0 also when the function ended it.
 */
int union_readdir(struct union_fs *fs, struct inode *dir, uint64_t cookie, bool details,
		  union_dirent_function *function, void *context);

/* A name of a directory, as far as reading the layers' directories tells. */
struct union_name {
	const char *name;
	mode_t type;	/* S_IFREG and kin */
	unsigned layer; /* of the name; a copy in a hard-link index may be in another one */
};

/* All names but "." and "..", without a look at any of the files. A function's non-zero result ends it and is returned. */
typedef int union_name_function(void *context, const struct union_name *name);
int union_list_names(struct union_fs *fs, struct inode *dir, union_name_function *function,
		     void *context);

/* -- attributes: attributes.c, xattr.c -- */

int union_getattr(struct union_fs *fs, struct inode *inode, struct attributes *ret_attributes);

enum {
	CHANGE_MODE = 1 << 0,
	CHANGE_UID = 1 << 1,
	CHANGE_GID = 1 << 2,
	CHANGE_SIZE = 1 << 3,
	CHANGE_ATIME = 1 << 4, /* tv_nsec may be UTIME_NOW */
	CHANGE_MTIME = 1 << 5,
	CHANGE_KILL_PRIVILEGES =
		1 << 6, /* with SIZE: clear setuid, setgid and capabilities as a write does */
};

struct union_change {
	unsigned what; /* CHANGE_ bits */
	mode_t mode;   /* permission bits */
	uid_t uid;
	gid_t gid;
	uint64_t size;
	struct timespec atime, mtime;
};

int union_setattr(struct union_fs *fs, struct inode *inode, const struct union_change *change,
		  struct attributes *ret_attributes);

int union_readlink(struct union_fs *fs, struct inode *inode, struct buffer *target);
int union_statfs(struct union_fs *fs, struct statvfs *ret_statvfs);

/* As the system calls of these names. Attributes of a layer's bookkeeping: -ENODATA, -EPERM to set. */
ssize_t union_getxattr(struct union_fs *fs, struct inode *inode, const char *name, void *value,
		       size_t size);
ssize_t union_listxattr(struct union_fs *fs, struct inode *inode, char *list, size_t size);
int union_setxattr(struct union_fs *fs, struct inode *inode, const char *name, const void *value,
		   size_t size, int flags);
int union_removexattr(struct union_fs *fs, struct inode *inode, const char *name);

/* FS_IOC_GETFLAGS and SETFLAGS of files and directories. */
int union_get_flags(struct union_fs *fs, struct inode *inode, int *ret_flags);
int union_set_flags(struct union_fs *fs, struct inode *inode, int flags);

/* -- changes of the tree: change/ -- */

/* mode carries the type: a regular file, a FIFO, a socket, a device. Device 0:0 answers -EPERM. */
int union_mknod(struct union_fs *fs, struct inode *dir, const char *name, mode_t mode, dev_t rdev,
		const struct union_caller *caller, struct union_entry *ret_entry);
int union_mkdir(struct union_fs *fs, struct inode *dir, const char *name, mode_t mode,
		const struct union_caller *caller, struct union_entry *ret_entry);
int union_symlink(struct union_fs *fs, struct inode *dir, const char *name, const char *target,
		  const struct union_caller *caller, struct union_entry *ret_entry);
/* A file without a name (O_TMPFILE), to be given one by union_link(). */
int union_tmpfile(struct union_fs *fs, struct inode *dir, mode_t mode,
		  const struct union_caller *caller, struct union_entry *ret_entry);
int union_link(struct union_fs *fs, struct inode *inode, struct inode *dir, const char *name,
	       struct union_entry *ret_entry);
int union_unlink(struct union_fs *fs, struct inode *dir, const char *name);
int union_rmdir(struct union_fs *fs, struct inode *dir, const char *name);
/* flags as renameat2(2): RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT. */
int union_rename(struct union_fs *fs, struct inode *from_dir, const char *from,
		 struct inode *to_dir, const char *to, unsigned flags);

/* -- data: data.c. Addressed by inode: what is read always comes from where the file lives now -- */

ssize_t union_read(struct union_fs *fs, struct inode *inode, void *data, size_t size,
		   uint64_t offset);
/* kill_privileges: the writer may not keep setuid, setgid and capabilities (FUSE_WRITE_KILL_SUIDGID). */
ssize_t union_write(struct union_fs *fs, struct inode *inode, const void *data, size_t size,
		    uint64_t offset, bool kill_privileges);
/* Clears setuid, setgid and capabilities, before a change by one who may not keep them. */
int union_kill_privileges(struct union_fs *fs, struct inode *inode);
int union_fsync(struct union_fs *fs, struct inode *inode, bool data_only);
int union_fallocate(struct union_fs *fs, struct inode *inode, int mode, uint64_t offset,
		    uint64_t length);
/* A descriptor for reading of the regular file where it lives now, the caller's own; or -errno. */
int union_open_data(struct union_fs *fs, struct inode *inode);
/* Whether its data is in the upper, and so will never move. */
bool union_is_upper(const struct union_fs *fs, const struct inode *inode);
/* How many bytes of data the first change of it would copy up: 0 of what is in the upper, or has no data. */
uint64_t union_copy_up_size(struct union_fs *fs, struct inode *inode);
/*
 * Starts the thread that settles marks (copy_up/unsynced.h), which otherwise begins with the first mark and then is to the scheduler
 * what the marking thread is. In the process that is to use fs.
 */
void union_begin_settling(struct union_fs *fs);
/* Before somebody else writes to a file of the upper by that descriptor: what it replaces is safe. 0 or -errno. */
int union_settle(struct union_fs *fs, struct inode *inode);
/* SEEK_DATA and SEEK_HOLE. */
off_t union_lseek(struct union_fs *fs, struct inode *inode, off_t offset, int whence);
ssize_t union_copy_file_range(struct union_fs *fs, struct inode *from, uint64_t from_offset,
			      struct inode *to, uint64_t to_offset, size_t length);

/* -- what it is made of: look/describe.c -- */

struct union_layer {
	const char *path; /* absolute, as it was when opened; else as given. Until union_close() */
	uint64_t device, inode; /* of its root */
	enum xattr_namespace xattr_namespace;
	bool is_upper;
	enum whiteout_dialect dialect; /* in which whiteouts are written, to an upper */
};

/* The upper, if there is one, has index 0; also where it is only looked at. */
unsigned union_layer_count(const struct union_fs *fs);
void union_get_layer(const struct union_fs *fs, unsigned index, struct union_layer *ret_layer);

/*
 * What it was opened with: all but the layers and budgets. The workdir is absolute, or NULL; redirect is what the
 * default came to. Strings and maps are borrowed until union_close().
 */
void union_get_options(const struct union_fs *fs, struct union_options *ret_options);

/* Appends where the inode was last seen in the union, as "/a/b"; "/" for the root. 0, -ENOENT (no name), -ENOMEM. */
int union_path(struct union_fs *fs, struct inode *inode, struct buffer *path);

/*
 * Where the file, or the topmost part of the directory, is now: the index of its layer, and its inode number on the disk.
 * A file in the index of a layer counts as in that layer.
 */
struct union_source {
	unsigned layer;
	uint64_t inode;
};

void union_get_source(const struct inode *inode, struct union_source *ret_source);

/* -- what it holds and did -- */

struct union_counts {
	uint64_t inodes;   /* known now */
	uint64_t listings; /* merged listings in memory */
	uint64_t listing_bytes;
	uint64_t descriptors; /* open now, those of layers' roots included */
	uint64_t copied_up_files;
	uint64_t copied_up_bytes;
	uint64_t
		unsynced_files; /* copies that a crash now would have made again (copy_up/unsynced.h) */
	unsigned layers;
};

void union_count(struct union_fs *fs, struct union_counts *ret_counts);
