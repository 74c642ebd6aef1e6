// A state's life, its memory and its budget.
#include "internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

char lvm_traceback_key, lvm_environment_key, lvm_cell_key, lvm_box_key, lvm_object_key, lvm_packet_key,
    lvm_version_key;

// From this size on an allocation takes longer than a look at the clock.
#define LARGE_ALLOCATION (1 << 16)

// A call of a Swift function or of an object's field, in instructions.
#define HOST_CALL 24

static void count_hook(lua_State *L, lua_Debug *ar);
static int raise_over(lua_State *L, int level);

lvm_state *lvm_state_of(lua_State *L) { return *(lvm_state **)lua_getextraspace(L); }

// Allocating and copying take time that the hook can't see, so an allocation counts as 4 instructions and each 32 bytes
// as one. A refused allocation makes Lua collect all garbage and ask once more, which is charged by the size of the
// heap. Once a budget is over, small pieces are still granted: the message and the traceback need them.
static bool refused(lvm_state *state, size_t growth) {
    if (!state->limited) return false;
    if (growth > state->ceiling || state->used > state->ceiling - growth) {
        state->memory_refused = true;
        state->spent += (int64_t)(state->used >> 6);
        return true;
    }
    // A large one is new memory from the system, page by page.
    state->spent += (int64_t)(growth >> (growth >= LARGE_ALLOCATION ? 4 : 5)) + 4;
    if (growth >= LARGE_ALLOCATION) lvm_look(state);
    if (state->spent <= state->allowed) return false;
    bool first = !state->over;
    state->over = true;
    return first || growth > 4096;
}

static void *allocate(void *context, void *block, size_t old_size, size_t new_size) {
    lvm_state *state = context;
    if (block == NULL) old_size = 0;
    if (new_size == 0) {
        free(block);
        state->used -= old_size;
        state->frees += block != NULL;
        return NULL;
    }
    if (new_size > old_size && refused(state, new_size - old_size)) return NULL;
    void *moved = realloc(block, new_size);
    if (moved == NULL) return NULL;
    state->used += new_size - old_size;
    state->allocs += block == NULL;
    if (state->used > state->peak) state->peak = state->used;
    return moved;
}

// Errors in finalizers reach us as warnings, in pieces.
static void warn(void *context, const char *message, int to_be_continued) {
    lvm_state *state = context;
    size_t room = sizeof state->warning - state->warning_length;
    size_t length = strnlen(message, room);
    memcpy(state->warning + state->warning_length, message, length);
    state->warning_length += length;
    if (!to_be_continued) state->warnings++;
}

lvm_state *lvm_open(lvm_callbacks callbacks, void *host) {
    lvm_state *state = calloc(1, sizeof *state);
    if (state == NULL) return NULL;
    state->ceiling = SIZE_MAX;
    state->callbacks = callbacks;
    state->host = host;
    state->main = lua_newstate(allocate, state);
    if (state->main == NULL) {
        free(state);
        return NULL;
    }
    state->current = state->main;
    *(lvm_state **)lua_getextraspace(state->main) = state;
    lua_setwarnf(state->main, warn, state);
    return state;
}

void lvm_close(lvm_state *state) {
    lua_close(state->main);
    free(state);
}

// What instructions can't tell, the thread's own time does: a function in C, page faults, a metamethod of the host. The
// first look is late by what is spent already, so that short hooks never look; most instructions take a quarter of the
// time that one stands for.
void lvm_look(lvm_state *state) {
    struct timespec time;
    if (!state->limited || state->instruction_time <= 0 || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return;
    int64_t now = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    if (state->begin == 0) state->begin = now - state->spent * state->instruction_time / 4;
    int64_t by_time = (now - state->begin) / state->instruction_time;
    if (by_time > state->spent) state->spent = by_time;
}

void lvm_host_called(lua_State *L) {
    lvm_state *state = lvm_state_of(L);
    if (!state->limited) return;
    state->spent += HOST_CALL;
    if (++state->host_calls % 16 == 0) lvm_look(state);
    if (state->spent < state->allowed) return;
    state->over = true;
    lvm_arm(L);
    raise_over(L, 1);
}

void lvm_budget_begin(lvm_state *state, int64_t instructions, int64_t memory) {
    state->limited = true;
    state->over = false;
    state->memory_refused = false;
    state->spent = 0;
    state->begin = 0;
    state->host_calls = 0;
    state->allowed = instructions;
    state->memory = memory;
    state->ceiling = (size_t)memory > SIZE_MAX - state->used ? SIZE_MAX : state->used + (size_t)memory;
    lvm_arm(state->current);
}

void lvm_budget_end(lvm_state *state) {
    state->limited = false;
    state->over = false;
    state->ceiling = SIZE_MAX;
    lua_sethook(state->current, NULL, 0, 0);
    // A script that stops the collector must not leave it stopped for ever: the ceiling counts from a hook's begin.
    if (!lua_gc(state->main, LUA_GCISRUNNING)) lua_gc(state->main, LUA_GCRESTART);
}

void lvm_arm(lua_State *thread) {
    lvm_state *state = lvm_state_of(thread);
    if (!state->limited) return;
    int64_t left = state->allowed - state->spent;
    int count = left < 1 ? 1 : left < LVM_SLICE ? (int)left : LVM_SLICE;
    lua_sethook(thread, count_hook, LUA_MASKCOUNT, count);
}

// Level 0 is the running function, which in a hook is the script's; in a C function the script is at level 1.
static int raise_over(lua_State *L, int level) {
    lvm_state *state = lvm_state_of(L);
    luaL_where(L, level);
    lua_pushfstring(L, "the script used up its %I instructions in one call (%s)", (LUAI_UACINT)state->allowed,
                    state->instructions_option);
    lua_concat(L, 2);
    return lua_error(L);
}

static void count_hook(lua_State *L, lua_Debug *ar) {
    (void)ar;
    lvm_state *state = lvm_state_of(L);
    if (!state->limited) {
        // A coroutine that outlived the budget in which it was made.
        lua_sethook(L, NULL, 0, 0);
        return;
    }
    state->spent += lua_gethookcount(L);
    lvm_look(state);
    if (state->spent >= state->allowed) state->over = true;
    lvm_arm(L);
    if (state->over) raise_over(L, 0);
}

void lvm_check_over(lua_State *L) {
    if (lvm_state_of(L)->over) raise_over(L, 1);
}

// Takes instructions from the budget; whether it is over.
static bool spend(lua_State *L, int64_t instructions) {
    lvm_state *state = lvm_state_of(L);
    if (!state->limited) return false;
    if (instructions <= state->allowed - state->spent) {
        state->spent += instructions;
        return false;
    }
    state->spent = state->allowed;
    state->over = true;
    lvm_arm(L);
    return true;
}

void lvm_charge(lua_State *L, int64_t instructions) {
    if (spend(L, instructions)) raise_over(L, 1);
}

// Here the protected call is level 0, Swift's callback 1 and the script 2.
static int raise_over_in_callback(lua_State *L) { return raise_over(L, 2); }

int lvm_charge_callback(lua_State *L, int64_t instructions) {
    return spend(L, instructions) ? lvm_protect(L, raise_over_in_callback, NULL, 0, 0) : LVM_OK;
}

int64_t lvm_collect(lvm_state *state) {
    lua_gc(state->main, LUA_GCCOLLECT);
    return (int64_t)state->used;
}

bool lvm_collect_step(lvm_state *state, int kibibytes) {
    return lua_gc(state->main, LUA_GCSTEP, kibibytes) != 0;
}
