/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun save: images into a file or directory, for other machines and programs. */
#include "image/save.h"
#include "cowrun/image_session.h"
#include "cowrun/output_file.h"

#include <errno.h>
#include <string.h>

static const char usage[] =
	"Usage: cowrun save [OPTIONS] IMAGE...\n"
	"\n"
	"Writes images as a tar to standard output, or where -o says.\n"
	"\n"
	"      --format FORMAT  docker-archive: for docker load, podman load (default)\n"
	"                       oci-archive: a tar of an OCI image layout\n"
	"                       oci-dir: such a layout as a directory, new or empty; needs -o\n"
	"  -o, --output FILE    the file or directory; oci:DIRECTORY stands for --format oci-dir\n"
	"  -q, --quiet          do not show how far it is\n";

struct save_options {
	char *format, *output;
	bool quiet;
};

static const struct option_rule rules[] = {
	{ 0, "format", OPTION_TEXT, offsetof(struct save_options, format), NULL },
	{ 'o', "output", OPTION_TEXT, offsetof(struct save_options, output), NULL },
	{ 'q', "quiet", OPTION_SWITCH, offsetof(struct save_options, quiet), NULL },
};

static const struct option_table table = OPTION_TABLE(rules, false);

static const struct {
	const char *name;
	enum save_format format;
} formats[] = {
	{ "docker-archive", SAVE_DOCKER_ARCHIVE },
	{ "oci-archive", SAVE_OCI_ARCHIVE },
	{ "oci-dir", SAVE_OCI_DIRECTORY },
};

static int find_format(const struct save_options *options, enum save_format *ret_format,
		       struct problem *problem)
{
	bool directory = options->output && strncmp(options->output, "oci:", 4) == 0;
	const char *name = options->format;

	if (!name)
		name = directory ? "oci-dir" : "docker-archive";
	if (directory && strcmp(name, "oci-dir") != 0)
		return problem_set(problem, -EINVAL, "--format %s is no directory, but %s is", name,
				   options->output);
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (strcmp(formats[i].name, name) != 0)
			continue;
		*ret_format = formats[i].format;
		return 0;
	}
	return problem_set(problem, -EINVAL,
			   "--format can be docker-archive, oci-archive or oci-dir, not %s", name);
}

static int save_directory(struct image_session *session, const char *path, char *const *names,
			  size_t count)
{
	cleanup_output_directory struct output_directory output = OUTPUT_DIRECTORY_INIT;
	int error;

	if (!path)
		return problem_set(&session->problem, -EINVAL,
				   "--format oci-dir needs a directory, named by -o");
	error = output_directory_open(path, &output, &session->problem);
	if (!error)
		error = image_save_directory(&session->store, names, count, output.fd, path,
					     &session->problem);
	return error ? error : output_directory_finish(&output, &session->problem);
}

static int save_archive(struct image_session *session, const char *path, enum save_format format,
			char *const *names, size_t count)
{
	cleanup_output_file struct output_file output = OUTPUT_FILE_INIT;
	int error = output_file_open(path, &output, &session->problem);

	if (!error)
		error = image_save_archive(&session->store, names, count, format, output.fd,
					   &session->problem);
	return error ? error : output_file_finish(&output, &session->problem);
}

static int save(const struct save_options *options, char *const *names, size_t count)
{
	const char *path = options->output;
	enum save_format format = SAVE_DOCKER_ARCHIVE;
	struct image_session session;
	int error;

	if (!image_session_open(&session))
		return STATUS_FAILED;
	if (!options->quiet)
		image_session_show_progress(&session);
	error = find_format(options, &format, &session.problem);
	if (error) {
		(void)image_session_close(&session, error);
		return STATUS_USAGE;
	}
	if (path && strncmp(path, "oci:", 4) == 0)
		path += 4;
	if (format == SAVE_OCI_DIRECTORY)
		error = save_directory(&session, path, names, count);
	else
		error = save_archive(&session, path, format, names, count);
	return image_session_close(&session, error);
}

int command_save(int argc, char **argv)
{
	struct save_options options = { 0 };
	int count, status;

	if (command_read(&table, usage, argc, argv, &options, &count, &status))
		status = count == 0 ? command_misused(usage)
				    : save(&options, argv + 1, (size_t)count);
	free(options.format);
	free(options.output);
	return status;
}
