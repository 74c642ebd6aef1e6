#ifndef MILLRACE_CLINUX_H
#define MILLRACE_CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/// epoll_ctl with the event spelled out; returns 0 or an errno.
int clinux_epoll_control(int poller, int operation, int descriptor, uint32_t events, uint64_t data);

// The calls that every query makes, without glibc's wrappers: a thread may be cancelled in those, which they note by two
// locked instructions a call. Nobody cancels a thread here. All return a negative errno where the call fails.

/// recv without flags.
ssize_t clinux_receive(int socket, void *bytes, size_t room);

/// send that raises no SIGPIPE.
ssize_t clinux_send(int socket, const void *bytes, size_t count);

/// epoll_wait; a negative time is for ever.
int clinux_epoll_wait(int poller, struct epoll_event *events, int room, int milliseconds);

/// accept4 of a descriptor that does not block and that no child inherits.
int clinux_accept(int listener, struct sockaddr *address, socklen_t *size);

/// The bytes that can be received at once from a socket (FIONREAD), or 0 where it can't tell.
int clinux_receivable_bytes(int descriptor);

/// Names the calling thread; at most 15 characters count.
void clinux_name_thread(const char *name);

/// What malloc has, in bytes: taken from the system by growing, taken block by block, given to the process, free, and free
/// at the end so that it could be given back.
struct clinux_heap {
    uint64_t arena;
    uint64_t mapped;
    uint64_t in_use;
    uint64_t free;
    uint64_t releasable;
};

/// What malloc has now; it looks through all of its arenas.
struct clinux_heap clinux_heap_sizes(void);

#include "process.h"

#endif
