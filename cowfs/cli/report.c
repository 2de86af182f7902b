/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowfs report: what to send with a bug report. It tells no names unless asked to. */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/mount_table.h"
#include "base/text_file.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/name_text.h"
#include "cli/say.h"
#include "cli/status.h"
#include "cli/status_text.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <getopt.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static const char usage[] =
	"Usage: cowfs report [OPTIONS] MOUNTPOINT\n"
	"\n"
	"Shows what helps to understand a fault of a mounted union: versions, the kernel, what was agreed with\n"
	"it, the stack of layers with their file systems, options, limits, and how many messages of each\n"
	"kind there were. No name of a file, directory or host is in it, so it can be sent to anybody.\n"
	"\n"
	"      --names    with the paths of the mountpoint and the layers\n"
	"      --json     as JSON, for programs\n"
	"      --help, --version\n";

struct report {
	const char *mountpoint;
	bool names, as_json;
	bool is_dead;	     /* there is a mount, but no daemon */
	json_object *object; /* what is told */
	json_object *status; /* what the daemon told; NULL when it is dead */
};

/* Moves members from one object to another, if they are there. */
static int take(json_object *from, json_object *to, const char *const *keys)
{
	int error = 0;

	for (; *keys && !error; keys++) {
		json_object *value;

		if (json_object_object_get_ex(from, *keys, &value))
			error = json_add(to, *keys, json_object_get(value));
	}
	return error;
}

/* -- the machine -- */

/* A line of a file of the kernel's, where there is one. */
static int add_file(json_object *object, const char *key, const char *path)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	if (text_file_read(path, &text) < 0)
		return 0;
	text.data[strcspn(text.data, "\n")] = '\0';
	return json_add_string(object, key, text.data);
}

static bool is_initial_user_namespace(void)
{
	cleanup_buffer struct buffer map = BUFFER_INIT;
	unsigned inside, outside, count;

	return text_file_read("/proc/self/uid_map", &map) == 0 &&
	       sscanf(buffer_string(&map), "%u %u %u", &inside, &outside, &count) == 3 &&
	       inside == 0 && outside == 0 && count == UINT32_MAX;
}

static int add_versions(const struct report *report)
{
	json_object *object = report->object;
	struct utsname uts;
	char kernel[sizeof(uts.sysname) + sizeof(uts.release) + sizeof(uts.version) +
		    sizeof(uts.machine)];
	int error = json_add_string(object, "cowfs", PACKAGE_VERSION);

	if (!error)
		error = json_add_string(object, "libfuse", fuse_pkgversion());
	if (!error)
		error = json_add_string(object, "c_library", gnu_get_libc_version());
	if (!error && uname(&uts) == 0) {
		(void)snprintf(kernel, sizeof(kernel), "%s %s %s %s", uts.sysname, uts.release,
			       uts.version, uts.machine);
		error = json_add_string(object, "kernel", kernel);
	}
	if (!error)
		error = json_add_string(object, "user", geteuid() == 0 ? "root" : "ordinary");
	if (!error)
		error = json_add_string(object, "user_namespace",
					is_initial_user_namespace() ? "initial" : "another");
	return error;
}

static int add_kernel(const struct report *report)
{
	CLEANUP(json_put) json_object *kernel = json_object_new_object();
	static const struct {
		const char *key, *path;
	} files[] = {
		{ "max_user_bgreq", "/sys/module/fuse/parameters/max_user_bgreq" },
		{ "max_user_congthresh", "/sys/module/fuse/parameters/max_user_congthresh" },
		{ "enable_uring", "/sys/module/fuse/parameters/enable_uring" },
		{ "max_pages_limit", "/proc/sys/fs/fuse/max_pages_limit" },
		{ "default_request_timeout", "/proc/sys/fs/fuse/default_request_timeout" },
		{ "max_request_timeout", "/proc/sys/fs/fuse/max_request_timeout" },
		{ "security_modules", "/sys/kernel/security/lsm" },
	};
	int error = kernel ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < sizeof(files) / sizeof(files[0]); i++)
		error = add_file(kernel, files[i].key, files[i].path);
	return error ? error : json_add(report->object, "kernel_settings", steal_pointer(&kernel));
}

/* -- the mount -- */

/* The mountpoint as the kernel calls it. Nothing is asked of what is mounted there, for that may be dead. */
static char *absolute_path(const char *path)
{
	cleanup_free char *copy = strdup(path), *parent = NULL;
	char *slash, *whole = NULL;
	size_t length = strlen(path);

	if (!copy)
		return NULL;
	while (length > 1 && copy[length - 1] == '/')
		copy[--length] = '\0';
	slash = strrchr(copy, '/');
	if (slash == copy || (slash && strcmp(slash, "/.") == 0) ||
	    strcmp(slash ? slash + 1 : copy, ".") == 0)
		return realpath(copy, NULL);
	if (slash)
		*slash = '\0';
	parent = realpath(slash ? copy : ".", NULL);
	if (parent && asprintf(&whole, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent,
			       slash ? slash + 1 : copy) < 0)
		return NULL;
	return whole;
}

struct mount_search {
	const struct report *report;
	const char *path;
	json_object *found; /* the last one, which lies on top */
	int error;
};

static bool take_mount(void *context, const struct mount_entry *entry)
{
	struct mount_search *search = context;
	CLEANUP(json_put) json_object *object = NULL;
	int error;

	if (strcmp(entry->mountpoint, search->path) != 0)
		return false;
	object = json_object_new_object();
	error = object ? json_add_string(object, "type", entry->type) : -ENOMEM;
	if (!error && search->report->names)
		error = json_add_string(object, "mountpoint", entry->mountpoint);
	if (!error && search->report->names)
		error = json_add_string(object, "source", entry->source);
	if (!error)
		error = json_add_string(object, "options", entry->options);
	if (!error)
		error = json_add_string(object, "super_options", entry->super_options);
	json_object_put(search->found);
	search->found = steal_pointer(&object);
	search->error = error;
	return error != 0;
}

static int add_mount(const struct report *report)
{
	cleanup_free char *path = absolute_path(report->mountpoint);
	struct mount_search search = { .report = report, .path = path };

	/* Without it the rest is worth something, too. */
	if (path)
		(void)mount_table_read(take_mount, &search);
	if (!search.found || search.error) {
		json_object_put(search.found);
		return search.error;
	}
	return json_add(report->object, "mount", search.found);
}

/* -- the daemon -- */

static int add_line(json_object *object, const char *key, const char *text, const char *label)
{
	const char *line = strstr(text, label);
	cleanup_free char *value = NULL;
	char *next_column;

	if (!line)
		return 0;
	line += strlen(label);
	line += strspn(line, " \t");
	value = strndup(line, strcspn(line, "\n"));
	next_column = value ? strstr(value, "  ") : NULL;
	if (next_column)
		*next_column = '\0';
	return value ? json_add_string(object, key, value) : -ENOMEM;
}

/* What the kernel tells of the daemon, if it may be asked. */
static int add_process(json_object *object, pid_t pid)
{
	cleanup_buffer struct buffer status = BUFFER_INIT, limits = BUFFER_INIT;
	char path[64];
	int error = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (text_file_read(path, &status) == 0) {
		error = add_line(object, "memory", buffer_string(&status), "VmRSS:");
		if (!error)
			error = add_line(object, "memory_most", buffer_string(&status), "VmHWM:");
		if (!error)
			error = add_line(object, "threads", buffer_string(&status), "Threads:");
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	if (!error && text_file_read(path, &limits) == 0)
		error = add_line(object, "descriptors_limit", buffer_string(&limits),
				 "Max open files");
	return error;
}

static int add_daemon(const struct report *report)
{
	static const char *const keys[] = { "version", "uptime_seconds", NULL };
	CLEANUP(json_put) json_object *object = json_object_new_object();
	pid_t pid = report->status ? status_daemon(report->status) : 0;
	int error = object ? 0 : -ENOMEM;

	if (!error && report->is_dead)
		error = json_add_string(object, "state", "gone");
	if (!error && report->status)
		error = take(report->status, object, keys);
	if (!error && pid > 0)
		error = add_process(object, pid);
	return error ? error : json_add(report->object, "daemon", steal_pointer(&object));
}

static int add_numbers(const struct report *report)
{
	static const char *const keys[] = {
		"inodes",
		"listings",
		"listing_bytes",
		"descriptors",
		"copied_up_files",
		"copied_up_bytes",
		"unsynced_files",
		"messages_total",
		"messages",
		"negotiated",
		NULL,
	};

	return report->status ? take(report->status, report->object, keys) : 0;
}

/* -- the stack -- */

struct type_search {
	uint64_t id;
	char type[64];
};

static bool take_type(void *context, const struct mount_entry *entry)
{
	struct type_search *search = context;

	if (entry->id != search->id)
		return false;
	(void)snprintf(search->type, sizeof(search->type), "%s", entry->type);
	return true;
}

/* The type of the file system that a directory lies on; "?" where the path means nothing here. */
static int add_file_system(json_object *layer, const char *path)
{
	struct type_search search = { .type = "?" };
	struct statx statx_buffer;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_MNT_ID, &statx_buffer) == 0) {
		search.id = statx_buffer.stx_mnt_id;
		(void)mount_table_read(take_type, &search);
	}
	return json_add_string(layer, "file_system", search.type);
}

static int add_layer(const struct report *report, json_object *layers, json_object *told)
{
	static const char *const keys[] = { "role", "dialect", "attributes", NULL };
	static const char *const named[] = { "path", NULL };
	CLEANUP(json_put) json_object *layer = json_object_new_object();
	json_object *path;
	int error = layer ? take(told, layer, keys) : -ENOMEM;

	if (!error && report->names)
		error = take(told, layer, named);
	if (!error && json_object_object_get_ex(told, "path", &path))
		error = add_file_system(layer, json_object_get_string(path));
	return error ? error : json_append(layers, steal_pointer(&layer));
}

static int add_stack(const struct report *report, json_object *told)
{
	static const char *const keys[] = { "options", NULL };
	CLEANUP(json_put) json_object *layers = json_object_new_array();
	json_object *stack, *workdir;
	int error = layers ? take(told, report->object, keys) : -ENOMEM;

	if (!error && json_object_object_get_ex(told, "workdir", &workdir))
		error = json_add_string(report->object, "workdir",
					report->names ? json_object_get_string(workdir)
						      : "outside the upper layer");
	if (!json_object_object_get_ex(told, "stack", &stack))
		return error;
	for (size_t i = 0; !error && i < json_object_array_length(stack); i++)
		error = add_layer(report, layers, json_object_array_get_idx(stack, i));
	return error ? error : json_add(report->object, "stack", steal_pointer(&layers));
}

/* -- all of it -- */

/* What the daemon says. 0 or -errno with a problem. */
static int ask(struct report *report, json_object **ret_told, struct problem *problem)
{
	int error = status_read(report->mountpoint, &report->status, problem);

	if (!error)
		error = status_read_stack(report->mountpoint, report->mountpoint, ret_told,
					  problem);
	report->is_dead = error == -ENOTCONN;
	return error;
}

static int gather(struct report *report, struct problem *problem)
{
	CLEANUP(json_put) json_object *told = NULL;
	int error = ask(report, &told, problem);

	if (error && !report->is_dead)
		return error;
	report->object = json_object_new_object();
	error = report->object ? add_versions(report) : -ENOMEM;
	if (!error)
		error = add_mount(report);
	if (!error)
		error = add_daemon(report);
	if (!error && told)
		error = add_stack(report, told);
	if (!error)
		error = add_numbers(report);
	if (!error)
		error = add_kernel(report);
	return error ? problem_set(problem, error, "out of memory") : 0;
}

static int show(struct report *report)
{
	struct problem problem = { .text = "" };

	if (gather(report, &problem) < 0) {
		say("%s", problem.text);
		return STATUS_FAILED;
	}
	if (report->as_json)
		(void)name_text_print_json(report->object, stdout);
	else
		status_text_print(report->object);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		say("cannot write: %s", strerror(errno));
		return STATUS_FAILED;
	}
	if (report->is_dead)
		say("%s", problem.text);
	return report->is_dead ? STATUS_FAILED : STATUS_OK;
}

int command_report(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "names", no_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct report report = { 0 };
	int letter, status;

	while ((letter = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (letter) {
		case 'h':
			(void)fputs(usage, stdout);
			return STATUS_OK;
		case 'j':
			report.as_json = true;
			break;
		case 'n':
			report.names = true;
			break;
		case 'V':
			version_cowfs();
			return STATUS_OK;
		default:
			say("%s is unknown; see cowfs report --help", argv[optind - 1]);
			return STATUS_USAGE;
		}
	}
	if (argc - optind != 1) {
		say("give one mountpoint; see cowfs report --help");
		return STATUS_USAGE;
	}
	report.mountpoint = argv[optind];
	status = show(&report);
	json_object_put(report.object);
	json_object_put(report.status);
	return status;
}
