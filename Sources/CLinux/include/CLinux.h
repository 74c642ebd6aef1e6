#ifndef MILLRACE_CLINUX_H
#define MILLRACE_CLINUX_H

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

/// epoll_ctl with the event spelled out; returns 0 or an errno.
int clinux_epoll_control(int poller, int operation, int descriptor, uint32_t events, uint64_t data);

/// accept4 of a descriptor that does not block and that no child inherits.
int clinux_accept(int listener, struct sockaddr *address, socklen_t *size);

/// The bytes that can be received at once from a socket (FIONREAD), or 0 where it can't tell.
int clinux_receivable_bytes(int descriptor);

/// Names the calling thread; at most 15 characters count.
void clinux_name_thread(const char *name);
#include "process.h"

#endif
