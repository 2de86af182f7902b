/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include "side.h"
#include "snapshot.h"
#include "support.h"

#include "union/union.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 512

/* The directories of a run. */
struct scene {
	char base[PATH_SIZE], second[PATH_SIZE];  /* "" for no second one */
	char layers[STACK_LAYERS_MAX][PATH_SIZE]; /* 0 is the upper */
	char mountpoint[PATH_SIZE];
	char lowers[STACK_LAYERS_MAX * PATH_SIZE]; /* with colons */
};

/* What a run consists of while it goes on. */
struct world {
	const struct run_options *options;
	struct scene *scene;
	struct stack *stack;
	struct union_options union_options;
	struct mount_options mount_options;
	char mount_words[PATH_SIZE];
	const char *lower_paths[STACK_LAYERS_MAX];
	int plain_root;
	bool zeroes_ranges; /* the file system does */
	struct side *plain, *seen;
	struct snapshot lowers_before[STACK_LAYERS_MAX];
	struct identities identities;
	struct timespec start;
};

/* -- what the file system lacks -- */

static bool can_zero_ranges(int directory)
{
	int fd = openat(directory, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	bool can = fd >= 0 && fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096) == 0;

	if (fd >= 0)
		(void)close(fd);
	return can;
}

/* With a write-back cache the kernel notes a change of the file before the file system refuses it. */
static void leave_out_zeroing(const struct world *world, struct operation *operation)
{
	if (!world->zeroes_ranges && operation->kind == OPERATION_FALLOCATE &&
	    operation->flags == FALLOC_FL_ZERO_RANGE)
		operation->flags = FALLOC_FL_KEEP_SIZE;
}

/* -- directories -- */

static int make_directory(const char *base, const char *name, char *path)
{
	int fd;

	(void)snprintf(path, PATH_SIZE, "%s/%s", base, name);
	if (mkdir(path, 0755) < 0)
		give_up("mkdir %s: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		give_up("open %s: %s", path, strerror(errno));
	return fd;
}

static void write_layers(struct world *world)
{
	struct scene *scene = world->scene;
	size_t length = 0;
	char name[16];

	for (unsigned i = 0; i < world->stack->layer_count; i++) {
		bool elsewhere = i > 0 && *scene->second && (world->options->seed >> i & 1);
		int fd;

		(void)snprintf(name, sizeof(name), i == 0 ? "upper" : "lower%u", i);
		fd = make_directory(elsewhere ? scene->second : scene->base, name,
				    scene->layers[i]);
		write_layer(&world->stack->layers[i], fd);
		snapshot_take(&world->lowers_before[i], fd);
		(void)close(fd);
		if (i == 0)
			continue;
		world->lower_paths[i - 1] = scene->layers[i];
		length += (size_t)snprintf(scene->lowers + length, sizeof(scene->lowers) - length,
					   "%s%s", i > 1 ? ":" : "", scene->layers[i]);
	}
}

static void write_plain(struct world *world)
{
	char path[PATH_SIZE];
	int hidden;

	world->plain_root = make_directory(world->scene->base, "plain", path);
	hidden = make_directory(world->scene->base, "hidden", path);
	world->zeroes_ranges = can_zero_ranges(world->plain_root);
	write_merged(world->stack, world->plain_root, hidden);
	(void)close(hidden);
}

/* -- comparing -- */

static struct comparison comparison_of(struct world *world, bool identities)
{
	return (struct comparison){ .start = world->start,
				    .identities = identities ? &world->identities : NULL,
				    .report = stdout };
}

static bool compare_trees(struct world *world)
{
	struct comparison comparison = comparison_of(world, true);
	struct snapshot plain = { 0 }, seen = { 0 };
	bool same;

	world->plain->snapshot(world->plain, &plain);
	world->seen->snapshot(world->seen, &seen);
	same = snapshot_compare(&plain, &seen, &comparison);
	snapshot_clear(&plain);
	snapshot_clear(&seen);
	return same;
}

static bool lowers_are_unchanged(struct world *world)
{
	struct snapshot now = { 0 };
	bool same = true;

	for (unsigned i = 1; i < world->stack->layer_count; i++) {
		int fd = open(world->scene->layers[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		snapshot_take(&now, fd);
		(void)close(fd);
		if (!snapshot_is_unchanged(&world->lowers_before[i], &now, stdout)) {
			printf("in %s\n", world->scene->layers[i]);
			same = false;
		}
	}
	snapshot_clear(&now);
	return same;
}

/* The upper as the topmost of the lowers. */
static bool upper_serves_as_lower(struct world *world)
{
	struct comparison comparison = comparison_of(world, false);
	const char *paths[STACK_LAYERS_MAX];
	struct union_options options = world->union_options;
	struct snapshot plain = { 0 }, seen = { 0 };
	struct side *side;
	bool same;

	paths[0] = options.upper;
	memcpy(paths + 1, options.lowers, options.lower_count * sizeof(paths[0]));
	options.lowers = paths;
	options.lower_count++;
	options.upper = NULL;
	side = side_union_open(&options, false);
	side->snapshot(side, &seen);
	world->plain->snapshot(world->plain, &plain);
	same = snapshot_compare(&plain, &seen, &comparison);
	side->close(side);
	snapshot_clear(&plain);
	snapshot_clear(&seen);
	if (!same)
		printf("with the upper as a lower\n");
	return same;
}

/* -- operations -- */

static bool same_outcome(struct world *world, const struct operation *operation,
			 const struct outcome *plain, const struct outcome *seen)
{
	bool same = plain->result == seen->result && plain->size == seen->size &&
		    (plain->size == 0 || memcmp(plain->data, seen->data, plain->size) == 0);

	if (same)
		return true;
	printf("%s: should answer %ld %s, answers %ld %s\n", operation_name(operation->kind),
	       plain->result, plain->result < 0 ? strerrorname_np((int)-plain->result) : "",
	       seen->result, seen->result < 0 ? strerrorname_np((int)-seen->result) : "");
	if (plain->size > 0 || seen->size > 0)
		printf("%s: %.*s\n%s: %.*s\n", world->plain->name, (int)plain->size,
		       plain->data ? plain->data : "", world->seen->name, (int)seen->size,
		       seen->data ? seen->data : "");
	return false;
}

static bool apply_both(struct world *world, const struct operation *operation)
{
	struct outcome plain = { 0 }, seen = { 0 };
	bool same;

	if (operation->kind == OPERATION_TMPFILE && world->seen->lacks_tmpfile)
		return true;
	switch (operation->kind) {
	case OPERATION_FORGET:
		world->seen->forget(world->seen, operation->content);
		return true;
	case OPERATION_REOPEN:
		world->plain->reopen(world->plain);
		world->seen->reopen(world->seen);
		return compare_trees(world);
	case OPERATION_CHECK:
		return compare_trees(world);
	default:
		world->plain->apply(world->plain, operation, &plain);
		world->seen->apply(world->seen, operation, &seen);
		same = same_outcome(world, operation, &plain, &seen);
		outcome_clear(&plain);
		outcome_clear(&seen);
		return same;
	}
}

static bool apply_all(struct world *world, struct record *record, bool replay)
{
	struct random random = { world->options->seed ^ 0x6f7065726174696fU };
	struct paths paths = { 0 };
	size_t count = replay ? record->count : world->options->operations;
	bool same = true;

	for (size_t i = 0; same && i < count; i++) {
		if (!replay) {
			paths_list(&paths, world->plain_root);
			operation_draw(&random, &paths, &record->operations[i]);
			leave_out_zeroing(world, &record->operations[i]);
			record->count = i + 1;
		} else if (record->skipped[i]) {
			continue;
		}
		same = apply_both(world, &record->operations[i]);
		if (!same) {
			printf("after operation %zu: ", i);
			operation_print(stdout, &record->operations[i]);
		}
	}
	paths_clear(&paths);
	return same;
}

/* -- the whole -- */

static bool choose(struct random *random, enum choice choice, unsigned percent)
{
	bool drawn = random_percent(random, percent);

	return choice == CHOICE_RANDOM ? drawn : choice == CHOICE_SECOND;
}

/* Small budgets make it close descriptors and drop listings all the time. */
static void choose_options(struct world *world, struct random *random)
{
	const struct run_options *options = world->options;
	bool overlay = choose(random, options->dialect, 40);
	bool copy = choose(random, options->redirect, 40);

	world->union_options = (struct union_options){
		.lowers = world->lower_paths,
		.lower_count = world->stack->layer_count - 1,
		.upper = world->scene->layers[0],
		.dialect = overlay ? WHITEOUT_OVERLAY : WHITEOUT_AUFS,
		.redirect = copy ? REDIRECT_COPY : REDIRECT_ON,
		.volatile_upper = random_percent(random, 90),
		.listing_bytes = random_percent(random, 30) ? 600 : 0,
		.descriptors = random_percent(random, 30) ? 6 : 0,
		.changing = random_percent(random, 20),
	};
	(void)snprintf(world->mount_words, sizeof(world->mount_words),
		       "whiteout=%s,redirect=%s%s%s%s", overlay ? "overlay" : "aufs",
		       copy ? "copy" : "on", world->union_options.volatile_upper ? ",volatile" : "",
		       options->mount_options ? "," : "",
		       options->mount_options ? options->mount_options : "");
	world->mount_options = (struct mount_options){
		.program = options->program,
		.lowers = world->scene->lowers,
		.upper = world->scene->layers[0],
		.mountpoint = world->scene->mountpoint,
		.options = world->mount_words,
		.drop_caches = options->drop_caches,
	};
}

static void open_sides(struct world *world)
{
	struct random random = { world->options->seed ^ 0x6f7074696f6e7321U };

	choose_options(world, &random);
	if (world->options->program) {
		world->plain = side_system_open(SYSTEM_PLAIN_BESIDE_MOUNT, world->plain_root);
		world->seen = side_mount_open(&world->mount_options);
	} else {
		world->plain = side_system_open(SYSTEM_PLAIN_BESIDE_API, world->plain_root);
		world->seen = side_union_open(&world->union_options, random_percent(&random, 50));
	}
}

static void print_configuration(const struct world *world)
{
	printf("%s, listings %zu, descriptors %zu\n", world->mount_words,
	       world->union_options.listing_bytes, world->union_options.descriptors);
	stack_print(world->stack);
}

static bool run_operations(struct world *world, struct record *record, bool replay)
{
	bool good;

	open_sides(world);
	good = compare_trees(world);
	if (!good)
		printf("before the first operation\n");
	good = good && apply_all(world, record, replay);
	if (good) {
		world->plain->reopen(world->plain);
		world->seen->reopen(world->seen);
		good = compare_trees(world);
		if (!good)
			printf("at the end\n");
	}
	world->seen->close(world->seen);
	good = good && upper_serves_as_lower(world) && lowers_are_unchanged(world);
	world->plain->close(world->plain);
	return good;
}

static bool run_here(const struct run_options *options, struct scene *scene, struct record *record,
		     bool replay, const struct omissions *omissions)
{
	struct world world = { .options = options, .scene = scene };
	bool good;

	if (setgroups(0, NULL) < 0)
		give_up("setgroups: %s", strerror(errno));
	umask(0);
	(void)clock_gettime(CLOCK_REALTIME, &world.start);
	world.stack = stack_generate(options->seed, omissions);
	write_layers(&world);
	write_plain(&world);
	(void)close(make_directory(scene->base, "mnt", scene->mountpoint));
	good = run_operations(&world, record, replay);
	if (!good)
		print_configuration(&world);
	for (unsigned i = 0; i < STACK_LAYERS_MAX; i++)
		snapshot_clear(&world.lowers_before[i]);
	identities_clear(&world.identities);
	stack_free(world.stack);
	(void)close(world.plain_root);
	return good;
}

/* -- from outside -- */

struct record *record_create(size_t capacity)
{
	struct record *record;
	size_t size = sizeof(*record) + capacity * sizeof(record->operations[0]);

	/* Only what is used is backed by memory. */
	record = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (record == MAP_FAILED)
		give_up("no memory for %zu operations", capacity);
	record->capacity = capacity;
	record->skipped = must_reallocate(NULL, capacity + 1);
	memset(record->skipped, 0, capacity + 1);
	return record;
}

void record_free(struct record *record)
{
	free(record->skipped);
	(void)munmap(record, sizeof(*record) + record->capacity * sizeof(record->operations[0]));
}

static void make_scene(const struct run_options *options, struct scene *scene)
{
	*scene = (struct scene){ 0 };
	(void)snprintf(scene->base, sizeof(scene->base), "%s/cowfs-model.XXXXXX",
		       options->directory);
	if (!mkdtemp(scene->base))
		give_up("mkdtemp %s: %s", scene->base, strerror(errno));
	if (!options->second_directory)
		return;
	(void)snprintf(scene->second, sizeof(scene->second), "%s/cowfs-model.XXXXXX",
		       options->second_directory);
	if (!mkdtemp(scene->second))
		give_up("mkdtemp %s: %s", scene->second, strerror(errno));
}

static void remove_tree(const char *path)
{
	pid_t child;

	if (*path == '\0')
		return;
	child = fork();
	if (child == 0) {
		execlp("rm", "rm", "-rf", "--one-file-system", path, (char *)NULL);
		_exit(127);
	}
	if (child > 0)
		(void)waitpid(child, NULL, 0);
}

/* A daemon that hangs cannot be asked for anything: the kernel ends its connection. */
static void abort_connection(const char *mountpoint)
{
	char line[4096], place[PATH_SIZE], path[64];
	unsigned minor;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	int fd;

	while (mounts && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*d %*d 0:%u %*s %511s", &minor, place) != 2 ||
		    strcmp(place, mountpoint) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%u/abort", minor);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0) {
			(void)!write(fd, "1", 1);
			(void)close(fd);
		}
	}
	if (mounts)
		(void)fclose(mounts);
}

static void remove_scene(const struct run_options *options, const struct scene *scene, bool keep)
{
	char mountpoint[PATH_SIZE];

	(void)snprintf(mountpoint, sizeof(mountpoint), "%.500s/mnt", scene->base);
	if (options->program && umount2(mountpoint, MNT_DETACH) == 0 && !keep)
		abort_connection(mountpoint);
	if (keep) {
		printf("# left in %s %s\n", scene->base, scene->second);
		return;
	}
	remove_tree(scene->base);
	remove_tree(scene->second);
}

/* What kind of failure a line tells of: its words without names and numbers. */
static void take_kind(struct record *record, const char *line)
{
	size_t length = 0;
	bool quoted = false;

	for (; *line != '\0' && length + 1 < sizeof(record->failure); line++) {
		if (*line == '\'')
			quoted = !quoted;
		if (!quoted && !(*line >= '0' && *line <= '9') && *line != '-')
			record->failure[length++] = *line;
	}
	record->failure[length] = '\0';
}

/* Copies what the child says as comments, so that the test driver takes it for nothing else. */
static void copy_report(struct record *record, FILE *report, bool quiet)
{
	char *line = NULL;
	size_t size = 0;

	*record->failure = '\0';
	while (getline(&line, &size, report) >= 0) {
		if (*record->failure == '\0')
			take_kind(record, line);
		if (!quiet)
			printf("%s%s", line[0] == '#' ? "" : "# ", line);
	}
	free(line);
	(void)fflush(stdout);
}

static void become_run(const struct run_options *options, struct scene *scene,
		       struct record *record, bool replay, const struct omissions *omissions,
		       int report)
{
	bool good;

	(void)dup2(report, STDOUT_FILENO);
	(void)dup2(report, STDERR_FILENO);
	good = run_here(options, scene, record, replay, omissions);
	/* The leak checker does not look into shared memory, where the pointer is. */
	free(record->skipped);
	exit(good ? 0 : 1);
}

/* Waits for the child; one that hangs is ended, together with the mount it hangs on. */
static int wait_for(pid_t child, const struct run_options *options, const struct scene *scene)
{
	char mountpoint[PATH_SIZE];
	int status;

	for (unsigned ticks = 0; ticks < options->timeout * 1000; ticks++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return status;
		(void)usleep(1000);
	}
	printf("# no end after %u seconds\n", options->timeout);
	(void)snprintf(mountpoint, sizeof(mountpoint), "%.500s/mnt", scene->base);
	(void)kill(child, SIGABRT);
	abort_connection(mountpoint);
	(void)usleep(200000);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, &status, 0);
	return -1;
}

bool run(const struct run_options *options, struct record *record, bool replay,
	 const struct omissions *omissions, bool quiet)
{
	struct scene scene;
	FILE *report = tmpfile();
	pid_t child;
	int status;

	make_scene(options, &scene);
	(void)fflush(stdout);
	child = fork();
	if (child < 0 || !report)
		give_up("fork: %s", strerror(errno));
	if (child == 0)
		become_run(options, &scene, record, replay, omissions, fileno(report));
	status = wait_for(child, options, &scene);
	rewind(report);
	copy_report(record, report, quiet || status == 0);
	if (status > 0 && WIFSIGNALED(status) && !quiet) {
		printf("# ended by signal %d (%s) after operation %zu: ", WTERMSIG(status),
		       strsignal(WTERMSIG(status)), record->count - 1);
		operation_print(stdout, &record->operations[record->count ? record->count - 1 : 0]);
	}
	(void)fclose(report);
	remove_scene(options, &scene, options->keep && status != 0 && !quiet);
	return status == 0;
}
