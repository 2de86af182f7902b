/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cowrun cp: files into a container, and out of it.
 *
 * Two processes and a tar between them: this one, with the rights of its user, has the host's end; a child has
 * the container's (container/root/visit.h). Neither takes a name from the other that it does not check: the one that unpacks
 * treats the tar as hostile.
 */
#include "archive/apply.h"
#include "archive/tree_pack.h"
#include "base/cleanup.h"
#include "base/confined.h"
#include "container/launch/message.h"
#include "container/process/process.h"
#include "container/root/visit.h"
#include "cowrun/command.h"
#include "cowrun/copy_place.h"
#include "image/owners.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char usage[] =
	"Usage: cowrun cp [-a] [-L] CONTAINER:PATH TARGET\n"
	"       cowrun cp [-a] [-L] SOURCE CONTAINER:PATH\n"
	"\n"
	"Copies a file or directory, with all that is in it, out of a container or into it. The\n"
	"container need not run.\n"
	"\n"
	"A target that is a directory gets the source in it; another is replaced, or made in a\n"
	"directory that is there. A source that ends in /. stands for what is in the directory.\n"
	"Instead of a path of the host, - is a tar: CONTAINER:PATH - writes one, and\n"
	"- CONTAINER:PATH unpacks one into a directory. ./a:b is a file of the host.\n"
	"\n"
	"  -a, --archive      keep owners; otherwise files are root's in the container, and the\n"
	"                     user's outside, where they then are not setuid and no devices\n"
	"  -L, --follow-link  a source that is a symbolic link means what it leads to\n";

struct copy_options {
	bool archive, follow;
};

static const struct option_rule rules[] = {
	{ 'a', "archive", OPTION_SWITCH, offsetof(struct copy_options, archive), NULL },
	{ 'L', "follow-link", OPTION_SWITCH, offsetof(struct copy_options, follow), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

struct copy {
	const struct copy_options *options;
	struct container *container;
	const char *inside;		       /* the path in the container */
	const char *outside;		       /* of the host, absolute; NULL: a standard stream */
	const char *source_what, *target_what; /* how the person called them */
	bool outward;
	int stream;	       /* the child's end of the pipe, or a standard stream */
	int socket;	       /* the child's, to tell what the target is */
	struct message latest; /* from the child */
};

/* -- either end -- */

static int pack(const struct copy *copy, int root, const struct copy_target *target, int to,
		struct problem *problem)
{
	const char *path = copy->outward ? copy->inside : copy->outside;
	char own_name[NAME_MAX + 1];
	cleanup_fd int fd = -1;
	struct tree_pack_options options = {
		.name = target->name,
		.harmless = copy->outward && copy->outside && !copy->options->archive,
	};
	struct tree_pack_result result;
	struct problem warning = { .text = "" };
	struct stat status;
	int error = copy_source_open(root, path, copy->options->follow, copy->source_what, &fd,
				     problem);

	if (error)
		return error;
	if (target->name[0] == '\0') {
		copy_source_name(path, own_name);
		options.name = own_name;
	}
	options.fd = fd;
	if (fstat(fd, &status) < 0)
		return problem_set(problem, -errno, "%s: %s", copy->source_what, strerror(errno));
	if (target->must_be_directory && !S_ISDIR(status.st_mode))
		return problem_set(problem, -ENOENT, "%s: there is no such directory",
				   copy->target_what);
	error = tree_pack(&options, to, &result, problem, &warning);
	if (!error && warning.text[0])
		say("%s: %s", copy->source_what, warning.text);
	return error;
}

/* Changes the working directory: the target is known by its descriptor alone. */
static int unpack(const struct copy *copy, const struct copy_target *target, int from,
		  struct problem *problem)
{
	const struct ownership owner =
		copy->outward ? owners_squashed(geteuid(), getegid()) : owners_squashed(0, 0);
	const struct apply_source source = {
		.fd = from,
		.name = copy->outside ? copy->source_what : "standard input",
	};
	const struct layer_apply_options options = {
		.target = ".",
		.plain_files = true,
		.ownership = copy->options->archive ? NULL : &owner,
	};
	struct layer_apply_result result;
	struct problem warning = { .text = "" };
	int error;

	if (fchdir(target->directory) < 0)
		return problem_set(problem, -errno, "%s: %s", copy->target_what, strerror(errno));
	error = layer_apply(&source, &options, &result, problem, &warning);
	/* Nothing is to hold what may have been mounted for us. */
	(void)!chdir("/");
	if (!error && warning.text[0])
		say("%s: %s", copy->target_what, warning.text);
	return error;
}

/* -- what the one with the target tells the other -- */

static int tell_target(int socket, const struct copy_target *target, struct problem *problem)
{
	struct message message = { .kind = MESSAGE_READY, .value = target->must_be_directory };

	memcpy(message.text, target->name, sizeof(target->name));
	if (message_send(socket, &message, -1) < 0)
		return problem_set(problem, -ECONNRESET, "the other process was lost");
	return 0;
}

static void take_target(const struct message *message, struct copy_target *ret_target)
{
	*ret_target = (struct copy_target){ .directory = -1, .must_be_directory = message->value };
	memcpy(ret_target->name, message->text, sizeof(ret_target->name));
	ret_target->name[NAME_MAX] = '\0';
}

/* -- the container's end -- */

/* A container_visit_function. */
static int take_out(int root, void *context, struct problem *problem)
{
	const struct copy *copy = context;
	struct message message;
	struct copy_target target;

	if (message_receive(copy->socket, &message, NULL) < 0)
		return problem_set(problem, -ECONNRESET, "there is nowhere to copy to");
	take_target(&message, &target);
	return pack(copy, root, &target, copy->stream, problem);
}

/* A container_visit_function. */
static int bring_in(int root, void *context, struct problem *problem)
{
	const struct copy *copy = context;
	struct copy_target target;
	int error = copy_target_open(root, copy->inside, copy->target_what, &target, problem);

	if (error)
		return error;
	if (copy->outside)
		error = tell_target(copy->socket, &target, problem);
	else if (target.name[0])
		error = problem_set(problem, -ENOTDIR, "%s: a tar is unpacked into a directory",
				    copy->target_what);
	if (!error)
		error = unpack(copy, &target, copy->stream, problem);
	(void)close(target.directory);
	return error;
}

static _Noreturn void run_inside(struct copy *copy, pid_t parent)
{
	struct message message = { .kind = MESSAGE_DONE };
	struct problem problem = { .text = "" };

	if (process_end_with_parent(parent, SIGKILL) < 0)
		_exit(1);
	message.value = container_visit(copy->container, copy->outward ? take_out : bring_in, copy,
					&problem);
	memcpy(message.text, problem.text, sizeof(message.text));
	(void)message_send(copy->socket, &message, -1);
	_exit(0);
}

/* -- the host's end -- */

static int pack_here(struct copy *copy, int root, int socket, int to, struct problem *problem)
{
	struct copy_target target = { .directory = -1 };
	int error = message_receive(socket, &copy->latest, NULL);

	/* It tells why not. */
	if (error || copy->latest.kind == MESSAGE_DONE)
		return problem_set(problem, -ECONNRESET, "the process in the container was lost");
	take_target(&copy->latest, &target);
	return pack(copy, root, &target, to, problem);
}

static int unpack_here(const struct copy *copy, int root, int socket, int from,
		       struct problem *problem)
{
	struct copy_target target;
	int error = copy_target_open(root, copy->outside, copy->target_what, &target, problem);

	if (error)
		return error;
	error = tell_target(socket, &target, problem);
	if (!error)
		error = unpack(copy, &target, from, problem);
	(void)close(target.directory);
	return error;
}

static int run_here(struct copy *copy, int socket, int stream, struct problem *problem)
{
	static const struct copy_target standard_output = { .directory = -1 };
	cleanup_fd int root = -1;

	if (!copy->outside)
		return copy->outward ? tell_target(socket, &standard_output, problem) : 0;
	root = confined_open_root("/");
	if (root < 0)
		return problem_set(problem, root, "/: %s", strerror(-root));
	return copy->outward ? unpack_here(copy, root, socket, stream, problem)
			     : pack_here(copy, root, socket, stream, problem);
}

static int hear_inside(struct copy *copy, int socket, struct problem *problem)
{
	while (copy->latest.kind != MESSAGE_DONE) {
		if (message_receive(socket, &copy->latest, NULL) < 0)
			return problem_set(problem, -ECONNRESET,
					   "the process in the container was lost");
	}
	if (copy->latest.value)
		(void)problem_set(problem, copy->latest.value, "%s", copy->latest.text);
	return copy->latest.value;
}

/* Who packs fails when nobody reads, and who unpacks when the tar does not go on: which was first? */
static bool packing_is_to_blame(int packing, int unpacking)
{
	return packing && (!unpacking || (packing != -EPIPE && packing != -ECONNRESET));
}

static int connect_streams(struct copy *copy, int *ret_ours, int *ret_theirs)
{
	int ends[2];

	if (!copy->outside) {
		copy->stream = copy->outward ? STDOUT_FILENO : STDIN_FILENO;
		return 0;
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_ours = ends[!copy->outward];
	*ret_theirs = copy->stream = ends[copy->outward];
	return 0;
}

static void close_early(int *fd)
{
	if (*fd >= 0)
		(void)close(steal_fd(fd));
}

static int run(struct copy *copy, struct problem *problem)
{
	cleanup_fd int ours = -1, our_stream = -1, their_stream = -1;
	struct problem problem_inside = { .text = "" };
	int here, inside, error = message_pair(&ours, &copy->socket);
	pid_t parent = getpid(), child;

	if (!error)
		error = connect_streams(copy, &our_stream, &their_stream);
	child = error ? -1 : fork();
	if (child < 0)
		return problem_set(problem, error ? error : -errno, "cannot start a process: %s",
				   strerror(error ? -error : errno));
	if (child == 0) {
		close_early(&ours);
		close_early(&our_stream);
		run_inside(copy, parent);
	}
	close_early(&copy->socket);
	close_early(&their_stream);
	here = run_here(copy, ours, our_stream, problem);
	close_early(&our_stream);
	/* One that waits for the target waits no longer. */
	(void)shutdown(ours, SHUT_WR);
	inside = hear_inside(copy, ours, &problem_inside);
	(void)waitpid(child, NULL, 0);
	if (copy->outward ? !packing_is_to_blame(inside, here) : packing_is_to_blame(here, inside))
		return here;
	*problem = problem_inside;
	return inside;
}

/* -- what the person said -- */

/* The path in the container, of CONTAINER:PATH; NULL for one of the host. */
static char *split(char *operand)
{
	char *colon = strchr(operand, ':');

	if (!colon || colon == operand || operand[0] == '/' || operand[0] == '.')
		return NULL;
	return colon;
}

/* Absolute, since all is below a root. NULL: no memory, or no working directory. */
static char *absolute(const char *path)
{
	cleanup_free char *directory = path[0] == '/' ? NULL : getcwd(NULL, 0);
	char *joined;

	if (path[0] == '/')
		return strdup(path);
	if (!directory || asprintf(&joined, "%s/%s", directory, path) < 0)
		return NULL;
	return joined;
}

/* So that nobody starts it meanwhile; one that runs needs none. */
static int hold(struct container *container, struct problem *problem)
{
	int error = container_lock(container, problem);

	if (error || !state_is_live(&container->state))
		return error;
	container_unlock(container);
	if (container->state.pid > 0)
		return 0;
	return problem_set(problem, -EBUSY, "container %s is just being started again",
			   container->config.name);
}

static int copy_between(const struct copy *asked, char *operand, char *colon, const char *outside)
{
	struct copy copy = *asked;
	cleanup_container struct container container = CONTAINER_INIT;
	cleanup_free char *path = outside ? absolute(outside) : NULL;
	cleanup_free char *name = strndup(operand, (size_t)(colon - operand));
	struct problem problem = { .text = "" };
	struct place place;
	int error;

	if (!name || (outside && !path)) {
		say("%s", strerror(errno));
		return STATUS_FAILED;
	}
	if (!command_open_place(&place))
		return STATUS_FAILED;
	copy.container = &container;
	copy.inside = colon + 1;
	copy.outside = path;
	/* A pipe that nobody reads is an error like others. */
	(void)signal(SIGPIPE, SIG_IGN);
	error = container_find(&place, name, &container, &problem);
	if (!error)
		error = hold(&container, &problem);
	if (!error)
		error = run(&copy, &problem);
	place_close(&place);
	return error ? command_failed(&problem) : STATUS_OK;
}

static int refuse(const char *why)
{
	say("%s", why);
	return STATUS_USAGE;
}

static int copy(const struct copy_options *options, char *source, char *target)
{
	char *source_colon = split(source), *target_colon = split(target);
	const char *outside = source_colon ? target : source;
	struct copy copy = {
		.options = options,
		.source_what = source,
		.target_what = target,
		.outward = source_colon,
		.socket = -1,
	};
	bool standard = strcmp(outside, "-") == 0;

	if (!source_colon == !target_colon)
		return refuse(source_colon ? "cp copies into a container or out of one, not from "
					     "one to another"
					   : "one of the two must be CONTAINER:PATH");
	if (!(source_colon ? source_colon : target_colon)[1] || !outside[0])
		return refuse("cp: a path is missing");
	if (standard && isatty(source_colon ? STDOUT_FILENO : STDIN_FILENO))
		return refuse("cp: a tar is neither written to a terminal nor read from one; "
			      "redirect it");
	if (source_colon && !standard && options->archive && geteuid() != 0) {
		say("cp -a: only root can keep the owners of a container's files");
		return STATUS_FAILED;
	}
	return source_colon ? copy_between(&copy, source, source_colon, standard ? NULL : outside)
			    : copy_between(&copy, target, target_colon, standard ? NULL : outside);
}

int command_cp(int argc, char **argv)
{
	struct copy_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count == 2 ? copy(&options, argv[1], argv[2]) : command_misused(usage);
	return status;
}
