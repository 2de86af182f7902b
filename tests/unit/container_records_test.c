/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers on disk, their logs and users, without running any. */
#include "base/cleanup.h"
#include "base/confined.h"
#include "container/event/noted.h"
#include "container/monitor/lock.h"
#include "container/process/process.h"
#include "container/process/user.h"
#include "container/record/container.h"
#include "container/record/json_file.h"
#include "container/record/log.h"
#include "container/root/in_root.h"
#include "unit/scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

static struct scratch scratch;

static void set_up(void)
{
	scratch = scratch_make();
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

/* -- records -- */

TestSuite(container_records, .init = set_up, .fini = tear_down);

static struct place open_place(void)
{
	struct place place;
	struct problem problem;

	cr_assert_eq(place_open(scratch.path, &place, &problem), 0, "%s", problem.text);
	return place;
}

static int create(const struct place *place, const char *name, struct container *ret_container)
{
	struct container_config config = { .stop_timeout = -1, .init = true };
	struct container_mount *mount = config_add_mount(&config);

	cr_assert_not_null(mount);
	cr_assert_eq(state_set_text(&config.name, name), 0);
	cr_assert_eq(state_set_text(&mount->destination, "/\xc3\xbc \"x\""), 0);
	cr_assert_eq(string_list_add(&config.arguments, "program"), 0);
	return container_create(place, &config, ret_container, NULL);
}

Test(container_records, survive)
{
	struct place place = open_place();
	struct container made = CONTAINER_INIT, found = CONTAINER_INIT;

	cr_assert_eq(create(&place, "one", &made), 0);
	cr_assert_eq(container_find(&place, "one", &found, NULL), 0);
	cr_expect_str_eq(found.id, made.id);
	cr_expect_eq(found.config.stop_timeout, -1);
	cr_expect(found.config.init);
	cr_expect_not(found.config.remove);
	cr_expect_null(found.config.user);
	cr_expect_eq(found.config.arguments.count, 1);
	cr_expect_eq(found.config.mounts.count, 1);
	cr_expect_str_eq(config_mount(&found.config, 0)->destination, "/\xc3\xbc \"x\"");
	cr_expect_eq(state_status(&found.state), CONTAINER_CREATED);
	container_close(&found);
	made.id[10] = '\0';
	cr_expect_eq(container_find(&place, made.id, &found, NULL), 0);
	container_close(&found);
	cr_expect_eq(container_find(&place, "", &found, NULL), -ENOENT);
	cr_expect_eq(container_find(&place, "../containers", &found, NULL), -ENOENT);
	container_close(&made);
	place_close(&place);
}

Test(container_records, have_one_name_each)
{
	struct place place = open_place();
	struct container one = CONTAINER_INIT, two = CONTAINER_INIT;

	cr_assert_eq(create(&place, "one", &one), 0);
	cr_expect_eq(create(&place, "one", &two), -EEXIST);
	cr_assert_eq(create(&place, "two", &two), 0);
	cr_assert_eq(container_lock(&two, NULL), 0);
	cr_expect_eq(container_rename(&two, "one", NULL), -EEXIST);
	cr_expect_eq(container_rename(&two, "a/b", NULL), -EINVAL);
	cr_expect_eq(container_rename(&two, "three", NULL), 0);
	cr_expect_eq(container_hide(&two, NULL), 0);
	cr_expect_eq(container_delete(&place, two.id, NULL), 0);
	container_close(&two);
	cr_expect_eq(container_find(&place, "three", &two, NULL), -ENOENT);
	cr_assert_eq(create(&place, "three", &two), 0);
	container_close(&two);
	container_close(&one);
	place_close(&place);
}

/* A name whose container was never shown, or is gone, can be had. */
Test(container_records, give_stale_names_back)
{
	struct place place = open_place();
	struct container container = CONTAINER_INIT;
	const char *id = "0123456789012345678901234567890123456789012345678901234567890123";

	cr_assert_eq(symlinkat(id, place.names_fd, "stale"), 0);
	cr_expect_eq(container_find(&place, "stale", &container, NULL), -ENOENT);
	cr_assert_eq(create(&place, "stale", &container), 0);
	container_close(&container);
	place_close(&place);
}

Test(container_records, may_be_damaged)
{
	struct place place = open_place();
	struct container container = CONTAINER_INIT;
	cleanup_fd int fd = -1;
	struct problem problem;

	cr_assert_eq(create(&place, "one", &container), 0);
	fd = confined_open(container.fd, "config.json", O_WRONLY | O_TRUNC, 0);
	cr_assert_eq(write(fd, "{\"name\":1}", 10), 10);
	container_close(&container);
	cr_expect_eq(container_find(&place, "one", &container, &problem), -EBADMSG);
	cr_expect(strstr(problem.text, "cowrun rm -f"));
	cr_expect_eq(container_find_damaged(&place, "one", &container, &problem), 0);
	cr_expect_eq(container_lock(&container, &problem), 0);
	cr_expect_eq(container_hide(&container, &problem), 0);
	cr_expect_eq(container_delete(&place, container.id, &problem), 0);
	container_close(&container);
	cr_expect_eq(container_find(&place, "one", &container, &problem), -ENOENT);
	place_close(&place);
}

Test(container_records, are_json_objects)
{
	json_object *object = NULL;

	scratch_file(&scratch, "array", "[1]");
	scratch_file(&scratch, "cut", "{\"a\":");
	scratch_file(&scratch, "empty", "");
	scratch_node(&scratch, "fifo", S_IFIFO | 0600, 0);
	scratch_symlink(&scratch, "link", "array");
	cr_expect_eq(json_file_read(scratch.fd, "array", &object), -EINVAL);
	cr_expect_eq(json_file_read(scratch.fd, "cut", &object), -EINVAL);
	cr_expect_eq(json_file_read(scratch.fd, "empty", &object), -EINVAL);
	cr_expect_eq(json_file_read(scratch.fd, "fifo", &object), -ESTALE);
	cr_expect_lt(json_file_read(scratch.fd, "link", &object), 0);
	cr_expect_eq(json_file_read(scratch.fd, "missing", &object), -ENOENT);
}

/* -- events -- */

/* How many events of that action were told. */
static int times_told(const struct place *place, const char *action)
{
	char text[8192], wanted[64];
	int count = 0;

	(void)snprintf(wanted, sizeof(wanted), "\"Action\":\"%s\"", action);
	cr_assert_geq(place_read(place->run_fd, EVENT_LOG, text, sizeof(text)), 0);
	for (const char *at = text; (at = strstr(at, wanted)); at++)
		count++;
	return count;
}

/* Notes an event as who is killed then, perhaps after telling it. */
static void note_and_die(const struct place *place, const char *action, bool tell)
{
	struct container container = CONTAINER_INIT;

	cr_assert_eq(container_find(place, "one", &container, NULL), 0);
	cr_assert_eq(container_lock(&container, NULL), 0);
	event_note(&container, action, EVENT_ATTRIBUTES({ "name", "two" }));
	cr_assert_eq(container_save_state(&container, NULL), 0);
	if (tell)
		event_of_noted(&container, container.state.noted.items);
	container_close(&container);
}

static void look(const struct place *place)
{
	struct container container = CONTAINER_INIT;

	cr_assert_eq(container_find(place, "one", &container, NULL), 0);
	cr_expect_eq(container_refresh(&container, NULL), 0);
	container_close(&container);
	cr_assert_eq(container_find(place, "one", &container, NULL), 0);
	cr_expect_eq(container.state.noted.count, 0);
	container_close(&container);
}

Test(container_records, tell_once_what_was_noted)
{
	struct place place = open_place();
	struct container container = CONTAINER_INIT;

	cr_assert_eq(create(&place, "one", &container), 0);
	container_close(&container);
	note_and_die(&place, "pause", false);
	cr_expect_eq(times_told(&place, "pause"), 0);
	look(&place);
	cr_expect_eq(times_told(&place, "pause"), 1);
	note_and_die(&place, "unpause", true);
	look(&place);
	cr_expect_eq(times_told(&place, "unpause"), 1);
	/* What has not happened: it is there, by its former name. */
	note_and_die(&place, "destroy", false);
	look(&place);
	note_and_die(&place, "rename", false);
	look(&place);
	cr_expect_eq(times_told(&place, "destroy") + times_told(&place, "rename"), 0);
	cr_expect_eq(times_told(&place, "create"), 1);
	place_close(&place);
}

/* -- who the monitor is -- */

/* A process that takes the lock, has a child of its own, and waits for its end. */
static pid_t start_monitor(int directory)
{
	int ready[2];
	char byte;
	pid_t child;

	cr_assert_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		bool taken = monitor_lock_take(directory) >= 0;

		if (fork() == 0)
			pause();
		if (taken)
			(void)!write(ready[1], "", 1);
		pause();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return child;
}

Test(container_records, know_the_monitor)
{
	int children[4], monitor;
	pid_t pid;

	cr_expect_eq(monitor_lock_holder(scratch.fd), -ESRCH);
	pid = start_monitor(scratch.fd);
	cr_expect_eq(monitor_lock_take(scratch.fd), -EAGAIN);
	monitor = monitor_lock_holder(scratch.fd);
	cr_assert_geq(monitor, 0);
	cr_assert_eq(process_open_children(monitor, children, 4), 1);
	cr_expect_eq(process_signal(monitor, SIGKILL), 0);
	cr_expect_eq(waitpid(pid, NULL, 0), pid);
	/* Its child has not inherited it. */
	cr_expect_eq(monitor_lock_holder(scratch.fd), -ESRCH);
	cr_expect_not(process_has_ended(children[0]));
	cr_expect_eq(process_open_children(monitor, children + 1, 3), 0);
	cr_expect_eq(process_signal(children[0], SIGKILL), 0);
	cr_expect_geq(monitor_lock_take(scratch.fd), 0);
}

Test(container_records, are_not_led_astray_by_what_is_no_lock)
{
	scratch_node(&scratch, "monitor.lock", S_IFIFO | 0600, 0);
	cr_expect_eq(monitor_lock_holder(scratch.fd), -ESRCH);
}

/* -- logs -- */

TestSuite(container_log, .init = set_up, .fini = tear_down);

static int collect(void *context, const struct log_entry *entry)
{
	struct buffer *text = context;

	cr_assert_eq(buffer_append_format(text, "%d:", entry->stream), 0);
	cr_assert_eq(buffer_append(text, entry->text, entry->length), 0);
	return buffer_append_string(text, "|");
}

static void read_log(uint64_t offset, struct buffer *text)
{
	cleanup_fd int fd = confined_open(scratch.fd, "log", O_RDONLY, 0);

	cr_assert_eq(log_read(fd, &offset, collect, text), 0);
}

Test(container_log, keeps_lines)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	cleanup_fd int fd = -1;
	struct log log;
	uint64_t offset;

	cr_assert_eq(log_open(scratch.fd, &log), 0);
	log_append(&log, LOG_STDOUT, "one\ntw", 6);
	log_append(&log, LOG_STDERR, "error\n", 6);
	log_append(&log, LOG_STDOUT, "o\nzero \0 byte\nend", 17);
	log_close(&log);
	read_log(0, &text);
	cr_expect_eq(text.length, strlen("0:one\n|1:error\n|0:two\n|0:zero . byte\n|0:end|"));
	cr_expect_eq(
		memcmp(text.data, "0:one\n|1:error\n|0:two\n|0:zero \0 byte\n|0:end|", text.length),
		0);
	fd = confined_open(scratch.fd, "log", O_RDONLY, 0);
	cr_assert_eq(log_find_tail(fd, 1, &offset), 0);
	buffer_clear(&text);
	read_log(offset, &text);
	cr_expect_str_eq(buffer_string(&text), "0:end|");
	cr_assert_eq(log_find_tail(fd, 100, &offset), 0);
	cr_expect_eq(offset, 0);
}

Test(container_log, cuts_long_lines_and_passes_over_garbage)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;
	char *line = malloc(2 * LOG_LINE_MAX);
	struct log log;

	memset(line, 1, 2 * LOG_LINE_MAX);
	cr_assert_eq(log_open(scratch.fd, &log), 0);
	cr_assert_eq(write(log.fd, "garbage\n[1]\n{}\n{\"log\":1}\n", 25), 25);
	log_append(&log, LOG_STDOUT, line, 2 * LOG_LINE_MAX);
	log_append(&log, LOG_STDOUT, "\n", 1);
	log_close(&log);
	read_log(0, &text);
	cr_expect_eq(text.length, 2 * (2 + LOG_LINE_MAX + 1) + 4);
	free(line);
}

/* -- paths in a container -- */

TestSuite(in_root, .init = set_up, .fini = tear_down);

Test(in_root, stays_inside)
{
	cleanup_fd int root = -1, made = -1, file = -1;
	const char *name;

	scratch_dir(&scratch, "outside");
	scratch_dir(&scratch, "root");
	scratch_dir(&scratch, "root/real");
	scratch_symlink(&scratch, "root/up", "../../outside");
	scratch_symlink(&scratch, "root/absolute", "/real");
	scratch_symlink(&scratch, "root/loop", "loop");
	scratch_symlink(&scratch, "root/file", "/real/file");
	root = scratch_open(&scratch, "root");
	made = in_root_make_directory(root, "/absolute/a/b/");
	cr_expect_geq(made, 0);
	cr_expect(scratch_exists(&scratch, "root/real/a/b"));
	cr_expect_lt(in_root_make_directory(root, "/up/x"), 0);
	cr_expect_lt(in_root_make_directory(root, "/loop/x"), 0);
	cr_expect_lt(in_root_make_directory(root, "/missing/../x"), 0);
	cr_expect_not(scratch_exists(&scratch, "outside/x"));
	file = in_root_make_file(root, "/../../../absolute/new/file");
	cr_expect_geq(file, 0);
	cr_expect(scratch_exists(&scratch, "root/real/new/file"));
	cr_expect_eq(in_root_open_parent(root, "/", &name), -EINVAL);
	cr_expect_eq(in_root_open_parent(root, "a/..", &name), -EINVAL);
}

Test(in_root, reads_small_regular_files)
{
	cleanup_fd int root = -1;
	char *content = NULL;

	scratch_dir(&scratch, "root");
	scratch_file(&scratch, "root/file", "content");
	scratch_node(&scratch, "root/fifo", S_IFIFO | 0600, 0);
	root = scratch_open(&scratch, "root");
	cr_assert_eq(in_root_read(root, "/file", 7, &content), 7);
	cr_expect_str_eq(content, "content");
	free(content);
	cr_expect_eq(in_root_read(root, "/file", 6, &content), -EFBIG);
	cr_expect_eq(in_root_read(root, "/fifo", 100, &content), -ESTALE);
	cr_expect_eq(in_root_read(root, "/", 100, &content), -ESTALE);
}

/* -- users -- */

static struct user find(const char *text, int expected)
{
	cleanup_fd int root = scratch_open(&scratch, ".");
	struct user user = { .uid = 12345 };
	struct problem problem = { .text = "" };

	cr_expect_eq(user_find(root, text, &user, &problem), expected, "%s: %s", text,
		     problem.text);
	return user;
}

Test(in_root, knows_users)
{
	struct user user;

	scratch_dir(&scratch, "etc");
	scratch_file(&scratch, "etc/passwd",
		     "junk\nroot:x:0:0::/root:/bin/sh\nweb:x:33:34::/srv:\nweb:x:1:1::/:\n"
		     "minus:x:-1:0::/:\nall:x:4294967295:0::/:\nnohome:x:5:5::rel:\n");
	scratch_file(&scratch, "etc/group",
		     "root:x:0:\nstaff:x:50:other,web\nmore:x:51:web\nbad:x:y:web\n");
	user = find(NULL, 0);
	cr_expect_eq(user.uid, 0);
	cr_expect_str_eq(user.home, "/root");
	user_free(&user);
	user = find("web", 0);
	cr_expect_eq(user.uid, 33);
	cr_expect_eq(user.gid, 34);
	cr_expect_eq(user.group_count, 2);
	user_free(&user);
	user = find("33:staff", 0);
	cr_expect_eq(user.gid, 50);
	cr_expect_eq(user.group_count, 0);
	user_free(&user);
	user = find("99", 0);
	cr_expect_eq(user.uid, 99);
	cr_expect_eq(user.gid, 0);
	cr_expect_str_eq(user.home, "/");
	user_free(&user);
	user = find("nohome", 0);
	cr_expect_str_eq(user.home, "/");
	user_free(&user);
	user = find("nobody", -ENOENT);
	user = find("minus", -ENOENT);
	user = find("all", -ENOENT);
	user = find("4294967295", -ENOENT);
	user = find("4294967296", -ENOENT);
	user = find("0:nogroup", -ENOENT);
	cr_expect_eq(user.uid, 12345);
}
