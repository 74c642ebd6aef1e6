// Records: small tables with known fields, where every other name is an error.
#include "internal.h"

#include <string.h>

// Upvalues: what a record is called, and its fields in words.
static int unknown_field(lua_State *L) {
    const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
    return luaL_error(L, "a %s has %s, not %s", lua_tostring(L, lua_upvalueindex(1)),
                      lua_tostring(L, lua_upvalueindex(2)), key);
}

typedef struct {
    const char *name, *fields;
    int *type;
} type_request;

// The type is a table: the metatable at 0, the names from 1 on.
static int make_type(lua_State *L) {
    type_request *op = lua_touserdata(L, 1);
    lua_createtable(L, 4, 1);
    const char *names = op->fields;
    for (int number = 1; *names != 0; number++) {
        size_t length = strcspn(names, "\n");
        lua_pushlstring(L, names, length);
        lua_rawseti(L, 2, number);
        names += length + (names[length] == '\n');
    }
    lua_createtable(L, 0, 3);
    lua_pushstring(L, op->name);
    luaL_gsub(L, op->fields, "\n", ", ");
    lua_pushcclosure(L, unknown_field, 2);
    lua_pushvalue(L, -1);
    lua_setfield(L, 3, "__index");
    lua_setfield(L, 3, "__newindex");
    lua_pushstring(L, op->name);
    lua_setfield(L, 3, "__metatable");
    lua_rawseti(L, 2, 0);
    *op->type = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

int lvm_make_record_type(lua_State *L, const char *name, const char *fields, int *type) {
    type_request op = {name, fields, type};
    return lvm_protect(L, make_type, &op, 0, 0);
}

typedef struct {
    int type;
    const lvm_value *values;
    int count;
} record;

static int push_record(lua_State *L) {
    record *op = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, op->type);
    lua_createtable(L, 0, op->count);
    for (int i = 0; i < op->count; i++) {
        const lvm_value *value = &op->values[i];
        lua_rawgeti(L, 2, i + 1);
        if (value->is_text)
            lua_pushlstring(L, value->length == 0 ? "" : value->bytes, value->length);
        else
            lua_pushinteger(L, value->number);
        lua_rawset(L, 3);
    }
    lua_rawgeti(L, 2, 0);
    lua_setmetatable(L, 3);
    return 1;
}

int lvm_push_record(lua_State *L, int type, const lvm_value *values, int count) {
    record op = {type, values, count};
    return lvm_protect(L, push_record, &op, 0, 1);
}
