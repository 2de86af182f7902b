/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/archive_options.h"

#include "archive/copy.h"
#include "base/json.h"
#include "base/privilege.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/say.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* -- values -- */

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), wanted = strlen(end);

	return length > wanted && strcmp(name + length - wanted, end) == 0;
}

static const struct suffix {
	const char *end;
	enum tar_compression compression;
} suffixes[] = {
	{ ".tar", TAR_PLAIN },	  { ".tar.gz", TAR_GZIP }, { ".tgz", TAR_GZIP },
	{ ".tar.zst", TAR_ZSTD }, { ".tzst", TAR_ZSTD },
};

static const struct suffix *suffix_of(const char *name)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (ends_with(name, suffixes[i].end))
			return &suffixes[i];
	}
	return NULL;
}

bool archive_name_is_archive(const char *name)
{
	return suffix_of(name) != NULL;
}

/* Those that are read, but not written. */
static bool is_only_read(const char *name)
{
	return ends_with(name, ".tar.bz2") || ends_with(name, ".tbz2") ||
	       ends_with(name, ".tar.xz") || ends_with(name, ".txz");
}

static int take_compression(struct archive_options *options, const char *value)
{
	static const struct {
		const char *name;
		enum tar_compression compression;
	} names[] = { { "none", TAR_PLAIN }, { "gzip", TAR_GZIP }, { "zstd", TAR_ZSTD } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, value) == 0) {
			options->commit.compression = names[i].compression;
			options->has_compression = true;
			return STATUS_OK;
		}
	}
	say("--compress=%s: it can be none, gzip or zstd", value);
	return STATUS_USAGE;
}

static int take_epoch(struct archive_options *options, const char *value, const char *what)
{
	char *end;
	intmax_t seconds;

	errno = 0;
	seconds = strtoimax(value, &end, 10);
	if (errno || *end || end == value || seconds < 0) {
		say("%s=%s: it is a number of seconds since 1970", what, value);
		return STATUS_USAGE;
	}
	options->commit.has_source_date_epoch = true;
	options->commit.source_date_epoch = seconds;
	return STATUS_OK;
}

static int take_dialect(struct archive_options *options, const char *value)
{
	if (strcmp(value, "aufs") != 0 && strcmp(value, "overlay") != 0) {
		say("%s: whiteouts are written for aufs or for overlay", value);
		return STATUS_USAGE;
	}
	options->has_dialect = true;
	options->dialect = strcmp(value, "aufs") == 0 ? WHITEOUT_AUFS : WHITEOUT_OVERLAY;
	return STATUS_OK;
}

/* Paths are from the root, and as the archive has them. */
static int take_excluded(struct archive_options *options, const char *value)
{
	cleanup_free char *path = NULL;
	size_t length;

	while (*value == '/' || (value[0] == '.' && value[1] == '/'))
		value += *value == '/' ? 1 : 2;
	path = strdup(value);
	length = path ? strlen(path) : 0;
	while (length > 0 && path[length - 1] == '/')
		path[--length] = '\0';
	if (path && length == 0) {
		say("--exclude wants a path below the root");
		return STATUS_USAGE;
	}
	if (!path || string_list_add(&options->excluded, path) < 0) {
		say("out of memory");
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

static int take_owners(struct archive_options *options, const char *value)
{
	options->has_owners = true;
	options->ownership = (struct ownership){ 0 };
	if (strcmp(value, "disk") == 0)
		return STATUS_OK;
	if (strcmp(value, "attribute") == 0) {
		options->ownership.xattr_permissions = XATTR_PERMISSIONS_USER;
		return STATUS_OK;
	}
	if (strcmp(value, "mine") == 0) {
		options->ownership = (struct ownership){
			.squash_users = true,
			.squash_groups = true,
			.squashed_uid = geteuid(),
			.squashed_gid = getegid(),
		};
		return STATUS_OK;
	}
	say("--owners=%s: it can be disk, attribute or mine", value);
	return STATUS_USAGE;
}

/* -- options -- */

/* STATUS_USAGE + 1 for one that is not common. */
static int take_common(struct archive_options *options, int letter, const char *usage)
{
	switch (letter) {
	case 'h':
		(void)fputs(usage, stdout);
		return ARCHIVE_DONE;
	case 'V':
		version_cowfs();
		return ARCHIVE_DONE;
	case 'o':
		options->output = optarg;
		return STATUS_OK;
	case ARCHIVE_COMPRESS:
		return take_compression(options, optarg);
	case ARCHIVE_DIALECT:
		return take_dialect(options, optarg);
	case ARCHIVE_EPOCH:
		return take_epoch(options, optarg, "--source-date-epoch");
	case ARCHIVE_EXCLUDE:
		return take_excluded(options, optarg);
	case ARCHIVE_FILL_HOLES:
		options->commit.fill_holes = true;
		return STATUS_OK;
	case ARCHIVE_JSON:
		options->as_json = true;
		return STATUS_OK;
	case ARCHIVE_LAYERS:
		return stack_argument_set_layers(&options->stack, optarg);
	case ARCHIVE_OPTIONS:
		options->has_options = true;
		return stack_argument_set_options(&options->stack, optarg);
	case ARCHIVE_OWNERS:
		return take_owners(options, optarg);
	case ARCHIVE_UPPER:
		return stack_argument_set_upper(&options->stack, optarg);
	default:
		return STATUS_USAGE + 1;
	}
}

int archive_options_parse(struct archive_options *options, int argc, char **argv,
			  const char *letters, const struct option *table, const char *usage,
			  int (*take)(void *context, int letter, const char *value), void *context)
{
	int letter, status = STATUS_OK;

	while (status == STATUS_OK &&
	       (letter = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		if (letter == '?' || letter == ':') {
			say("%s %s; see cowfs %s --help", argv[optind - 1],
			    letter == '?' ? "is unknown" : "wants a value", argv[0]);
			return STATUS_USAGE;
		}
		status = take_common(options, letter, usage);
		if (status > STATUS_USAGE)
			status = take(context, letter, optarg);
	}
	return status;
}

void archive_options_free(struct archive_options *options)
{
	stack_argument_free(&options->stack);
	string_list_free(&options->excluded);
}

int archive_options_complete(struct archive_options *options)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	const struct suffix *suffix = options->output ? suffix_of(options->output) : NULL;

	if (options->output && is_only_read(options->output)) {
		say("%s: archives are compressed by gzip or zstd; call it .tar.gz or .tar.zst",
		    options->output);
		return STATUS_USAGE;
	}
	if (!options->has_compression && suffix)
		options->commit.compression = suffix->compression;
	options->commit.excluded = (const char *const *)options->excluded.strings;
	options->commit.excluded_count = options->excluded.count;
	if (options->commit.has_source_date_epoch || !epoch || !*epoch)
		return STATUS_OK;
	return take_epoch(options, epoch, "SOURCE_DATE_EPOCH");
}

int archive_options_sources(const struct archive_options *options, const char *operand,
			    struct string_list *sources)
{
	const struct mount_options *layers = &options->stack.options;
	int error = 0;

	for (size_t i = 0; i < layers->lowers.count && !error; i++)
		error = string_list_add(sources, layers->lowers.strings[i]);
	if (!error && layers->upper)
		error = string_list_add(sources, layers->upper);
	if (!error && options->stack.is_mount && operand)
		error = string_list_add(sources, operand);
	if (error)
		say("out of memory");
	return error ? STATUS_FAILED : STATUS_OK;
}

void archive_options_choose_owners(struct archive_options *options)
{
	if (!options->has_owners && (geteuid() != 0 || privilege_knows_one_id()))
		options->ownership.xattr_permissions = XATTR_PERMISSIONS_USER;
}

/* -- while it goes on, and in the end -- */

static int show(void *context, uint64_t bytes)
{
	struct archive_progress_line *line = context;

	progress_show(&line->progress, "%.1f MiB %s", (double)bytes / (1 << 20), line->what);
	return interrupt_came() ? -EINTR : 0;
}

struct tar_progress archive_progress(struct archive_progress_line *line)
{
	return (struct tar_progress){ .show = show, .context = line };
}

int archive_say(int error, const struct problem *problem, const struct problem *warning,
		uint64_t left_out)
{
	if (error && !interrupt_came())
		say("%s", problem->text);
	if (error)
		return STATUS_FAILED;
	if (left_out > 1)
		say("%s; and %" PRIu64 " more", warning->text, left_out - 1);
	else if (left_out > 0)
		say("%s", warning->text);
	return STATUS_OK;
}

/* A status: the temporary directory is there. */
static int begin_directory(const struct archive_options *options, const char *operand,
			   struct output *output)
{
	struct string_list sources = STRING_LIST_INIT;
	int status = archive_options_sources(options, operand, &sources);

	if (status == STATUS_OK)
		status = output_begin_directory(output, options->output, &sources);
	string_list_free(&sources);
	return status;
}

int archive_make_directory(struct archive_options *options, const char *operand)
{
	cleanup_output struct output output = OUTPUT_INIT;
	struct archive_progress_line line = { .what = "copied" };
	struct problem problem = { "" }, warning = { "" };
	struct layer_apply_options apply = {
		.dialect = options->dialect,
		.ownership = &options->ownership,
		.progress = archive_progress(&line),
	};
	uint64_t left_out = 0;
	int status = begin_directory(options, operand, &output), error;

	if (status != STATUS_OK)
		return status;
	archive_options_choose_owners(options);
	apply.target = buffer_string(&output.temporary_path);
	/* It goes no further than a pipe. */
	options->commit.compression = TAR_PLAIN;
	error = layer_copy(&options->commit, &apply, &left_out, &problem, &warning);
	progress_end(&line.progress);
	status = archive_say(error, &problem, &warning, left_out);
	return status == STATUS_OK ? output_finish(&output) : status;
}

static const char *media_type_of(enum tar_compression compression)
{
	switch (compression) {
	case TAR_PLAIN:
		return "application/vnd.oci.image.layer.v1.tar";
	case TAR_GZIP:
		return "application/vnd.oci.image.layer.v1.tar+gzip";
	case TAR_ZSTD:
		return "application/vnd.oci.image.layer.v1.tar+zstd";
	default:
		return NULL; /* no media type of OCI's */
	}
}

static int add(json_object *object, const char *key, json_object *value)
{
	return value && json_object_object_add(object, key, value) == 0 ? 0 : -ENOMEM;
}

static int add_digest(json_object *object, const char *key, const char *hex)
{
	char text[sizeof("sha256:") + TAR_DIGEST_SIZE];

	(void)snprintf(text, sizeof(text), "sha256:%s", hex);
	return add(object, key, json_object_new_string(text));
}

static int describe(json_object *object, const struct tar_summary *summary)
{
	const char *type = media_type_of(summary->compression);
	int error = type ? add(object, "mediaType", json_object_new_string(type)) : 0;

	if (!error)
		error = add_digest(object, "digest", summary->digest);
	if (!error)
		error = add(object, "size", json_object_new_uint64(summary->archive_bytes));
	if (!error)
		error = add_digest(object, "diffId", summary->diff_id);
	if (!error)
		error = add(object, "tarSize", json_object_new_uint64(summary->tar_bytes));
	return error ? error : add(object, "entries", json_object_new_uint64(summary->entries));
}

int archive_print_summary(const struct tar_summary *summary)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();

	if (!object || describe(object, summary) < 0) {
		say("out of memory");
		return STATUS_FAILED;
	}
	(void)puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
								  JSON_C_TO_STRING_NOSLASHESCAPE));
	if (fflush(stdout) != 0) {
		say("cannot write: %s", strerror(errno));
		return STATUS_FAILED;
	}
	return STATUS_OK;
}
