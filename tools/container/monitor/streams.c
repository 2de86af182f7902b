/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/monitor/streams.h"

#include "base/cleanup.h"
#include "container/process/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Somebody who is attached. */
struct client {
	struct list node;
	struct watch watch;
	struct streams *streams;
	bool quiet;    /* wants to hear of the end only */
	bool lacks[2]; /* what the outputs hold */
	/* What came from it and does not fit into the input yet. */
	struct attachment_packet packet;
	size_t length, written;
};

static void update_output(struct stream_output *output);

/* -- clients -- */

static bool has_input_left(const struct client *client)
{
	return client->written < client->length;
}

/* While its last packet waits, no other is taken from it. */
static void update_client(struct client *client)
{
	uint32_t events = has_input_left(client) ? 0 : EPOLLIN;

	if (client->lacks[LOG_STDOUT] || client->lacks[LOG_STDERR])
		events |= EPOLLOUT;
	/* EPOLLRDHUP and EPOLLHUP come in any case, but only while it is in the set. */
	(void)watch_for(&client->watch, events ? events : EPOLLRDHUP);
}

static void has_output(struct client *client, enum log_stream stream)
{
	struct stream_output *output = &client->streams->outputs[stream];

	client->lacks[stream] = false;
	output->waiting--;
	if (output->waiting == 0) {
		output->length = 0;
		update_output(output);
	}
}

static void end_input(struct streams *streams)
{
	if (!streams->is_terminal)
		watch_close(&streams->input);
}

static bool is_anybody_attached(const struct streams *streams)
{
	const struct list *node;

	for (node = streams->clients.next; node != &streams->clients; node = node->next)
		if (!container_of(node, struct client, node)->quiet)
			return true;
	return false;
}

static void remove_client(struct client *client)
{
	struct streams *streams = client->streams;

	list_remove(&client->node);
	for (int stream = LOG_STDOUT; stream <= LOG_STDERR; stream++)
		if (client->lacks[stream])
			has_output(client, (enum log_stream)stream);
	watch_close(&client->watch);
	free(client);
	if (!streams->keeps_input && !is_anybody_attached(streams))
		end_input(streams);
}

/* True when the client is gone with it. */
static bool send_output(struct client *client, enum log_stream stream)
{
	const struct stream_output *output = &client->streams->outputs[stream];
	int error = attachment_send(client->watch.fd,
				    stream == LOG_STDOUT ? ATTACHMENT_STDOUT : ATTACHMENT_STDERR,
				    output->data, output->length);

	if (error == 0)
		has_output(client, stream);
	else if (error != -EAGAIN && error != -ENOBUFS) {
		remove_client(client);
		return true;
	}
	return false;
}

/* -- what clients send -- */

static void write_input(struct client *client);

static void resize(const struct streams *streams, const struct client *client)
{
	struct attachment_size size;

	if (client->length != sizeof(size) || !streams->is_terminal)
		return;
	memcpy(&size, client->packet.data, sizeof(size));
	terminal_resize(streams->outputs[LOG_STDOUT].watch.fd, &size);
}

static void pass_signal(const struct streams *streams, const struct client *client)
{
	int32_t number;

	if (client->length != sizeof(number))
		return;
	memcpy(&number, client->packet.data, sizeof(number));
	streams->send_signal(streams->context, number);
}

static void handle_packet(struct client *client)
{
	struct streams *streams = client->streams;

	switch (client->packet.kind) {
	case ATTACHMENT_INPUT:
		write_input(client);
		return;
	case ATTACHMENT_END:
		end_input(streams);
		break;
	case ATTACHMENT_RESIZE:
		resize(streams, client);
		break;
	case ATTACHMENT_SIGNAL:
		pass_signal(streams, client);
		break;
	case ATTACHMENT_QUIET:
		client->quiet = true;
		break;
	default:
		break;
	}
	client->length = 0;
}

static void client_ready(struct watch *watch, uint32_t events)
{
	struct client *client = watch->owner;

	for (int stream = LOG_STDOUT; stream <= LOG_STDERR; stream++)
		if ((events & EPOLLOUT) && client->lacks[stream] &&
		    send_output(client, (enum log_stream)stream))
			return;
	if ((events & EPOLLIN) && !has_input_left(client)) {
		int length = attachment_receive(client->watch.fd, &client->packet);

		if (length < 0 && length != -EAGAIN) {
			remove_client(client);
			return;
		}
		client->length = length < 0 ? 0 : (size_t)length;
		client->written = 0;
		if (length >= 0)
			handle_packet(client);
	} else if (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) {
		remove_client(client);
		return;
	}
	update_client(client);
}

int streams_add_client(struct streams *streams, int socket)
{
	struct client *client = calloc(1, sizeof(*client));
	int error = client ? 0 : -ENOMEM;

	if (!error && fcntl(socket, F_SETFL, O_NONBLOCK) < 0)
		error = -errno;
	if (error) {
		(void)close(socket);
		free(client);
		return error;
	}
	client->streams = streams;
	client->watch = (struct watch){
		.fd = socket,
		.epoll = streams->epoll,
		.ready = client_ready,
		.owner = client,
	};
	list_push_front(&streams->clients, &client->node);
	update_client(client);
	return 0;
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	int socket = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (socket >= 0)
		(void)streams_add_client(watch->owner, socket);
}

int streams_listen(struct streams *streams, int listener)
{
	streams->listener = (struct watch){
		.fd = listener,
		.epoll = streams->epoll,
		.ready = listener_ready,
		.owner = streams,
	};
	return watch_for(&streams->listener, EPOLLIN);
}

/* -- to the container -- */

/* As much of the client's packet as the container takes now. */
static void write_input(struct client *client)
{
	struct streams *streams = client->streams;

	while (has_input_left(client)) {
		ssize_t written =
			streams->input.fd < 0
				? -1
				: write(streams->input.fd, client->packet.data + client->written,
					client->length - client->written);

		if (written < 0 && streams->input.fd >= 0 && errno == EINTR)
			continue;
		if (written < 0 && streams->input.fd >= 0 && errno == EAGAIN) {
			(void)watch_for(&streams->input, EPOLLOUT);
			return;
		}
		if (written < 0) {
			/* Nobody reads any more. */
			end_input(streams);
			client->length = client->written = 0;
			return;
		}
		client->written += (size_t)written;
	}
}

static void input_ready(struct watch *watch, uint32_t events)
{
	struct streams *streams = watch->owner;
	struct list *node, *next;

	(void)events;
	(void)watch_for(watch, 0);
	for (node = streams->clients.next; node != &streams->clients; node = next) {
		struct client *client = container_of(node, struct client, node);

		next = node->next;
		if (has_input_left(client)) {
			write_input(client);
			update_client(client);
		}
	}
}

/* -- from the container -- */

static void update_output(struct stream_output *output)
{
	(void)watch_for(&output->watch, output->length ? 0 : EPOLLIN);
}

static void distribute(struct stream_output *output)
{
	struct streams *streams = output->streams;
	struct list *node, *next;

	/* One more, so that it is not given up while it is handed out. */
	output->waiting = 1;
	for (node = streams->clients.next; node != &streams->clients; node = next) {
		struct client *client = container_of(node, struct client, node);

		next = node->next;
		if (client->quiet)
			continue;
		client->lacks[output->stream] = true;
		output->waiting++;
		if (!send_output(client, output->stream))
			update_client(client);
	}
	if (--output->waiting == 0)
		output->length = 0;
	update_output(output);
}

static void output_ready(struct watch *watch, uint32_t events)
{
	struct stream_output *output = watch->owner;
	ssize_t length = read(watch->fd, output->data, sizeof(output->data));

	(void)events;
	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* A terminal whose last process has closed it says EIO. */
	if (length <= 0) {
		watch_close(watch);
		return;
	}
	output->length = (size_t)length;
	log_append(&output->streams->log, output->stream, output->data, output->length);
	distribute(output);
}

/* -- as a whole -- */

void streams_init(struct streams *streams, int epoll, struct log *log)
{
	*streams = (struct streams){ .epoll = epoll, .log = *log };
	*log = (struct log){ .fd = -1 };
	list_init(&streams->clients);
	streams->listener = streams->input = WATCH_INIT;
	for (int stream = LOG_STDOUT; stream <= LOG_STDERR; stream++) {
		streams->outputs[stream].watch = WATCH_INIT;
		streams->outputs[stream].streams = streams;
		streams->outputs[stream].stream = (enum log_stream)stream;
	}
}

static int connect_output(struct streams *streams, enum log_stream stream, int fd)
{
	struct stream_output *output = &streams->outputs[stream];

	output->length = 0;
	output->waiting = 0;
	output->watch = (struct watch){
		.fd = fd,
		.epoll = streams->epoll,
		.ready = output_ready,
		.owner = output,
	};
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return watch_for(&output->watch, EPOLLIN);
}

static int connect_input(struct streams *streams, int fd)
{
	streams->input = (struct watch){
		.fd = fd,
		.epoll = streams->epoll,
		.ready = input_ready,
		.owner = streams,
	};
	return fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int connect_terminal(struct streams *streams, int master)
{
	/* One descriptor for each direction: each is waited for by itself. */
	int writing = fcntl(master, F_DUPFD_CLOEXEC, 0);
	int error = writing < 0 ? -errno : connect_input(streams, writing);

	if (!error)
		return connect_output(streams, LOG_STDOUT, master);
	(void)close(master);
	return error;
}

int streams_connect(struct streams *streams, struct child_streams *process)
{
	int error;

	streams->is_terminal = process->master >= 0;
	if (streams->is_terminal)
		return connect_terminal(streams, steal_fd(&process->master));
	error = connect_output(streams, LOG_STDOUT, steal_fd(&process->output));
	if (!error)
		error = connect_output(streams, LOG_STDERR, steal_fd(&process->errors));
	return error || process->input < 0 ? error
					   : connect_input(streams, steal_fd(&process->input));
}

bool streams_are_open(const struct streams *streams)
{
	return streams->outputs[LOG_STDOUT].watch.fd >= 0 ||
	       streams->outputs[LOG_STDERR].watch.fd >= 0;
}

bool streams_are_behind(const struct streams *streams)
{
	return streams->outputs[LOG_STDOUT].waiting > 0 || streams->outputs[LOG_STDERR].waiting > 0;
}

void streams_disconnect(struct streams *streams)
{
	struct list *node;

	watch_close(&streams->input);
	for (node = streams->clients.next; node != &streams->clients; node = node->next) {
		struct client *client = container_of(node, struct client, node);

		client->lacks[LOG_STDOUT] = client->lacks[LOG_STDERR] = false;
	}
	for (int stream = LOG_STDOUT; stream <= LOG_STDERR; stream++)
		watch_close(&streams->outputs[stream].watch);
}

void streams_finish(struct streams *streams, int32_t exit_status)
{
	streams_disconnect(streams);
	watch_close(&streams->listener);
	while (!list_is_empty(&streams->clients)) {
		struct client *client = container_of(streams->clients.next, struct client, node);

		/* It is the last word, and short: wait for who is slow. */
		(void)fcntl(client->watch.fd, F_SETFL, 0);
		(void)attachment_send(client->watch.fd, ATTACHMENT_EXIT, &exit_status,
				      sizeof(exit_status));
		remove_client(client);
	}
	log_close(&streams->log);
}
