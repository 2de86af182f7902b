/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of monitor.h: the life of the process. */
#include "container/monitor/monitor.h"

#include "base/cleanup.h"
#include "base/confined.h"
#include "container/event/noted.h"
#include "container/launch/launch.h"
#include "container/monitor/background.h"
#include "container/monitor/inside.h"
#include "container/monitor/lock.h"
#include "container/monitor/streams.h"
#include "container/network/kind.h"
#include "container/process/own_programs.h"
#include "container/process/process.h"
#include "container/process/sealed.h"
#include "container/record/restart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* So long after PID 1 has ended its end is noted down, though somebody has not read all it printed. */
#define DRAIN_MS 1000
#define MILLISECONDS 1000

struct monitor {
	struct container *container;
	int socket;   /* to who started us; -1 once the container has run */
	int lock;     /* of who started us; as long as socket */
	int own_lock; /* see lock.h */
	struct streams streams;
	int epoll;
	int init_program;
	struct container_group group;
	struct launch launch;
	struct watch init, daemon;
	bool init_ended, daemon_ended, out_of_memory;
	bool is_restart;
	int wait_status;
	struct attachment_size size;
};

/* -- what happens while it runs -- */

static void init_ready(struct watch *watch, uint32_t events)
{
	struct monitor *monitor = watch->owner;

	(void)events;
	if (waitpid(monitor->launch.init, &monitor->wait_status, WNOHANG) != monitor->launch.init)
		return;
	monitor->init_ended = true;
	(void)watch_for(watch, 0);
	/* With the processes of its host to itself, it may have left some. */
	container_group_kill(&monitor->group);
}

/* Without its root the container can only be ended. */
static void daemon_ready(struct watch *watch, uint32_t events)
{
	struct monitor *monitor = watch->owner;

	(void)events;
	(void)watch_for(watch, 0);
	if (!monitor->init_ended) {
		monitor->daemon_ended = true;
		(void)process_signal(monitor->launch.init_pidfd, SIGKILL);
		/* Also when it is paused. */
		container_group_kill(&monitor->group);
	}
}

static void send_signal(void *context, int number)
{
	struct monitor *monitor = context;

	if (!monitor->init_ended && monitor->launch.init_pidfd >= 0)
		(void)process_signal(monitor->launch.init_pidfd, number);
}

static int watch_processes(struct monitor *monitor)
{
	int error;

	monitor->init_ended = monitor->daemon_ended = false;
	monitor->init = (struct watch){
		.fd = monitor->launch.init_pidfd,
		.epoll = monitor->epoll,
		.ready = init_ready,
		.owner = monitor,
	};
	monitor->daemon = (struct watch){
		.fd = monitor->launch.daemon_pidfd,
		.epoll = monitor->epoll,
		.ready = daemon_ready,
		.owner = monitor,
	};
	error = watch_for(&monitor->init, EPOLLIN);
	return error ? error : watch_for(&monitor->daemon, EPOLLIN);
}

static int64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * MILLISECONDS + time.tv_nsec / 1000000;
}

/* Until the container has ended and all that it printed is read; or until the deadline behind its end. */
static void serve(struct monitor *monitor)
{
	int64_t deadline = 0;

	while (!monitor->init_ended || streams_are_open(&monitor->streams)) {
		int pause = -1;

		if (monitor->init_ended) {
			deadline = deadline ? deadline : now() + DRAIN_MS;
			pause = (int)(deadline - now());
			if (pause <= 0)
				break;
		}
		if (events_wait(monitor->epoll, pause) < 0)
			break;
	}
}

/* -- what is noted down -- */

/* While somebody waits for the start, he holds the lock on our behalf. */
static int take_lock(struct monitor *monitor, struct problem *problem)
{
	return monitor->socket >= 0 ? 0 : container_lock(monitor->container, problem);
}

/* What happened is told while the lock is held, so that events stand in the order of what they tell. */
static void save(struct monitor *monitor, bool died)
{
	struct container *container = monitor->container;

	if (died)
		event_note_death(container);
	(void)container_save_state(container, NULL);
	event_tell_noted(container);
	container_unlock(container);
}

/* And of the network. Before there is anything in it, so that whoever comes after us finds it. */
static int note_group(struct monitor *monitor, struct problem *problem)
{
	struct container_state *state = &monitor->container->state;
	char boot_id[BOOT_ID_SIZE] = "";
	cleanup_free char *text = NULL;
	int error;

	(void)process_boot_id(boot_id);
	state->has_network = network_kind(monitor->container->config.network) == NETWORK_NAMED;
	if (container_group_describe(&monitor->group, &text) < 0 ||
	    state_set_text(&state->cgroup, text) < 0 ||
	    state_set_text(&state->boot_id, boot_id) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory");
	else
		error = text || state->has_network
				? container_note_state(monitor->container, problem)
				: 0;
	if (error)
		(void)container_group_remove(&monitor->group, NULL);
	return error;
}

/* What it lacks by --cgroup-ignore is in the problem. */
static int make_group(struct monitor *monitor, struct problem *problem)
{
	struct container *container = monitor->container;
	struct problem unnoted;
	int error = take_lock(monitor, problem);

	if (error)
		return error;
	/* Between two runs, its limits may have been changed. */
	if (monitor->socket < 0)
		error = container_reload_config(container, problem);
	if (!error)
		error = container_sweep(container, problem);
	if (!error)
		error = container_group_make(&container->config, &monitor->group, problem);
	if (!error && note_group(monitor, &unnoted) < 0)
		error = problem_set(problem, -EIO, "%s", unnoted.text);
	container_unlock(container);
	return error;
}

static int note_network(struct monitor *monitor)
{
	struct container_state *state = &monitor->container->state;
	const struct network *network = &monitor->launch.network;
	int error = state_set_text(&state->address, network->address);

	if (!error)
		error = state_set_text(&state->gateway, network->gateway);
	string_list_free(&state->ports);
	for (size_t i = 0; !error && i < network->ports.taken.count; i++)
		error = string_list_add(&state->ports, network->ports.taken.strings[i]);
	return error;
}

static int note_start(struct monitor *monitor, struct problem *problem)
{
	struct container_state *state = &monitor->container->state;
	char time[TIME_TEXT_SIZE];
	int error = take_lock(monitor, problem);

	if (error)
		return error;
	time_text_now(time);
	state->pid = monitor->launch.init;
	state->pid_start = process_start_time(monitor->launch.init);
	state->monitor = getpid();
	state->monitor_start = process_start_time(getpid());
	state->exit_code = 0;
	state->oom_killed = false;
	if (monitor->socket >= 0) {
		state->stopped_by_person = state->tells_stop = false;
		state->restart_count = 0;
	}
	error = state_set_status(state, CONTAINER_RUNNING);
	if (!error && !monitor->group.cgroup)
		error = state_set_text(&state->cgroup, NULL);
	if (!error)
		error = state_set_text(&state->error, NULL);
	if (!error)
		error = state_set_text(&state->started_at, time);
	if (!error)
		error = note_network(monitor);
	event_note(monitor->container, "start", NULL);
	if (monitor->socket >= 0 && monitor->is_restart)
		event_note(monitor->container, "restart", NULL);
	if (error)
		(void)problem_set(problem, error, "out of memory");
	else
		error = container_save_state(monitor->container, problem);
	if (!error)
		event_tell_noted(monitor->container);
	container_unlock(monitor->container);
	if (!error)
		network_announce(monitor->container);
	return error;
}

static int exit_code_of(int wait_status)
{
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/* From now on, somebody may start it anew, with another monitor, though we have still to pass on what it printed. */
static void resign(struct monitor *monitor)
{
	if (monitor->own_lock >= 0)
		(void)close(steal_fd(&monitor->own_lock));
}

/* Returns whether it is to be started again. */
static bool note_end(struct monitor *monitor, int exit_code, const char *why)
{
	struct container *container = monitor->container;
	struct container_state *state = &container->state;
	char time[TIME_TEXT_SIZE];
	bool again;

	if (take_lock(monitor, NULL) < 0)
		return false;
	/* It may have another restart policy by now; and another name, which is given back when it is removed. */
	(void)container_reload_config(container, NULL);
	/* One that stays is left for who removes the container. */
	if (container_group_remove(&monitor->group, NULL) == 0)
		(void)state_set_text(&state->cgroup, NULL);
	time_text_now(time);
	again = monitor->socket < 0 && !state->stopped_by_person &&
		restart_is_due(container->config.restart, exit_code, state->restart_count);
	state->exit_code = exit_code;
	/* By launch_finish(). */
	state->has_network = false;
	state->oom_killed = monitor->out_of_memory;
	state->pid = 0;
	/* One that could not be started is what it was before. */
	if (monitor->socket < 0)
		(void)state_set_status(state, again ? CONTAINER_RESTARTING : CONTAINER_EXITED);
	(void)state_set_text(&state->error, why);
	(void)state_set_text(&state->finished_at, time);
	if (!again)
		resign(monitor);
	save(monitor, monitor->socket < 0);
	network_announce(container);
	return again;
}

/* A person may have stopped it while it waited to be started again. */
static bool note_restart(struct monitor *monitor)
{
	struct container *container = monitor->container;
	bool stopped;
	int pause = restart_pause(container->state.restart_count);

	/* Not longer at a time, so that it is seen soon. */
	for (stopped = false; pause > 0 && !stopped; pause -= 100) {
		(void)events_wait(monitor->epoll, pause < 100 ? pause : 100);
		stopped = container_refresh(container, NULL) < 0 ||
			  container->state.stopped_by_person;
	}
	if (take_lock(monitor, NULL) < 0)
		return false;
	(void)container_reload_config(container, NULL);
	if (!restart_is_due(container->config.restart, container->state.exit_code,
			    container->state.restart_count))
		stopped = true;
	container->state.restart_count++;
	if (stopped) {
		(void)state_set_status(&container->state, CONTAINER_EXITED);
		if (container->state.tells_stop)
			event_note(container, "stop", NULL);
		container->state.tells_stop = false;
		resign(monitor);
	}
	save(monitor, false);
	return !stopped;
}

/* Tells who started us, once. From then on the lock is his alone. */
static void report(struct monitor *monitor, int status, const struct problem *problem)
{
	if (monitor->socket < 0)
		return;
	monitor_report(steal_fd(&monitor->socket), status, problem);
	(void)close(steal_fd(&monitor->lock));
}

/* -- one run -- */

/* The exit status. */
static int run_once(struct monitor *monitor, struct problem *problem)
{
	struct problem warning = { .text = "" };
	int status;

	monitor->out_of_memory = false;
	if (make_group(monitor, &warning) < 0)
		return problem_set(problem, 125, "%s", warning.text);
	status = launch_start(monitor->container, &monitor->group, monitor->init_program,
			      &monitor->size, &monitor->launch, problem);
	if (status)
		return status;
	if (note_start(monitor, problem) < 0 ||
	    streams_connect(&monitor->streams, &monitor->launch.streams) < 0 ||
	    watch_processes(monitor) < 0) {
		(void)kill(monitor->launch.init, SIGKILL);
		(void)waitpid(monitor->launch.init, NULL, 0);
		launch_finish(&monitor->launch);
		return 125;
	}
	report(monitor, 0, warning.text[0] ? &warning : &monitor->launch.network.warning);
	serve(monitor);
	(void)watch_for(&monitor->init, 0);
	(void)watch_for(&monitor->daemon, 0);
	monitor->out_of_memory = container_group_ran_out_of_memory(&monitor->group);
	launch_finish(&monitor->launch);
	return exit_code_of(monitor->wait_status);
}

static int run(struct monitor *monitor)
{
	struct problem problem = { .text = "" };
	int status;
	bool again;

	do {
		problem.text[0] = '\0';
		status = run_once(monitor, &problem);
		if (monitor->daemon_ended)
			(void)problem_set(&problem, 0,
					  "the daemon of its file system ended before it");
		again = note_end(monitor, status, problem.text[0] ? problem.text : NULL);
		if (again)
			streams_disconnect(&monitor->streams);
	} while (again && note_restart(monitor));
	/* What is left to be read by those who are slow, unless it is held open by who is none of the container's. */
	while (streams_are_open(&monitor->streams) &&
	       events_wait(monitor->epoll, streams_are_behind(&monitor->streams) ? -1 : DRAIN_MS) >
		       0)
		;
	if (monitor->container->config.remove && take_lock(monitor, NULL) == 0)
		monitor_remove(monitor->container);
	report(monitor, status, &problem);
	streams_finish(&monitor->streams, status);
	return status;
}

/* -- its beginning -- */

static int take_office(struct monitor *monitor, struct problem *problem)
{
	monitor->own_lock = monitor_lock_take(monitor->container->fd);
	if (monitor->own_lock < 0)
		return problem_set(problem, monitor->own_lock,
				   "container %s: it cannot get a monitor: %s",
				   monitor->container->config.name, strerror(-monitor->own_lock));
	return 0;
}

static int copy_init(struct monitor *monitor, struct problem *problem)
{
	monitor->init_program = sealed_copy(own_program_init());
	if (monitor->init_program < 0)
		return problem_set(problem, monitor->init_program, "%s: %s", own_program_init(),
				   strerror(-monitor->init_program));
	return 0;
}

static int prepare(struct monitor *monitor, const struct monitor_start *start,
		   struct problem *problem)
{
	struct container *container = monitor->container;
	struct log log = { .fd = -1 };
	int listener;
	int error = container_open_run(container, problem);

	if (error)
		return error;
	listener = attachment_listen(container);
	monitor->epoll = epoll_create1(EPOLL_CLOEXEC);
	error = listener < 0 ? listener : monitor->epoll < 0 ? -errno : 0;
	if (!error)
		error = log_open(container->fd, &log);
	if (error)
		return problem_set(problem, error, "container %s: cannot prepare its monitor: %s",
				   container->config.name, strerror(-error));
	streams_init(&monitor->streams, monitor->epoll, &log);
	monitor->streams.keeps_input = container->config.detached;
	monitor->streams.send_signal = send_signal;
	monitor->streams.context = monitor;
	error = streams_listen(&monitor->streams, listener);
	if (!error && start->client >= 0)
		error = streams_add_client(&monitor->streams, start->client);
	return error ? problem_set(problem, error, "out of memory") : 0;
}

_Noreturn void monitor_run(int socket, int lock, const struct place *place, const char *id,
			   const struct monitor_start *start)
{
	struct problem problem = { .text = "" };
	struct container container = CONTAINER_INIT;
	struct monitor monitor = {
		.container = &container,
		.socket = socket,
		.lock = lock,
		.own_lock = -1,
		.epoll = -1,
		.init_program = -1,
		.launch = LAUNCH_INIT,
		.is_restart = start->is_restart,
		.size = start->size,
	};
	const int kept[] = { lock,	     socket,	    start->client,
			     place->data_fd, place->run_fd, place->containers_fd,
			     place->names_fd };
	int error;

	background_close(kept, sizeof(kept) / sizeof(kept[0]));
	background_become();
	error = container_open(place, id, &container, &problem);
	if (!error)
		error = take_office(&monitor, &problem);
	if (!error && container.config.init)
		error = copy_init(&monitor, &problem);
	if (!error)
		error = monitor_enter(&container, socket, &problem);
	if (!error)
		error = prepare(&monitor, start, &problem);
	if (error) {
		monitor_report(socket, 125, &problem);
		_exit(1);
	}
	(void)run(&monitor);
	_exit(0);
}
