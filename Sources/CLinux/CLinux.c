#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int clinux_epoll_control(int poller, int operation, int descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data = {.u64 = data}};
    return epoll_ctl(poller, operation, descriptor, &event) == 0 ? 0 : errno;
}

// Sanitizers look into these functions of glibc's only, and bare system calls would hide from them what threads tell each
// other. Scripts/test defines their names.
#if defined(THREAD_SANITIZER) || defined(ADDRESS_SANITIZER)
#define CALL_RECEIVE(socket, bytes, room) recv(socket, bytes, room, 0)
#define CALL_SEND(socket, bytes, count) send(socket, bytes, count, MSG_NOSIGNAL)
#define CALL_WAIT(poller, events, room, milliseconds) epoll_wait(poller, events, room, milliseconds)
#else
#define CALL_RECEIVE(socket, bytes, room) syscall(SYS_recvfrom, socket, bytes, room, 0, NULL, NULL)
#define CALL_SEND(socket, bytes, count) syscall(SYS_sendto, socket, bytes, count, MSG_NOSIGNAL, NULL, 0)
// Without a signal mask, the mask's size is not looked at.
#define CALL_WAIT(poller, events, room, milliseconds) \
    syscall(SYS_epoll_pwait, poller, events, room, milliseconds, NULL)
#endif

ssize_t clinux_receive(int socket, void *bytes, size_t room) {
    ssize_t count = CALL_RECEIVE(socket, bytes, room);
    return count >= 0 ? count : -errno;
}

ssize_t clinux_send(int socket, const void *bytes, size_t count) {
    ssize_t sent = CALL_SEND(socket, bytes, count);
    return sent >= 0 ? sent : -errno;
}

int clinux_epoll_wait(int poller, struct epoll_event *events, int room, int milliseconds) {
    int count = (int)CALL_WAIT(poller, events, room, milliseconds);
    return count >= 0 ? count : -errno;
}

int clinux_accept(int listener, struct sockaddr *address, socklen_t *size) {
    return accept4(listener, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_receivable_bytes(int descriptor) {
    int count = 0;
    return ioctl(descriptor, FIONREAD, &count) == 0 ? count : 0;
}

void clinux_name_thread(const char *name) {
    char shortened[16];
    snprintf(shortened, sizeof shortened, "%s", name);
    pthread_setname_np(pthread_self(), shortened);
}

struct clinux_heap clinux_heap_sizes(void) {
    struct mallinfo2 info = mallinfo2();
    struct clinux_heap heap = {
        .arena = info.arena,
        .mapped = info.hblkhd,
        .in_use = info.uordblks + info.hblkhd,
        .free = info.fordblks,
        .releasable = info.keepcost,
    };
    return heap;
}
