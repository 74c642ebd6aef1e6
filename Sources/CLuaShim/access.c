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

static int get_elements(lua_State *L) {
    access *op = lua_touserdata(L, 1);
    luaL_checkstack(L, (int)op->number, "too many elements");
    for (int64_t i = 1; i <= op->number; i++) lua_geti(L, 2, i);
    return (int)op->number;
}

// Pushes the elements 1 to count.
int lvm_get_elements(lua_State *L, int index, int count) {
    access op = {.number = count};
    int status = lvm_push_copy(L, index);
    return status ? status : lvm_protect(L, get_elements, &op, 1, count);
}

typedef struct {
    const char *bytes;
    const lvm_slice *slices;
    int count;
} row;

static int push_row(lua_State *L) {
    row *op = lua_touserdata(L, 1);
    lua_createtable(L, op->count, 0);
    for (int i = 0; i < op->count; i++) {
        if (op->slices[i].offset < 0) continue;
        lua_pushlstring(L, op->bytes + op->slices[i].offset, (size_t)op->slices[i].length);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

int lvm_push_row(lua_State *L, const void *bytes, const lvm_slice *slices, int count) {
    row op = {bytes, slices, count};
    return lvm_protect(L, push_row, &op, 0, 1);
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
