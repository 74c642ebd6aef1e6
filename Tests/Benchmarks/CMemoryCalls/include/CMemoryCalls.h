#include <stdint.h>

/// How often this thread has called malloc or one of its kin.
uint64_t memory_calls(void);
