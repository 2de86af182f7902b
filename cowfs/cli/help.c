/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/help.h"

#include <fuse_lowlevel.h>
#include <stdio.h>

/* The version of fuse-overlayfs whose contract we fulfil; engines ask for 1.10 at least. */
#define FUSE_OVERLAYFS_VERSION "1.16"

void help_cowfs(void)
{
	(void)fputs(
		"Usage: cowfs COMMAND [ARGUMENTS]\n"
		"       cowfs -o OPTIONS [SOURCE] MOUNTPOINT\n"
		"\n"
		"A copy-on-write union of directories: lower layers that are only read, and one upper\n"
		"layer that takes every change.\n"
		"\n"
		"Commands:\n"
		"  mount   mount a union\n"
		"  umount  unmount one, and wait until its upper layer is complete\n"
		"  stat    show what a mounted union has done and holds\n"
		"  check   look for what a crash or another program has left in a layer; repair it\n"
		"  report  show what to send with a bug report\n"
		"  layers  show a stack of layers, and what each holds\n"
		"  whence  tell which layer a file comes from, and what hides what\n"
		"  diff    show what the upper layer adds, changes and deletes\n"
		"  explore look into a stack of layers, or an image, in a terminal\n"
		"  ls      list a directory of a stack of layers, without mounting it\n"
		"  tree    show all that a stack of layers holds\n"
		"  cat     print a file of a stack of layers\n"
		"  commit  write what the upper layer changes as an OCI layer\n"
		"  apply   make a layer of an archive, or change a tree by one\n"
		"  squash  make one layer of several\n"
		"  convert rewrite the whiteouts of a layer in the other dialect\n"
		"\n"
		"cowfs COMMAND --help tells more, and so do cowfs(1), cowfs-mount(8), cowfs-inspect(1)\n"
		"and cowfs-archive(1).\n",
		stdout);
}

static const char mount_usage[] =
	"Usage: cowfs mount [OPTIONS] LOWER[:LOWER...] UPPER MOUNTPOINT\n"
	"       cowfs mount [OPTIONS] LOWER[:LOWER...] MOUNTPOINT          (read-only)\n"
	"       cowfs mount -o lowerdir=...,upperdir=... MOUNTPOINT\n"
	"\n"
	"Mounts the layers as one tree. The first LOWER is the topmost; \\: is a colon in a name.\n";

static const char program_usage[] =
	"Usage: %s -o lowerdir=LOWER[:LOWER...][,upperdir=UPPER[,workdir=WORK]][,...] [SOURCE] "
	"MOUNTPOINT\n"
	"\n"
	"Mounts the layers as one tree. The first LOWER is the topmost; \\: is a colon in a name.\n";

static const char common_switches[] =
	"\n"
	"  -o, --options OPTION[,OPTION...]  see below\n"
	"  -f, --foreground       stay in the foreground\n"
	"  -v, --verbose          say what was agreed with the kernel\n"
	"  -d, --debug            show every request of the kernel; implies -f\n"
	"      --help, --version\n";

static const char helper_switches[] =
	"\n"
	"  -o OPTION[,OPTION...]  see below\n"
	"  -f                     check the arguments and mount nothing\n"
	"  -v                     say what was agreed with the kernel\n"
	"  -n, -s, -t TYPE, -N NS accepted for mount(8)\n";

static const char mount_option_help[] =
	"\n"
	"Options:\n"
	"  lowerdir=, upperdir=, workdir=  the layers; and where unfinished work is kept, on the\n"
	"                        upper's file system (default: .wh..wh.cowfs in the upper)\n"
	"  ro                    refuse every change\n"
	"  whiteout=aufs|overlay how deletions are written (aufs)\n"
	"  redirect=on|copy      a moved directory points to its lower files, or copies them\n"
	"                        (on; for container engines: copy)\n"
	"  volatile, fsync=0     never sync: fast, and lost in a crash\n"
	"  writeback=0|1         let the kernel gather small writes (0)\n"
	"  io=cached|passthrough|auto  who reads and writes data: we, or the kernel itself (cached)\n"
	"  timeout=SECONDS       layers change underneath: look again after so long\n"
	"  uidmapping=, gidmapping=  DISK:SHOWN:COUNT[:...]\n"
	"  squash_to_root, squash_to_uid=, squash_to_gid=  everything belongs to one id\n"
	"  xattr_permissions=0|1|2  owners and modes kept in attributes (0)\n"
	"  noacl, noxattr        without POSIX ACLs; without extended attributes\n"
	"  static_nlink          directories show one link\n"
	"  allow_other           others may enter (the default for root)\n"
	"  suid, dev, exec, sync, dirsync, noatime; nosuid, nodev, noexec, async\n"
	"  fsname=, context=, fscontext=, defcontext=, rootcontext=\n"
	"  follow=0|1             serve a single caller on its own processor (1)\n"
	"  max_threads=, max_idle_threads=, clone_fd, io_uring\n"
	"  debug[=GLOB]          as -d, for paths that match; may be given several times\n"
	"\n"
	"cowfs-mount(8) explains them all.\n";

void help_mount(enum mount_form form)
{
	switch (form) {
	case MOUNT_COMMAND:
		(void)fputs(mount_usage, stdout);
		break;
	case MOUNT_PROGRAM:
		(void)printf(program_usage, "cowfs");
		break;
	case MOUNT_FUSE_OVERLAYFS:
		(void)printf(program_usage, "fuse-overlayfs");
		break;
	case MOUNT_HELPER:
		(void)fputs("Usage: mount.cowfs SOURCE MOUNTPOINT [-fnsv] [-o OPTIONS]\n"
			    "\n"
			    "Mounts a union for mount(8). SOURCE is any name.\n",
			    stdout);
		break;
	}
	(void)fputs(form == MOUNT_HELPER ? helper_switches : common_switches, stdout);
	(void)fputs(mount_option_help, stdout);
}

void help_stat(void)
{
	(void)fputs(
		"Usage: cowfs stat [--json] MOUNTPOINT\n"
		"\n"
		"Shows how many messages of each kind the kernel has sent to a mounted union, what\n"
		"the union holds in memory, and what it has copied up.\n"
		"\n"
		"      --json     as JSON, for programs\n"
		"      --help, --version\n",
		stdout);
}

void help_umount(void)
{
	(void)fputs(
		"Usage: cowfs umount [-l] MOUNTPOINT\n"
		"\n"
		"Unmounts a union, and waits until its daemon has released the upper layer.\n"
		"\n"
		"  -l, --lazy     take it out of the tree now, though it is in use; do not wait\n"
		"      --help, --version\n",
		stdout);
}

void version_cowfs(void)
{
	(void)printf("cowfs %s\nlibfuse %s\n", PACKAGE_VERSION, fuse_pkgversion());
}

void version_mount(enum mount_form form)
{
	if (form == MOUNT_FUSE_OVERLAYFS)
		(void)printf("fuse-overlayfs: version %s (cowfs %s)\n", FUSE_OVERLAYFS_VERSION,
			     PACKAGE_VERSION);
	version_cowfs();
}
