// Values on the stack: what can't run Lua code.
#include "internal.h"

int lvm_top(lua_State *L) { return lua_gettop(L); }
// To-be-closed slots are only made by Lua functions, so this never runs code.
void lvm_set_top(lua_State *L, int top) { lua_settop(L, top); }

int lvm_type(lua_State *L, int index) { return lua_type(L, index); }
bool lvm_is_integer(lua_State *L, int index) { return lua_isinteger(L, index); }
bool lvm_to_boolean(lua_State *L, int index) { return lua_toboolean(L, index); }

bool lvm_to_integer(lua_State *L, int index, int64_t *value) {
    int is_integer;
    *value = lua_tointegerx(L, index, &is_integer);
    return is_integer;
}

bool lvm_to_number(lua_State *L, int index, double *value) {
    int is_number;
    *value = lua_tonumberx(L, index, &is_number);
    return is_number;
}

// NULL for anything but a string (or a long packet, which acts as one): lua_tolstring would turn a number into one, which allocates.
const char *lvm_string(lua_State *L, int index, size_t *length) {
    int type = lua_type(L, index);
    if (type == LUA_TUSERDATA) return lvm_packet_bytes(L, index, length);
    return type == LUA_TSTRING ? lua_tolstring(L, index, length) : NULL;
}

int64_t lvm_raw_length(lua_State *L, int index) { return (int64_t)lua_rawlen(L, index); }
bool lvm_raw_equal(lua_State *L, int a, int b) { return lua_rawequal(L, a, b); }

int lvm_push_nil(lua_State *L) {
    if (!lua_checkstack(L, 1)) return LVM_NO_STACK;
    lua_pushnil(L);
    return LVM_OK;
}

int lvm_push_boolean(lua_State *L, bool value) {
    if (!lua_checkstack(L, 1)) return LVM_NO_STACK;
    lua_pushboolean(L, value);
    return LVM_OK;
}

int lvm_push_integer(lua_State *L, int64_t value) {
    if (!lua_checkstack(L, 1)) return LVM_NO_STACK;
    lua_pushinteger(L, value);
    return LVM_OK;
}

int lvm_push_number(lua_State *L, double value) {
    if (!lua_checkstack(L, 1)) return LVM_NO_STACK;
    lua_pushnumber(L, value);
    return LVM_OK;
}

int lvm_push_copy(lua_State *L, int index) {
    if (!lua_checkstack(L, 1)) return LVM_NO_STACK;
    lua_pushvalue(L, index);
    return LVM_OK;
}

int lvm_protect(lua_State *L, lua_CFunction work, void *op, int values, int results) {
    if (!lua_checkstack(L, 4 + (results > 0 ? results : 0))) return LVM_NO_STACK;
    // A protected call takes the time of some instructions; the budget is looked at later, where an error may be raised.
    lvm_state *state = lvm_state_of(L);
    if (state->limited) state->spent += 12;
    lua_pushcfunction(L, work);
    lua_pushlightuserdata(L, op);
    lua_rotate(L, -(values + 2), 2);
    return lua_pcall(L, values + 1, results, 0);
}

typedef struct {
    const void *bytes;
    size_t length;
} span;

static int push_bytes(lua_State *L) {
    span *op = lua_touserdata(L, 1);
    lua_pushlstring(L, op->bytes, op->length);
    return 1;
}

int lvm_push_bytes(lua_State *L, const void *bytes, size_t length) {
    span op = {length == 0 ? "" : bytes, length};
    return lvm_protect(L, push_bytes, &op, 0, 1);
}

static int push_table(lua_State *L) {
    int *sizes = lua_touserdata(L, 1);
    lua_createtable(L, sizes[0], sizes[1]);
    return 1;
}

int lvm_push_table(lua_State *L, int elements, int fields) {
    int sizes[2] = {elements, fields};
    return lvm_protect(L, push_table, sizes, 0, 1);
}

int lvm_push_globals(lua_State *L) {
    if (!lua_checkstack(L, 1)) return LVM_NO_STACK;
    lua_pushglobaltable(L);
    return LVM_OK;
}

static int make_ref(lua_State *L) {
    *(int *)lua_touserdata(L, 1) = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

int lvm_ref(lua_State *L, int *reference) { return lvm_protect(L, make_ref, reference, 1, 0); }

// Writes to slots that exist only, so it can't allocate; it has to find two free slots on the stack, though.
void lvm_unref(lua_State *L, int reference) {
    if (lua_checkstack(L, 3)) luaL_unref(L, LUA_REGISTRYINDEX, reference);
}

int lvm_push_ref(lua_State *L, int reference) {
    if (!lua_checkstack(L, 1)) return LVM_NO_STACK;
    lua_rawgeti(L, LUA_REGISTRYINDEX, reference);
    return LVM_OK;
}
