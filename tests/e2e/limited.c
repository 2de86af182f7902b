/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command in a control group of its own, under a capability set and a seccomp profile: what these modules of
 * the runtime do, without a container around it.
 *
 *     limited run ID [OPTION=VALUE...] -- COMMAND [ARGUMENT...]
 *
 * Options are the runtime's flags for limits, and keep (the group stays), cap-add, cap-drop, seccomp (a file,
 * "default" or "unconfined"), user and update-FLAG (a limit changed once the command runs). After the command, "oom_kills N", "cpu_milliseconds N" and the like go to
 * stderr; the exit status is the command's, 128 + n for a signal.
 *
 *     limited burn SECONDS       keeps one processor busy
 *     limited allocate MEGABYTES touches memory
 *     limited fork NUMBER        has so many children at once; prints how many there could be
 *     limited settimeofday, clone-namespace, socket FAMILY, personality N, call NUMBER: prints the error
 */
#include "check.h"
#include "container/cgroup/cgroup.h"
#include "container/cgroup/limits_text.h"
#include "container/cgroup/statistics.h"
#include "container/process/capabilities.h"
#include "container/seccomp/seccomp.h"

#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#define LIST_MAX 16

struct options {
	struct container_limits limits, updates;
	const char *add[LIST_MAX], *drop[LIST_MAX];
	const char *seccomp;
	uid_t user;
	bool keep, update, capabilities;
};

static void or_fail(int result, const struct problem *problem)
{
	if (result >= 0)
		return;
	(void)fprintf(stderr, "limited: %s\n", problem->text);
	exit(125);
}

static void add_to(const char *list[LIST_MAX], const char *word)
{
	size_t count = 0;

	while (list[count])
		count++;
	CHECK(count < LIST_MAX - 1);
	list[count] = word;
}

static void read_option(struct options *options, char *option)
{
	struct problem problem = { "" };
	char *value = strchr(option, '=');
	int result;

	CHECK(value);
	*value++ = '\0';
	if (strcmp(option, "keep") == 0) {
		options->keep = true;
	} else if (strcmp(option, "seccomp") == 0) {
		options->seccomp = value;
	} else if (strcmp(option, "user") == 0) {
		options->user = (uid_t)atoi(value);
	} else if (strcmp(option, "cap-add") == 0 || strcmp(option, "cap-drop") == 0) {
		options->capabilities = true;
		add_to(option[4] == 'a' ? options->add : options->drop, value);
	} else if (strcmp(option, "devices") == 0) {
		CHECK(limits_add_default_devices(&options->limits) == 0);
	} else {
		bool update = strncmp(option, "update-", 7) == 0;

		options->update = options->update || update;
		result = limits_set(update ? &options->updates : &options->limits,
				    option + (update ? 7 : 0), value, &problem);
		CHECK(result != -ENOENT);
		or_fail(result, &problem);
	}
}

/* -- the child -- */

static void restrict_calls(const struct options *options, capability_set set)
{
	CLEANUP(seccomp_profile_free) struct seccomp_profile *own = NULL;
	const struct seccomp_profile *profile = seccomp_profile_default();
	struct problem problem = { "" };
	struct seccomp_program program;
	static char text[1 << 16];
	struct timespec before, after;

	if (!options->seccomp || strcmp(options->seccomp, "unconfined") == 0)
		return;
	if (strcmp(options->seccomp, "default") != 0) {
		int fd = check_open(options->seccomp, O_RDONLY, 0);
		ssize_t length = read(fd, text, sizeof(text));

		CHECK(length >= 0);
		or_fail(seccomp_profile_parse(text, (size_t)length, &own, &problem), &problem);
		profile = own;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	or_fail(seccomp_program_make(profile, set, &program, &problem), &problem);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	(void)fprintf(stderr, "seccomp_instructions %u\nseccomp_microseconds %ld\n", program.count,
		      (after.tv_sec - before.tv_sec) * 1000000 +
			      (after.tv_nsec - before.tv_nsec) / 1000);
	CHECK(seccomp_program_load(&program, NULL) == 0);
	seccomp_program_free(&program);
}

static void confine(const struct options *options)
{
	struct capabilities capabilities = { 0 };
	struct problem problem = { "" };

	if (!options->capabilities && !options->seccomp && options->user == 0)
		return;
	or_fail(capabilities_choose(capabilities_available(), false, options->add, options->drop,
				    &capabilities.bounding, &problem),
		&problem);
	capabilities.permitted = capabilities.effective = capabilities.bounding;
	or_fail(capabilities_limit_bounding(capabilities.bounding, &problem), &problem);
	restrict_calls(options, capabilities.bounding);
	if (options->user != 0) {
		CHECK(setresgid(options->user, options->user, options->user) == 0);
		CHECK(setresuid(options->user, options->user, options->user) == 0);
		capabilities.permitted = capabilities.effective = 0;
	}
	or_fail(capabilities_set(&capabilities, &problem), &problem);
}

/* -- run -- */

static void report(const struct cgroup *group)
{
	struct cgroup_statistics statistics;

	cgroup_read_statistics(group, &statistics);
	(void)fprintf(stderr,
		      "oom_kills %" PRIu64 "\ncpu_milliseconds %" PRIu64 "\nmemory_limit %" PRIu64
		      "\nwritten_bytes %" PRIu64 "\npids_limit %" PRIu64 "\n",
		      statistics.memory.oom_kills, statistics.cpu.total / 1000000,
		      statistics.memory.limit, statistics.io.written_bytes, statistics.pids_limit);
}

static int run_in(const struct cgroup *group, const struct options *options, char **command)
{
	struct problem problem = { "" };
	int status, go[2];
	char byte = 0;
	pid_t child;

	CHECK(pipe2(go, O_CLOEXEC) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		CHECK(read(go[0], &byte, 1) == 1);
		confine(options);
		(void)execvp(command[0], command);
		(void)fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	or_fail(cgroup_add(group, child, &problem), &problem);
	CHECK(write(go[1], &byte, 1) == 1);
	if (options->update)
		or_fail(cgroup_apply(group, &options->updates, &problem), &problem);
	CHECK(waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run(int argc, char **argv)
{
	struct options options = { .limits = LIMITS_INIT, .updates = LIMITS_INIT };
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = NULL;
	CLEANUP(cgroup_free) struct cgroup *group = NULL;
	struct problem problem = { "" };
	const char *id = argv[0];
	int status, result;

	for (argc--, argv++; argc > 0 && strcmp(*argv, "--") != 0; argc--, argv++)
		read_option(&options, *argv);
	CHECK(argc > 1);
	limits_complete(&options.limits);
	or_fail(limits_check(&options.limits, &problem), &problem);
	or_fail(cgroup_layout_read(&layout, &problem), &problem);
	or_fail(cgroup_create(layout, id, NULL, &group, &problem), &problem);
	result = cgroup_apply(group, &options.limits, &problem);
	if (result < 0)
		(void)cgroup_remove(group, NULL);
	or_fail(result, &problem);
	status = run_in(group, &options, argv + 1);
	report(group);
	if (!options.keep)
		or_fail(cgroup_remove(group, &problem), &problem);
	limits_free(&options.limits);
	limits_free(&options.updates);
	return status;
}

/* -- on a kept group -- */

static void with_group(char **arguments)
{
	CLEANUP(cgroup_layout_free) struct cgroup_layout *layout = NULL;
	CLEANUP(cgroup_free) struct cgroup *group = NULL, *again = NULL;
	cleanup_buffer struct buffer text = BUFFER_INIT;
	struct problem problem = { "" };
	cleanup_free pid_t *pids = NULL;
	size_t count = 0;

	or_fail(cgroup_layout_read(&layout, &problem), &problem);
	CHECK(buffer_append_string(&text, "") == 0);
	for (size_t i = 0; i < layout->count; i++)
		CHECK(buffer_append_format(&text, "%s:/cowrun/%s\n", layout->hierarchies[i].name,
					   arguments[0]) == 0);
	or_fail(cgroup_open(layout, buffer_string(&text), &group, &problem), &problem);
	if (strcmp(arguments[1], "freeze") == 0 || strcmp(arguments[1], "thaw") == 0) {
		or_fail(cgroup_freeze(group, arguments[1][0] == 'f', &problem), &problem);
	} else if (strcmp(arguments[1], "list") == 0) {
		CHECK(cgroup_list(group, &pids, &count) == 0);
		for (size_t i = 0; i < count; i++)
			(void)printf("%d\n", pids[i]);
	} else if (strcmp(arguments[1], "kill") == 0) {
		CHECK(cgroup_kill(group, SIGKILL) == 0);
	} else if (strcmp(arguments[1], "terminate") == 0) {
		CHECK(cgroup_kill(group, SIGTERM) == 0);
	} else {
		or_fail(cgroup_remove(group, &problem), &problem);
	}
}

/* -- what runs in it -- */

static double seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void burn(char **arguments)
{
	double end = seconds_now() + atof(arguments[0]);

	while (seconds_now() < end)
		;
}

static void allocate(char **arguments)
{
	size_t size = (size_t)atoi(arguments[0]) << 20;
	char *memory = malloc(size);

	CHECK(memory);
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	(void)printf("allocated %zu\n", size);
	free(memory);
}

static void fork_children(char **arguments)
{
	int made = 0, wanted = atoi(arguments[0]);
	pid_t children[256];

	CHECK(wanted <= 256);
	for (; made < wanted && (children[made] = fork()) >= 0; made++) {
		if (children[made] == 0) {
			(void)pause();
			_exit(0);
		}
	}
	(void)printf("%d\n", made);
	for (int i = 0; i < made; i++) {
		(void)kill(children[i], SIGKILL);
		(void)waitpid(children[i], NULL, 0);
	}
}

static void print_error(long result)
{
	(void)puts(result < 0 ? strerrorname_np(errno) : "done");
}

static void try_settimeofday(char **arguments)
{
	struct timeval now;

	(void)arguments;
	(void)gettimeofday(&now, NULL);
	print_error(settimeofday(&now, NULL));
}

static void try_clone(char **arguments)
{
	long child = syscall(SYS_clone, strtoul(arguments[0], NULL, 0) | SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	print_error(child);
}

static void try_socket(char **arguments)
{
	print_error(socket(atoi(arguments[0]), SOCK_STREAM, 0));
}

static void try_personality(char **arguments)
{
	print_error(personality(strtoul(arguments[0], NULL, 0)));
}

static void try_call(char **arguments)
{
	print_error(syscall(atol(arguments[0]), -1, -1, -1, -1, -1, -1));
}

int main(int argc, char **argv)
{
	static const struct check_command commands[] = {
		{ "group", 2, with_group },
		{ "burn", 1, burn },
		{ "allocate", 1, allocate },
		{ "fork", 1, fork_children },
		{ "settimeofday", 0, try_settimeofday },
		{ "clone", 1, try_clone },
		{ "socket", 1, try_socket },
		{ "personality", 1, try_personality },
		{ "call", 1, try_call },
		{ NULL, 0, NULL },
	};

	if (argc > 3 && strcmp(argv[1], "run") == 0)
		return run(argc - 2, argv + 2);
	return check_run(commands, argc, argv);
}
