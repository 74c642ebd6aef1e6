#ifndef MILLRACE_CRING_H
#define MILLRACE_CRING_H

#include <stddef.h>
#include <stdint.h>

/// An io_uring with one ring of receive buffers; all calls but cring_open and cring_close belong on one thread.
struct cring;

/// What came of a request: `target` as it was given, a count or a negative errno, and flags as in io_uring(7).
struct cring_completion {
    uint64_t target;
    int32_t result;
    uint32_t flags;
};

/// The sizes of a ring: requests between two calls (a power of 2), completions, receive buffers (a power of 2), and the
/// bytes of each.
struct cring_sizes {
    unsigned requests;
    unsigned completions;
    unsigned buffers;
    unsigned buffer_bytes;
};

/// Whether the system allows a ring to this process, by opening one and using it: 0 or an errno.
int cring_try(void);

/// Opens a ring, which no thread can use before cring_enable; returns 0 or an errno.
int cring_open(struct cring_sizes sizes, struct cring **opened);

/// Ends all requests and frees the ring; from any thread, once nobody else uses it.
void cring_close(struct cring *ring);

/// Makes the calling thread the ring's; returns 0 or an errno.
int cring_enable(struct cring *ring);

/// The ring's thread has done with it, and may end.
void cring_leave(struct cring *ring);

// Requests are noted down in order and handed over by the next cring_wait; each of these says whether there was room.

/// Receives again and again into the ring's buffers.
int cring_receive(struct cring *ring, int descriptor, uint64_t target);

/// Sends once, without waiting; completes only if not all was sent. The bytes must stay until cring_wait has returned.
int cring_send(struct cring *ring, int descriptor, const void *bytes, size_t count, uint64_t target);

/// Tells once of any of the events, as in poll(2); again and again where `repeats` is not 0.
int cring_poll(struct cring *ring, int descriptor, uint32_t events, int repeats, uint64_t target);

/// Ends the request with that target, which then completes; nothing else is told.
int cring_cancel(struct cring *ring, uint64_t target);

/// Hands the requests over and waits for a completion, so many nanoseconds at most; 0 is not to wait, below 0 for ever.
///
/// When it returns, the system has taken every request, and every send has been sent or has completed.
void cring_wait(struct cring *ring, int64_t nanoseconds);

/// Takes up to `room` completions out, in order; returns how many.
unsigned cring_take(struct cring *ring, struct cring_completion *completions, unsigned room);

/// Where the buffers are, one behind the other by their numbers.
uint8_t *cring_buffers(const struct cring *ring);

/// Gives a buffer back to be received into again.
void cring_give_back(struct cring *ring, unsigned number);

/// Whether another completion of the same request follows.
static inline int cring_has_more(uint32_t flags) { return (flags & 2u) != 0; }

/// The number of the buffer that a completion has received into; below 0 for none.
static inline int cring_buffer(uint32_t flags) { return (flags & 1u) ? (int)(flags >> 16) : -1; }

#endif
