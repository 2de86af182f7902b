/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/privilege.h"

#include "base/cleanup.h"
#include "base/text_file.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* USER_NS_INIT_INO of newer linux/nsfs.h: the number that the first user namespace always has. */
#define FIRST_USER_NAMESPACE 0xEFFFFFFDU

struct capabilities {
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static struct __user_cap_header_struct this_thread(void)
{
	return (struct __user_cap_header_struct){ .version = _LINUX_CAPABILITY_VERSION_3 };
}

static bool has(unsigned capability, struct capabilities *ret_capabilities)
{
	struct __user_cap_header_struct header = this_thread();

	if (syscall(SYS_capget, &header, ret_capabilities->data) != 0)
		return false;
	return ret_capabilities->data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

bool privilege_is_admin(void)
{
	struct capabilities capabilities;

	return has(CAP_SYS_ADMIN, &capabilities);
}

bool privilege_is_admin_of_machine(void)
{
	struct stat status;

	return privilege_is_admin() && stat("/proc/self/ns/user", &status) == 0 &&
	       status.st_ino == FIRST_USER_NAMESPACE;
}

bool privilege_knows_one_id(void)
{
	cleanup_buffer struct buffer map = BUFFER_INIT;
	uint32_t count, more;

	/* The format is in user_namespaces(7): the first id inside, the first outside, how many. */
	return text_file_read("/proc/self/uid_map", &map) == 0 &&
	       sscanf(buffer_string(&map), "%*u %*u %" SCNu32 " %" SCNu32, &count, &more) == 1 &&
	       count == 1;
}

bool privilege_drop_fsetid(void)
{
	struct __user_cap_header_struct header = this_thread();
	struct capabilities capabilities;

	if (!has(CAP_FSETID, &capabilities))
		return false;
	capabilities.data[CAP_TO_INDEX(CAP_FSETID)].effective &= ~CAP_TO_MASK(CAP_FSETID);
	return syscall(SYS_capset, &header, capabilities.data) == 0;
}

void privilege_take_fsetid(void)
{
	struct __user_cap_header_struct header = this_thread();
	struct capabilities capabilities;

	if (has(CAP_FSETID, &capabilities))
		return;
	capabilities.data[CAP_TO_INDEX(CAP_FSETID)].effective |= CAP_TO_MASK(CAP_FSETID);
	(void)syscall(SYS_capset, &header, capabilities.data);
}
