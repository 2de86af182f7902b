/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"
#include "fuse/operations/operations.h"

#include <errno.h>
#include <stdio.h>

static int add_messages(json_object *report, const struct counts *counts)
{
	CLEANUP(json_put) json_object *messages = json_object_new_object();
	int result = messages ? 0 : -ENOMEM;

	for (int message = 0; message < MESSAGE_KINDS && result == 0; message++)
		result = json_add_number(messages, message_name((enum message)message),
					 counts_get(counts, (enum message)message));
	if (result == 0)
		result = json_add_number(report, "messages_total", counts_total(counts));
	if (result == 0)
		result = json_add(report, "messages", steal_pointer(&messages));
	return result;
}

static int add_counts(json_object *report, struct union_fs *fs)
{
	struct union_counts counts;
	int result;

	union_count(fs, &counts);
	result = json_add_number(report, "layers", counts.layers);
	if (result == 0)
		result = json_add_number(report, "inodes", counts.inodes);
	if (result == 0)
		result = json_add_number(report, "listings", counts.listings);
	if (result == 0)
		result = json_add_number(report, "listing_bytes", counts.listing_bytes);
	if (result == 0)
		result = json_add_number(report, "descriptors", counts.descriptors);
	if (result == 0)
		result = json_add_number(report, "copied_up_files", counts.copied_up_files);
	if (result == 0)
		result = json_add_number(report, "copied_up_bytes", counts.copied_up_bytes);
	if (result == 0)
		result = json_add_number(report, "unsynced_files", counts.unsynced_files);
	return result;
}

static int add_features(json_object *object, const struct negotiated *negotiated)
{
	CLEANUP(json_put) json_object *features = json_object_new_array();
	int result = features ? 0 : -ENOMEM;

	for (size_t i = 0; i < negotiated->feature_count && result == 0; i++)
		result = json_append(features, json_object_new_string(negotiated->features[i]));
	if (result == 0)
		result = json_add(object, "features", steal_pointer(&features));
	return result;
}

static int add_negotiated(json_object *report, const struct negotiated *negotiated)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	char protocol[32];
	int result = object ? add_features(object, negotiated) : -ENOMEM;

	(void)snprintf(protocol, sizeof(protocol), "%u.%u", negotiated->protocol_major,
		       negotiated->protocol_minor);
	if (result == 0)
		result = json_add_string(object, "protocol", protocol);
	if (result == 0)
		result = json_add_number(object, "max_write", negotiated->max_write);
	if (result == 0)
		result = json_add_number(object, "max_readahead", negotiated->max_readahead);
	if (result == 0)
		result = json_add_number(object, "max_background", negotiated->max_background);
	if (result == 0)
		result = json_add(report, "negotiated", steal_pointer(&object));
	return result;
}

/* Who reads and writes data, and for how many opened files. */
static int add_io(json_object *report, const struct passthrough *passthrough)
{
	const char *mode = passthrough ? "passthrough" : "cached";
	struct passthrough_counts counts;
	int result = json_add_string(report, "io", mode);

	if (result < 0 || !passthrough)
		return result;
	counts = passthrough_count(passthrough);
	result = json_add_number(report, "opens_passed", counts.passed);
	if (result == 0)
		result = json_add_number(report, "opens_served", counts.served);
	return result;
}

static int add_writable(json_object *report, const struct session *session)
{
	return json_add(report, "writable", json_object_new_boolean(!session->options.read_only));
}

/* Who has answered; all zero where libfuse's own threads serve. */
static int add_serving(json_object *report, const struct serving_counts *counts)
{
	CLEANUP(json_put) json_object *object = json_object_new_object();
	int result = object ? json_add_number(object, "followed", counts->followed) : -ENOMEM;

	if (result == 0)
		result = json_add_number(object, "left", counts->left);
	if (result == 0)
		result = json_add_number(object, "stalled", counts->stalled);
	if (result == 0)
		result = json_add_number(object, "crowded", counts->crowded);
	if (result == 0)
		result = json_add(report, "serving", steal_pointer(&object));
	return result;
}

/* Lets a reader know whether the process number means anything to it. */
static uint64_t pid_namespace(void)
{
	struct stat stat_buffer;

	return stat("/proc/self/ns/pid", &stat_buffer) < 0 ? 0 : stat_buffer.st_ino;
}

static uint64_t seconds_since(const struct timespec *start)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
		return 0;
	return (uint64_t)(now.tv_sec - start->tv_sec);
}

int stat_report(const struct session *session, struct buffer *text)
{
	CLEANUP(json_put) json_object *report = json_object_new_object();
	const char *string;
	int result = report ? 0 : -ENOMEM;

	if (result == 0)
		result = json_add_string(report, "version", PACKAGE_VERSION);
	if (result == 0)
		result = json_add_number(report, "pid", (uint64_t)getpid());
	if (result == 0)
		result = json_add_number(report, "pid_namespace", pid_namespace());
	if (result == 0)
		result =
			json_add_number(report, "uptime_seconds", seconds_since(&session->started));
	if (result == 0)
		result = add_writable(report, session);
	if (result == 0)
		result = add_counts(report, session->fs);
	if (result == 0)
		result = add_messages(report, &session->counts);
	if (result == 0)
		result = add_serving(report, &session->serving_counts);
	if (result == 0)
		result = add_io(report, session->passthrough);
	if (result == 0)
		result = add_negotiated(report, &session->negotiated);
	if (result < 0)
		return result;
	string = json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN);
	return string ? buffer_append_string(text, string) : -ENOMEM;
}
