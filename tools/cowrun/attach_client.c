/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/attach_client.h"

#include "base/cleanup.h"
#include "cli/say.h"
#include "container/monitor/monitor.h"
#include "cowrun/command.h"
#include "cowrun/detach_keys.h"
#include "cowrun/raw_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

enum { WATCH_SOCKET, WATCH_INPUT, WATCH_SIGNALS, WATCH_COUNT };

/* How it stands while somebody is attached. */
struct serving {
	struct attach_session *session;
	struct detach_keys keys;
	struct pollfd watched[WATCH_COUNT];
	/* What was typed and the monitor has not taken yet. */
	char pending[ATTACHMENT_DATA_MAX];
	size_t pending_length;
	bool input_ended, end_sent;
	bool over;
	int status;
};

/* -- starting -- */

struct attachment_size attach_window_size(void)
{
	struct winsize window;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) < 0 &&
	    ioctl(STDIN_FILENO, TIOCGWINSZ, &window) < 0)
		return (struct attachment_size){ 0 };
	return (struct attachment_size){ .rows = window.ws_row, .columns = window.ws_col };
}

static int spawn(struct container *container, int client, bool is_restart, struct problem *problem)
{
	const struct monitor_start start = { .client = client,
					     .size = attach_window_size(),
					     .is_restart = is_restart };
	int status;

	if (container_lock(container, problem) < 0)
		return STATUS_RUNTIME_FAILED;
	if (state_is_live(&container->state))
		status = problem_set(problem, STATUS_RUNTIME_FAILED, "container %s runs already",
				     container->config.name);
	else
		status = monitor_spawn(container, &start, problem);
	container_unlock(container);
	return status;
}

int attach_start(struct container *container, const struct attach_start *start,
		 struct attach_session *ret_session, struct problem *problem)
{
	cleanup_fd int ours = -1, theirs = -1;
	int ends[2], status;

	if (start->attach) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
			return problem_set(problem, STATUS_RUNTIME_FAILED,
					   "cannot make a socket: %s", strerror(errno));
		ours = ends[0];
		theirs = ends[1];
	}
	status = spawn(container, theirs, start->is_restart, problem);
	if (status)
		return status;
	if (problem->text[0])
		say("container %s: %s", container->config.name, problem->text);
	*ret_session = (struct attach_session){
		.socket = steal_fd(&ours),
		.input = start->input,
		.terminal = container->config.terminal,
		.detach_keys = start->detach_keys,
	};
	return 0;
}

/* -- what comes from the container -- */

static void write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, data, length);

		if (written < 0 && errno == EAGAIN) {
			struct pollfd ready = { .fd = fd, .events = POLLOUT };

			(void)poll(&ready, 1, -1);
			continue;
		}
		if (written < 0 && errno != EINTR)
			return;
		if (written > 0) {
			data += written;
			length -= (size_t)written;
		}
	}
}

static void receive(struct serving *serving)
{
	struct attachment_packet packet;
	int length = attachment_receive(serving->session->socket, &packet);
	int32_t status;

	if (length == -EAGAIN)
		return;
	if (length < 0) {
		say("the container's monitor is gone");
		serving->over = true;
		serving->status = STATUS_RUNTIME_FAILED;
		return;
	}
	switch (packet.kind) {
	case ATTACHMENT_STDOUT:
		write_all(STDOUT_FILENO, packet.data, (size_t)length);
		break;
	case ATTACHMENT_STDERR:
		write_all(STDERR_FILENO, packet.data, (size_t)length);
		break;
	case ATTACHMENT_EXIT:
		if (length == sizeof(status)) {
			memcpy(&status, packet.data, sizeof(status));
			serving->status = status;
		}
		serving->over = true;
		break;
	default:
		break;
	}
}

/* -- what goes to it -- */

static void send_pending(struct serving *serving)
{
	int socket = serving->session->socket;

	if (serving->pending_length > 0 &&
	    attachment_send(socket, ATTACHMENT_INPUT, serving->pending, serving->pending_length) ==
		    0)
		serving->pending_length = 0;
	if (serving->pending_length == 0 && serving->input_ended && !serving->end_sent &&
	    attachment_send(socket, ATTACHMENT_END, NULL, 0) == 0)
		serving->end_sent = true;
}

static void read_input(struct serving *serving)
{
	char typed[ATTACHMENT_DATA_MAX - DETACH_KEYS_MAX];
	ssize_t length = read(STDIN_FILENO, typed, sizeof(typed));

	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (length <= 0)
		serving->input_ended = true;
	else
		serving->over = detach_keys_find(&serving->keys, typed, (size_t)length,
						 serving->pending, &serving->pending_length);
	send_pending(serving);
}

static void handle_signal(struct serving *serving)
{
	struct signalfd_siginfo information;
	struct attachment_size size;
	int32_t number;

	if (read(serving->watched[WATCH_SIGNALS].fd, &information, sizeof(information)) !=
	    (ssize_t)sizeof(information))
		return;
	number = (int32_t)information.ssi_signo;
	if (number == SIGWINCH) {
		size = attach_window_size();
		(void)attachment_send(serving->session->socket, ATTACHMENT_RESIZE, &size,
				      sizeof(size));
	} else {
		(void)attachment_send(serving->session->socket, ATTACHMENT_SIGNAL, &number,
				      sizeof(number));
	}
}

/* -- both -- */

static int watch_signals(bool terminal)
{
	static const int passed[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		(void)sigaddset(&set, passed[i]);
	if (terminal)
		(void)sigaddset(&set, SIGWINCH);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void serve_once(struct serving *serving)
{
	struct pollfd *watched = serving->watched;
	bool wants_input =
		serving->session->input && !serving->input_ended && serving->pending_length == 0;
	bool has_pending =
		serving->pending_length > 0 || (serving->input_ended && !serving->end_sent);

	watched[WATCH_SOCKET].events = (short)(POLLIN | (has_pending ? POLLOUT : 0));
	watched[WATCH_INPUT].fd = wants_input ? STDIN_FILENO : -1;
	if (poll(watched, WATCH_COUNT, -1) < 0)
		return;
	if (watched[WATCH_SIGNALS].revents)
		handle_signal(serving);
	if (watched[WATCH_SOCKET].revents & POLLOUT)
		send_pending(serving);
	if (watched[WATCH_SOCKET].revents & ~POLLOUT)
		receive(serving);
	if (!serving->over && wants_input && watched[WATCH_INPUT].revents)
		read_input(serving);
}

int attach_serve(struct attach_session *session)
{
	struct serving serving = {
		.session = session,
		.watched = {
			[WATCH_SOCKET] = { .fd = session->socket },
			[WATCH_INPUT] = { .fd = -1, .events = POLLIN },
			[WATCH_SIGNALS] = { .fd = watch_signals(session->terminal),
					    .events = POLLIN },
		},
	};
	struct raw_terminal raw = { 0 };

	/* What is no terminal's may hold anything. */
	detach_keys_init(&serving.keys, session->terminal ? session->detach_keys : "");
	(void)fcntl(session->socket, F_SETFL, O_NONBLOCK);
	if (session->terminal && session->input)
		raw_terminal_begin(&raw);
	while (!serving.over)
		serve_once(&serving);
	raw_terminal_end(&raw);
	(void)close(steal_fd(&session->socket));
	(void)close(serving.watched[WATCH_SIGNALS].fd);
	return serving.status;
}
