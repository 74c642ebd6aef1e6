#define _GNU_SOURCE
#include "CRing.h"

#include <errno.h>
#include <liburing.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(IORING_CQE_F_BUFFER == 1 && IORING_CQE_F_MORE == 2 && IORING_CQE_BUFFER_SHIFT == 16, "see cring_buffer");

enum { buffer_group = 0 };

struct cring {
    struct io_uring io;
    struct cring_sizes sizes;
    struct io_uring_buf_ring *free_buffers;
    uint8_t *bytes;
    int is_enabled;
};

static size_t free_buffers_bytes(const struct cring *ring) { return ring->sizes.buffers * sizeof(struct io_uring_buf); }

static size_t buffers_bytes(const struct cring *ring) { return (size_t)ring->sizes.buffers * ring->sizes.buffer_bytes; }

static void *map(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static int open_buffers(struct cring *ring) {
    ring->bytes = map(buffers_bytes(ring));
    ring->free_buffers = map(free_buffers_bytes(ring));
    if (!ring->bytes || !ring->free_buffers) return ENOMEM;
    io_uring_buf_ring_init(ring->free_buffers);
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)ring->free_buffers,
        .ring_entries = ring->sizes.buffers,
        .bgid = buffer_group,
    };
    int status = io_uring_register_buf_ring(&ring->io, &registration, 0);
    if (status < 0) return -status;
    for (unsigned number = 0; number < ring->sizes.buffers; number++) cring_give_back(ring, number);
    return 0;
}

static void free_ring(struct cring *ring) {
    if (ring->free_buffers) munmap(ring->free_buffers, free_buffers_bytes(ring));
    if (ring->bytes) munmap(ring->bytes, buffers_bytes(ring));
    free(ring);
}

int cring_open(struct cring_sizes sizes, struct cring **opened) {
    struct cring *ring = calloc(1, sizeof *ring);
    if (!ring) return ENOMEM;
    ring->sizes = sizes;
    // Disabled at first: the thread that enables the ring becomes its only one.
    struct io_uring_params parameters = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
        .cq_entries = sizes.completions,
    };
    int status = -io_uring_queue_init_params(sizes.requests, &ring->io, &parameters);
    if (status != 0) {
        free_ring(ring);
        return status;
    }
    status = (parameters.features & IORING_FEAT_EXT_ARG) ? open_buffers(ring) : ENOSYS;
    if (status != 0) {
        cring_close(ring);
        return status;
    }
    *opened = ring;
    return 0;
}

void cring_close(struct cring *ring) {
    io_uring_queue_exit(&ring->io);
    free_ring(ring);
}

int cring_enable(struct cring *ring) {
    // liburing 2.3 declares io_uring_enable_rings and does not export it.
    long called = syscall(SYS_io_uring_register, ring->io.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    int status = called < 0 ? errno : 0;
    // EBADFD: it was enabled before.
    if (status != 0 && status != EBADFD) return status;
    ring->is_enabled = 1;
    // Spares looking the descriptor up at each call; the ring works without.
    io_uring_register_ring_fd(&ring->io);
    return 0;
}

void cring_leave(struct cring *ring) {
    if (!ring->is_enabled) return;
    ring->is_enabled = 0;
    io_uring_unregister_ring_fd(&ring->io);
}

int cring_try(void) {
    struct cring_sizes sizes = {.requests = 4, .completions = 8, .buffers = 2, .buffer_bytes = 64};
    struct cring *ring = NULL;
    int status = cring_open(sizes, &ring);
    if (status != 0) return status;
    status = cring_enable(ring);
    if (status == 0) {
        io_uring_prep_nop(io_uring_get_sqe(&ring->io));
        int submitted = io_uring_submit_and_wait(&ring->io, 1);
        status = submitted < 0 ? -submitted : 0;
        cring_leave(ring);
    }
    cring_close(ring);
    return status;
}

// MARK: Requests

/// The place of the next request: where all are taken, those before it are handed over first.
static struct io_uring_sqe *next_request(struct cring *ring) {
    struct io_uring_sqe *request = io_uring_get_sqe(&ring->io);
    if (request || !ring->is_enabled) return request;
    cring_wait(ring, 0);
    return io_uring_get_sqe(&ring->io);
}

int cring_receive(struct cring *ring, int descriptor, uint64_t target) {
    struct io_uring_sqe *request = next_request(ring);
    if (!request) return 0;
    io_uring_prep_recv_multishot(request, descriptor, NULL, 0, 0);
    request->flags |= IOSQE_BUFFER_SELECT;
    request->buf_group = buffer_group;
    io_uring_sqe_set_data64(request, target);
    return 1;
}

int cring_send(struct cring *ring, int descriptor, const void *bytes, size_t count, uint64_t target) {
    struct io_uring_sqe *request = next_request(ring);
    if (!request) return 0;
    // MSG_DONTWAIT: the request is over when the system has taken it. MSG_WAITALL: a short send counts as a failure, and
    // failures complete although successes are skipped.
    io_uring_prep_send(request, descriptor, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL);
    request->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(request, target);
    return 1;
}

int cring_poll(struct cring *ring, int descriptor, uint32_t events, int repeats, uint64_t target) {
    struct io_uring_sqe *request = next_request(ring);
    if (!request) return 0;
    if (repeats) {
        io_uring_prep_poll_multishot(request, descriptor, events);
    } else {
        io_uring_prep_poll_add(request, descriptor, events);
    }
    io_uring_sqe_set_data64(request, target);
    return 1;
}

int cring_cancel(struct cring *ring, uint64_t target) {
    struct io_uring_sqe *request = next_request(ring);
    if (!request) return 0;
    io_uring_prep_cancel64(request, target, 0);
    request->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(request, 0);
    return 1;
}

// MARK: Handing over

void cring_wait(struct cring *ring, int64_t nanoseconds) {
    if (nanoseconds == 0) {
        io_uring_submit_and_get_events(&ring->io);
    } else {
        struct io_uring_cqe *first;
        struct __kernel_timespec span = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
        io_uring_submit_and_wait_timeout(&ring->io, &first, 1, nanoseconds < 0 ? NULL : &span, NULL);
    }
    // Left over only while the system is out of memory: the bytes of sends must not be asked to stay for longer.
    while (io_uring_sq_ready(&ring->io) > 0 && ring->is_enabled) {
        sched_yield();
        io_uring_submit_and_get_events(&ring->io);
    }
}

unsigned cring_take(struct cring *ring, struct cring_completion *completions, unsigned room) {
    unsigned count = 0, head;
    struct io_uring_cqe *completion;
    io_uring_for_each_cqe(&ring->io, head, completion) {
        if (count == room) break;
        completions[count].target = completion->user_data;
        completions[count].result = completion->res;
        completions[count].flags = completion->flags;
        count++;
    }
    io_uring_cq_advance(&ring->io, count);
    if (count < room && io_uring_cq_has_overflow(&ring->io)) {
        io_uring_get_events(&ring->io);
        return count + cring_take(ring, completions + count, room - count);
    }
    return count;
}

uint8_t *cring_buffers(const struct cring *ring) { return ring->bytes; }

void cring_give_back(struct cring *ring, unsigned number) {
    uint8_t *place = ring->bytes + (size_t)number * ring->sizes.buffer_bytes;
    int mask = io_uring_buf_ring_mask(ring->sizes.buffers);
    io_uring_buf_ring_add(ring->free_buffers, place, ring->sizes.buffer_bytes, number, mask, 0);
    io_uring_buf_ring_advance(ring->free_buffers, 1);
}
