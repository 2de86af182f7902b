/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/operations/killpriv.h"

#ifdef HAVE_STRUCT_FUSE_FILE_INFO_KILL_SUIDGID

int killpriv_attach(struct fuse_session *fuse)
{
	(void)fuse;
	return 0;
}

void killpriv_look_at(const void *message, size_t size)
{
	(void)message;
	(void)size;
}

bool killpriv_accept(void)
{
	return false;
}

bool killpriv_in_write(const struct fuse_file_info *file)
{
	return file->kill_suidgid;
}

/* libfuse's name for the bit that the protocol calls FATTR_KILL_SUIDGID. */
bool killpriv_in_setattr(int to_set)
{
	return to_set & FUSE_SET_ATTR_KILL_SUID;
}

#else

#include <linux/fuse.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* What every INIT has; flags2 came with protocol 7.36. */
#define INIT_IN_MIN offsetof(struct fuse_init_in, flags2)
/* The least answer that has flags. */
#define INIT_OUT_MIN (offsetof(struct fuse_init_out, flags) + sizeof(uint32_t))

/* Of the message that this thread has read last. */
static _Thread_local struct {
	bool offered;  /* INIT, from a kernel that has the feature */
	bool accepted; /* INIT, and our answer is to say so */
	bool wanted;   /* WRITE or SETATTR that clears privileges */
} current;

/* -- reading -- */

struct message {
	struct fuse_in_header header;
	union {
		struct fuse_init_in init;
		struct fuse_setattr_in setattr;
		struct fuse_write_in write;
	} body;
};

/* libfuse's buffer is aligned as malloc(3) does it. */
void killpriv_look_at(const void *memory, size_t size)
{
	const struct message *message = memory;
	size_t body_size = size - sizeof(message->header);

	if (size < sizeof(message->header))
		return;
	switch (message->header.opcode) {
	case FUSE_INIT:
		current.offered = body_size >= INIT_IN_MIN &&
				  message->body.init.major == FUSE_KERNEL_VERSION &&
				  (message->body.init.flags & FUSE_HANDLE_KILLPRIV_V2);
		break;
	case FUSE_SETATTR:
		current.wanted = body_size >= sizeof(message->body.setattr) &&
				 (message->body.setattr.valid & FATTR_KILL_SUIDGID);
		break;
	case FUSE_WRITE:
		current.wanted = body_size >= sizeof(message->body.write) &&
				 (message->body.write.write_flags & FUSE_WRITE_KILL_SUIDGID);
		break;
	default:
		break;
	}
}

static ssize_t read_message(int fd, void *memory, size_t size, void *userdata)
{
	ssize_t length = read(fd, memory, size);

	(void)userdata;
	if (length > 0)
		killpriv_look_at(memory, (size_t)length);
	return length;
}

bool killpriv_in_write(const struct fuse_file_info *file)
{
	(void)file;
	return current.wanted;
}

bool killpriv_in_setattr(int to_set)
{
	(void)to_set;
	return current.wanted;
}

/* -- answering INIT -- */

bool killpriv_accept(void)
{
	current.accepted = current.offered;
	return current.accepted;
}

static ssize_t write_init_answer(int fd, const struct iovec *parts)
{
	struct fuse_init_out answer = { 0 };
	struct iovec copies[] = { parts[0], { &answer, parts[1].iov_len } };

	memcpy(&answer, parts[1].iov_base, parts[1].iov_len);
	answer.flags |= FUSE_HANDLE_KILLPRIV_V2;
	return writev(fd, copies, 2);
}

static ssize_t write_message(int fd, struct iovec *parts, int count, void *userdata)
{
	(void)userdata;
	if (!current.accepted)
		return writev(fd, parts, count);
	current.accepted = false;
	/* One that refuses has no second part. */
	if (count == 2 && parts[1].iov_len >= INIT_OUT_MIN &&
	    parts[1].iov_len <= sizeof(struct fuse_init_out))
		return write_init_answer(fd, parts);
	return writev(fd, parts, count);
}

int killpriv_attach(struct fuse_session *fuse)
{
	static const struct fuse_custom_io io = {
		.writev = write_message,
		.read = read_message,
	};

#if FUSE_USE_VERSION >= FUSE_MAKE_VERSION(3, 17)
	return fuse_session_custom_io(fuse, &io, sizeof(io), fuse_session_fd(fuse));
#else
	return fuse_session_custom_io(fuse, &io, fuse_session_fd(fuse));
#endif
}

#endif
