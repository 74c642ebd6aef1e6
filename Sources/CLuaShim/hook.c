// A hook's call in one protected step: looking it up and calling it apart would enter Lua's error handling many times.
#include "internal.h"

static int push_argument(lua_State *L, const lvm_hook *hook) {
    switch (hook->form) {
    case LVM_ARGUMENT_NONE: return 0;
    case LVM_ARGUMENT_VALUE: lua_pushvalue(L, 2); return 1;
    case LVM_ARGUMENT_PACKET: lvm_push_packet(L, hook->pieces, hook->count); return 1;
    case LVM_ARGUMENT_TABLE:
        lua_createtable(L, 0, 1);
        lvm_push_packet(L, hook->pieces, hook->count);
        lua_setfield(L, -2, "packet");
        return 1;
    }
    return 0;
}

// `proxy` and the like: a shared table whose missing fields are those of the session's own table.
static void enter(lua_State *L, const lvm_hook *hook) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, hook->switchboard);
    lua_rawgeti(L, LUA_REGISTRYINDEX, hook->own);
    if (hook->fresh != NULL) {
        lua_pushstring(L, hook->fresh);
        int kind = lua_rawget(L, -2);
        bool is_empty = false;
        if (kind == LUA_TTABLE) {
            lua_pushnil(L);
            is_empty = !lua_next(L, -2);
            if (!is_empty) lua_pop(L, 2);
        }
        lua_pop(L, 1);
        if (!is_empty) {
            lua_pushstring(L, hook->fresh);
            lua_createtable(L, 0, 0);
            lua_rawset(L, -3);
        }
    }
    lua_pushliteral(L, "__index");
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
    lua_pushliteral(L, "__newindex");
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
    lua_pop(L, 2);
}

static void read_answer(lua_State *L, lvm_hook *hook) {
    int is_number;
    hook->integer = lua_tointegerx(L, -1, &is_number);
    hook->answer = LVM_ANSWER_INTEGER;
    if (is_number) return;
    hook->number = lua_tonumberx(L, -1, &is_number);
    hook->answer = is_number ? LVM_ANSWER_NUMBER : LVM_ANSWER_NONE;
    if (lua_isboolean(L, -1) && !lua_toboolean(L, -1)) hook->answer = LVM_ANSWER_FALSE;
}

static int call_hook(lua_State *L) {
    lvm_hook *hook = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, hook->environment);
    if (lua_getfield(L, -1, hook->name) != LUA_TFUNCTION) {
        hook->answer = LVM_ANSWER_ABSENT;
        return 0;
    }
    enter(L, hook);
    lua_call(L, push_argument(L, hook), 1);
    read_answer(L, hook);
    return 0;
}

// Takes the argument from the stack's top if it is a value. Answers in the hook's own fields; on an error its value is on
// the stack's top.
int lvm_call_hook(lua_State *L, lvm_hook *hook) {
    if (!lua_checkstack(L, 8)) return LVM_NO_STACK;
    int values = hook->form == LVM_ARGUMENT_VALUE ? 1 : 0;
    lua_pushcfunction(L, call_hook);
    lua_pushlightuserdata(L, hook);
    lua_rotate(L, -(values + 2), 2);
    int status = lvm_call(L, values + 1, 0);
    lvm_end_packets(L);
    return status;
}

static int get_function(lua_State *L) {
    lua_getfield(L, 2, lua_touserdata(L, 1));
    return 1;
}

bool lvm_defines(lua_State *L, int environment, const char *name) {
    if (!lua_checkstack(L, 3)) return false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, environment);
    bool is_function = lvm_protect(L, get_function, (void *)name, 1, 1) == LVM_OK && lua_isfunction(L, -1);
    lua_pop(L, 1);
    return is_function;
}

static int enter_only(lua_State *L) {
    enter(L, lua_touserdata(L, 1));
    return 0;
}

int lvm_enter(lua_State *L, const lvm_hook *hook) { return lvm_protect(L, enter_only, (void *)hook, 0, 0); }
