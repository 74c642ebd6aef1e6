// Running code: calls, chunks and their environments.
#include "internal.h"

#include <stdio.h>
#include <string.h>

// Lua's message handler: the message becomes a string, the traceback waits in the registry.
static int on_error(lua_State *L) {
    if (lua_type(L, 1) != LUA_TSTRING) {
        if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING) {
            lua_replace(L, 1);
        } else {
            lua_pushfstring(L, "(the error is a %s, not a text)", luaL_typename(L, 1));
            lua_replace(L, 1);
        }
        lua_settop(L, 1);
    }
    luaL_traceback(L, L, NULL, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lvm_traceback_key);
    return 1;
}

// The function and its arguments are on the top; a negative number of results means all.
int lvm_call(lua_State *L, int arguments, int results) {
    if (!lua_checkstack(L, 4 + (results > 0 ? results : 0))) return LVM_NO_STACK;
    int handler = lua_gettop(L) - arguments;
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lvm_traceback_key);
    lua_pushcfunction(L, on_error);
    lua_insert(L, handler);
    int status = lua_pcall(L, arguments, results, handler);
    lua_remove(L, handler);
    return status;
}

// The traceback of the last call that failed; nil where Lua could not make one.
int lvm_push_traceback(lua_State *L) {
    if (!lua_checkstack(L, 1)) return LVM_NO_STACK;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &lvm_traceback_key);
    return LVM_OK;
}

// Writes "file:line: " of the script that called the running callback, directly or through C; the length, 0 for none.
size_t lvm_where(lua_State *L, char *target, size_t size) {
    lua_Debug call;
    for (int level = 1; level <= 8 && lua_getstack(L, level, &call); level++) {
        if (!lua_getinfo(L, "Sl", &call) || call.currentline < 1) continue;
        int length = snprintf(target, size, "%s:%d: ", call.short_src, call.currentline);
        return length < 0 || (size_t)length >= size ? 0 : (size_t)length;
    }
    return 0;
}

// A shebang line becomes an empty one, so that lines keep their numbers.
static void skip_first_line(const char **source, size_t *length) {
    if (*length >= 3 && memcmp(*source, "\xEF\xBB\xBF", 3) == 0) {
        *source += 3;
        *length -= 3;
    }
    if (*length == 0 || **source != '#') return;
    const char *newline = memchr(*source, '\n', *length);
    if (newline == NULL) newline = *source + *length;
    *length -= (size_t)(newline - *source);
    *source = newline;
}

int lvm_load_text(lua_State *L, const char *source, size_t length, const char *name) {
    skip_first_line(&source, &length);
    int status = luaL_loadbufferx(L, source, length, name, "t");
    if (status != LUA_ERRSYNTAX || strstr(lua_tostring(L, -1), "invalid escape sequence") == NULL) return status;
    char *repaired = lua_newuserdatauv(L, length + 1, 0);
    length = lvm_repair_escapes(source, length, repaired);
    int second = luaL_loadbufferx(L, repaired, length, name, "t");
    lua_replace(L, -3);
    lua_pop(L, 1);
    return second;
}

typedef struct {
    const char *source;
    size_t length;
    const char *name;
    int status;
} loading;

static int load(lua_State *L) {
    loading *op = lua_touserdata(L, 1);
    op->status = lvm_load_text(L, op->source, op->length, op->name);
    return 1;
}

int lvm_load(lua_State *L, const void *source, size_t length, const char *name) {
    loading op = {length == 0 ? "" : source, length, name, LVM_OK};
    int status = lvm_protect(L, load, &op, 0, 1);
    return status ? status : op.status;
}

// The metatable of a version, or that of a state's own globals.
static int push_environment(lua_State *L) {
    int version = *(int *)lua_touserdata(L, 1);
    lua_createtable(L, 0, 8);
    if (version > 0) lua_rawgeti(L, LUA_REGISTRYINDEX, version);
    else lua_rawgetp(L, LUA_REGISTRYINDEX, &lvm_environment_key);
    lua_setmetatable(L, -2);
    return 1;
}

int lvm_push_environment(lua_State *L, int version) { return lvm_protect(L, push_environment, &version, 0, 1); }

int lvm_push_version_maker(lua_State *L) {
    if (!lua_checkstack(L, 1)) return LVM_NO_STACK;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &lvm_version_key);
    return LVM_OK;
}

// A chunk is compiled once and stays one function. Each instance gives it a fresh upvalue cell for _ENV; the functions
// that the chunk makes while it runs keep that cell, so the next instance doesn't disturb them.
static int push_instance(lua_State *L) {
    int *references = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, references[0]);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &lvm_cell_key);
    lua_rawgeti(L, LUA_REGISTRYINDEX, references[1]);
    lua_call(L, 1, 1);
    lua_upvaluejoin(L, 2, 1, 3, 1);
    lua_settop(L, 2);
    return 1;
}

int lvm_push_instance(lua_State *L, int chunk, int environment) {
    int references[2] = {chunk, environment};
    return lvm_protect(L, push_instance, references, 0, 1);
}
