// Reading and writing tables and objects: may run metamethods and allocate, so all of it is protected.
#include "internal.h"

typedef struct {
    const void *name;
    size_t length;
    int64_t number;
    bool flag;
} access;

static int get_field(lua_State *L) {
    access *op = lua_touserdata(L, 1);
    lua_pushlstring(L, op->name, op->length);
    lua_gettable(L, 2);
    return 1;
}

int lvm_get_field(lua_State *L, int index, const void *name, size_t length) {
    access op = {.name = length == 0 ? "" : name, .length = length};
    int status = lvm_push_copy(L, index);
    return status ? status : lvm_protect(L, get_field, &op, 1, 1);
}

static int set_field(lua_State *L) {
    access *op = lua_touserdata(L, 1);
    lua_pushlstring(L, op->name, op->length);
    lua_pushvalue(L, 2);
    lua_settable(L, 3);
    return 0;
}

// Takes the value from the stack's top.
int lvm_set_field(lua_State *L, int index, const void *name, size_t length) {
    access op = {.name = length == 0 ? "" : name, .length = length};
    int status = lvm_push_copy(L, index);
    return status ? status : lvm_protect(L, set_field, &op, 2, 0);
}

static int get_element(lua_State *L) {
    access *op = lua_touserdata(L, 1);
    lua_geti(L, 2, op->number);
    return 1;
}

int lvm_get_element(lua_State *L, int index, int64_t number) {
    access op = {.number = number};
    int status = lvm_push_copy(L, index);
    return status ? status : lvm_protect(L, get_element, &op, 1, 1);
}

static int set_element(lua_State *L) {
    access *op = lua_touserdata(L, 1);
    lua_pushvalue(L, 2);
    lua_seti(L, 3, op->number);
    return 0;
}

// Takes the value from the stack's top.
int lvm_set_element(lua_State *L, int index, int64_t number) {
    access op = {.number = number};
    int status = lvm_push_copy(L, index);
    return status ? status : lvm_protect(L, set_element, &op, 2, 0);
}

static int length_of(lua_State *L) {
    access *op = lua_touserdata(L, 1);
    op->number = luaL_len(L, 2);
    return 0;
}

int lvm_length(lua_State *L, int index, int64_t *length) {
    access op = {0};
    int status = lvm_push_copy(L, index);
    if (status == LVM_OK) status = lvm_protect(L, length_of, &op, 1, 0);
    *length = op.number;
    return status;
}

static int next_pair(lua_State *L) {
    access *op = lua_touserdata(L, 1);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_pushvalue(L, 2);
    op->flag = lua_next(L, 3);
    return op->flag ? 2 : 0;
}

// Takes the key from the stack's top and leaves the next key and its value, or two nils at the end.
int lvm_next(lua_State *L, int index, bool *more) {
    access op = {0};
    int status = lvm_push_copy(L, index);
    if (status == LVM_OK) status = lvm_protect(L, next_pair, &op, 2, 2);
    *more = op.flag;
    return status;
}

static int to_text(lua_State *L) {
    luaL_tolstring(L, 2, NULL);
    return 1;
}

int lvm_to_text(lua_State *L, int index) {
    int status = lvm_push_copy(L, index);
    return status ? status : lvm_protect(L, to_text, NULL, 1, 1);
}
