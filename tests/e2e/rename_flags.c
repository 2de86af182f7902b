/* SPDX-License-Identifier: GPL-2.0-or-later */
/* renameat2(2) with flags: rename_flags exchange|noreplace|whiteout|whiteout+exchange FROM TO */
#include "check.h"

static unsigned flags_named(const char *name)
{
	static const struct {
		const char *name;
		unsigned flags;
	} known[] = {
		{ "exchange", RENAME_EXCHANGE },
		{ "noreplace", RENAME_NOREPLACE },
		{ "whiteout", RENAME_WHITEOUT },
		{ "whiteout+exchange", RENAME_WHITEOUT | RENAME_EXCHANGE },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].flags;
	(void)fprintf(stderr, "rename_flags: %s: no such flag\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	CHECK(argc == 4);
	if (renameat2(AT_FDCWD, argv[2], AT_FDCWD, argv[3], flags_named(argv[1])) == 0)
		return 0;
	perror("rename_flags");
	return 1;
}
