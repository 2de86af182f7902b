/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/monitor/events.h"

#include "base/cleanup.h"

#include <errno.h>

int watch_for(struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };
	int operation = !watch->events ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;

	if (watch->fd < 0 || watch->events == events)
		return 0;
	if (epoll_ctl(watch->epoll, operation, watch->fd, &event) < 0)
		return -errno;
	watch->events = events;
	return 0;
}

void watch_close(struct watch *watch)
{
	(void)watch_for(watch, 0);
	if (watch->fd >= 0)
		(void)close(steal_fd(&watch->fd));
}

int events_wait(int epoll, int milliseconds)
{
	struct epoll_event event;
	/* One at a time: what it does may end the watch that the next one would be for. */
	int count = epoll_wait(epoll, &event, 1, milliseconds);

	if (count < 0)
		return errno == EINTR ? 1 : -errno;
	if (count > 0) {
		struct watch *watch = event.data.ptr;

		watch->ready(watch, event.events);
	}
	return count;
}
