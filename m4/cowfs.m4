# SPDX-License-Identifier: GPL-2.0-or-later

# COWFS_BUILD_APART
# -----------------
# Never build inside the source tree: './configure' typed there goes on in build/ and leaves a
# GNUmakefile that hands every target to it. So the source tree stays clean, and other build
# directories (build-asan/, build-tsan/, yours) can be made from it at any time; automake forbids
# that once the source tree itself is configured.
AC_DEFUN([COWFS_BUILD_APART],
[AC_BEFORE([$0], [AM_INIT_AUTOMAKE])dnl
if test "$srcdir" = . && test "$no_create" != yes; then
	AS_ECHO(["configure: going on in build/"])
	cat >GNUmakefile <<\_COWFS_EOF
# Made by configure: everything is built in build/.
.PHONY: all
all:
	@$(MAKE) --no-print-directory -C build all
# The files that make itself tries to remake, but which are not to be forwarded.
GNUmakefile makefile Makefile: ;
%:
	@$(MAKE) --no-print-directory -C build $[]@
_COWFS_EOF
	rm -f config.log confdefs.h
	test -d build || mkdir build || exit 1
	cd build || exit 1
	eval "exec \"\${CONFIG_SHELL-/bin/sh}\" ../configure $ac_configure_args"
fi
])

# COWFS_ADD_FLAGS(VARIABLE, FLAGS)
# --------------------------------
# Appends to VARIABLE each of FLAGS that the compiler knows.
AC_DEFUN([COWFS_ADD_FLAGS],
[m4_foreach_w([cowfs_flag], [$2],
	[AS_VAR_PUSHDEF([known], [cowfs_cv_flag_]cowfs_flag)dnl
	AC_CACHE_CHECK([whether $CC knows ]cowfs_flag, [known],
		[cowfs_saved_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror cowfs_flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([known], [yes])], [AS_VAR_SET([known], [no])])
		CFLAGS=$cowfs_saved_CFLAGS])
	AS_VAR_IF([known], [yes], [$1="$$1 cowfs_flag"])
	AS_VAR_POPDEF([known])
])])

# COWFS_FUSE_HAS(NAMES)
# ---------------------
# Defines HAVE_NAME for each constant or function of NAMES that libfuse's low-level headers declare.
AC_DEFUN([COWFS_FUSE_HAS],
[m4_foreach_w([cowfs_name], [$1],
	[AC_CHECK_DECL(cowfs_name,
		[AC_DEFINE([HAVE_]m4_toupper(cowfs_name), [1], [Define if libfuse has ]cowfs_name[.])], [],
		[[#include <fuse_lowlevel.h>]])
])])
