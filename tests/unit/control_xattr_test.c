/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer/control_xattr.h"

#include <criterion/criterion.h>
#include <string.h>

Test(control_xattr, names)
{
	char name[CONTROL_XATTR_MAX];

	cr_assert_str_eq(control_xattr_name(XATTR_NAMESPACE_TRUSTED, CONTROL_ORIGIN, name),
			 "trusted.cowfs.origin");
	cr_assert_str_eq(control_xattr_name(XATTR_NAMESPACE_USER, "overlay.opaque", name),
			 "user.overlay.opaque");
}

Test(control_xattr, hides_every_layer_s_bookkeeping)
{
	static const char *const hidden[] = {
		"trusted.overlay.opaque",
		"user.overlay.redirect",
		"trusted.cowfs.origin",
		"user.cowfs.links",
		"user.fuseoverlayfs.opaque",
		"user.containers.override_stat",
		"security.fuseoverlayfs.override_stat",
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		cr_assert(control_xattr_is_hidden(hidden[i]), "%s", hidden[i]);
}

Test(control_xattr, shows_the_rest)
{
	static const char *const shown[] = {
		"",
		"user.overlay",
		"user.overlays.x",
		"security.capability",
		"user.containers.override_stat2",
		"trusted.cowfs",
		"system.posix_acl_access",
		"USER.overlay.opaque",
	};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		cr_assert_not(control_xattr_is_hidden(shown[i]), "%s", shown[i]);
}

Test(control_xattr, filters_a_list_in_place)
{
	char list[] = "trusted.overlay.opaque\0user.a\0user.cowfs.origin\0user.b";
	size_t length = control_xattr_filter_list(list, sizeof(list));

	cr_assert_eq(length, 14);
	cr_assert_eq(memcmp(list, "user.a\0user.b", 14), 0);
	cr_assert_eq(control_xattr_filter_list(list, 0), 0);
}

Test(control_xattr, drops_a_name_that_is_cut_short)
{
	char list[] = "user.a\0user.overla";

	cr_assert_eq(control_xattr_filter_list(list, sizeof(list) - 1), 7);
	cr_assert_str_eq(list, "user.a");
}
