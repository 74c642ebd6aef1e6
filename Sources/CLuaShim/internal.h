#pragma once

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "CLuaShim.h"

// Instructions between two looks at the budget.
#define LVM_SLICE 1000

// Calls `work` under lua_pcall: its first argument is `op` as light userdata, then the `values` values on the top.
int lvm_protect(lua_State *L, lua_CFunction work, void *op, int values, int results);

// Hooks a thread into the budget that runs, if one does.
void lvm_arm(lua_State *thread);

// Takes instructions from the budget for work done in C, and raises when it is over.
void lvm_charge(lua_State *L, int64_t instructions);

// Corrects what is spent by the thread's own time.
void lvm_look(lvm_state *);

// A script is about to call Swift: raises when the budget is over.
void lvm_host_called(lua_State *L);

// Raises when the budget is over; else does nothing.
void lvm_check_over(lua_State *L);

// Compiles text; a chunk that is only refused for escapes that Lua 5.1 took is repaired. May raise a memory error.
int lvm_load_text(lua_State *L, const char *source, size_t length, const char *name);

// Copies `source` to `target` (of the same size) without the backslashes that Lua 5.1 ignored; the new length.
size_t lvm_repair_escapes(const char *source, size_t length, char *target);

// packet.c: pushes the pieces as one string, or as an object that acts as one until somebody wants the whole.
void lvm_push_packet(lua_State *L, const lvm_piece *pieces, size_t count);

// The hook is over: long packets that nobody wanted whole are gone.
void lvm_end_packets(lua_State *L);

// The bytes of a long packet at the index, in one piece; NULL for anything else, and where memory runs out.
const char *lvm_packet_bytes(lua_State *L, int index, size_t *length);

// Replaces the long packets among the arguments by strings.
void lvm_make_packets_whole(lua_State *L);

// Makes the string library take long packets for strings.
void lvm_open_packets(lua_State *L);

// Keys in the registry.
extern char lvm_traceback_key, lvm_environment_key, lvm_cell_key, lvm_box_key, lvm_object_key, lvm_packet_key,
    lvm_version_key;
