/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cowrun wait: the exit codes of containers, when they have ended. */
#include "base/cleanup.h"
#include "container/monitor/attachment.h"
#include "cowrun/command.h"

#include <stdio.h>
#include <string.h>

static const char usage[] = "Usage: cowrun wait CONTAINER...\n"
			    "\n"
			    "Waits until containers have ended and prints the exit code of each.\n";

static const struct option_table table = { .rules = NULL };

/* The monitor knows it even when the container is removed as it ends. False when the monitor does not say. */
static bool ask_monitor(struct container *container, int64_t *ret_exit_code)
{
	cleanup_fd int socket = attachment_connect(container, NULL);
	struct attachment_packet packet;
	int32_t status;
	int length;

	if (socket < 0 || attachment_send(socket, ATTACHMENT_QUIET, NULL, 0) < 0)
		return false;
	do {
		length = attachment_receive(socket, &packet);
	} while (length >= 0 && packet.kind != ATTACHMENT_EXIT);
	if (length != sizeof(status))
		return false;
	memcpy(&status, packet.data, sizeof(status));
	*ret_exit_code = status;
	return true;
}

static int wait_for(const struct place *place, const char *name, struct problem *problem)
{
	cleanup_container struct container container = CONTAINER_INIT;
	int64_t exit_code;
	int error = container_find(place, name, &container, problem);

	if (!error)
		error = container_refresh(&container, problem);
	if (error)
		return error;
	if (!state_is_live(&container.state) || !ask_monitor(&container, &exit_code)) {
		error = container_refresh(&container, problem);
		exit_code = container.state.exit_code;
	}
	if (!error)
		(void)printf("%d\n", (int)exit_code);
	return error;
}

int command_wait(int argc, char **argv)
{
	struct place place;
	int count, status, result = STATUS_OK;

	if (!command_read(&table, usage, argc, argv, NULL, &count, &status))
		return status;
	if (count == 0)
		return command_misused(usage);
	if (!command_open_place(&place))
		return STATUS_FAILED;
	for (int i = 0; i < count; i++) {
		struct problem problem;

		if (wait_for(&place, argv[1 + i], &problem) < 0)
			result = command_failed(&problem);
	}
	place_close(&place);
	return command_flush(result);
}
