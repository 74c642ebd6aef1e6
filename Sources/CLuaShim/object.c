// Swift functions and Swift objects as Lua values. Swift answers with a status; the longjmp starts here.
#include "internal.h"

#include <string.h>

static int finish(lua_State *L, int answer) {
    if (answer >= 0) return answer;
    if (answer == LVM_RAISE_WITH_POSITION) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int call_function(lua_State *L) {
    void **box = lua_touserdata(L, lua_upvalueindex(1));
    if (*box == NULL) return luaL_error(L, "this function is gone: its Lua state is being closed");
    lvm_host_called(L);
    lvm_state *state = lvm_state_of(L);
    lua_State *caller = state->current;
    state->current = L;
    int answer = state->callbacks.function(L, *box);
    state->current = caller;
    return finish(L, answer);
}

static int send_event(lua_State *L, void *object, int event, int number) {
    lvm_host_called(L);
    lvm_state *state = lvm_state_of(L);
    lua_State *caller = state->current;
    state->current = L;
    int answer = state->callbacks.object(L, object, event, number);
    state->current = caller;
    return finish(L, answer);
}

static int collect(lua_State *L) {
    void **box = lua_touserdata(L, 1);
    if (box == NULL || *box == NULL) return 0;
    void *held = *box;
    *box = NULL;
    // What is released may release references in turn, which works on the current thread's stack.
    lvm_state *state = lvm_state_of(L);
    lua_State *caller = state->current;
    state->current = L;
    state->callbacks.release(held);
    state->current = caller;
    return 0;
}

// Swift's functions are boxed in userdata that scripts never see.
static void push_box_metatable(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &lvm_box_key) == LUA_TTABLE) return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lvm_box_key);
}

static int push_function(lua_State *L) {
    void **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    push_box_metatable(L);
    lua_setmetatable(L, -2);
    lua_pushcclosure(L, call_function, 1);
    // Last, when nothing can fail any more: from here on Lua owns it.
    *box = lua_touserdata(L, 1);
    return 1;
}

// On success Lua owns the box and releases it when it collects the function; else it is still the caller's.
int lvm_push_function(lua_State *L, void *box) { return lvm_protect(L, push_function, box, 0, 1); }

typedef struct {
    int type;
    void *object;
} holder;

static int push_object(lua_State *L) {
    holder *op = lua_touserdata(L, 1);
    void **held = lua_newuserdatauv(L, sizeof *held, 0);
    *held = NULL;
    lua_rawgeti(L, LUA_REGISTRYINDEX, op->type);
    lua_setmetatable(L, -2);
    *held = op->object;
    return 1;
}

// As with functions: on success Lua owns the object.
int lvm_push_object(lua_State *L, int type, void *object) {
    holder op = {type, object};
    return lvm_protect(L, push_object, &op, 0, 1);
}

void *lvm_to_object(lua_State *L, int index) {
    void **held = lua_touserdata(L, index);
    if (held == NULL || !lua_checkstack(L, 2) || !lua_getmetatable(L, index)) return NULL;
    int marker = lua_rawgetp(L, -1, &lvm_object_key);
    lua_pop(L, 2);
    return marker == LUA_TNIL ? NULL : *held;
}

static void *self(lua_State *L) {
    void *object = lvm_to_object(L, 1);
    if (object == NULL) luaL_error(L, "bad object (a %s, or one whose Lua state is being closed)", luaL_typename(L, 1));
    return object;
}

// Upvalue 1 maps a key to a declared field's number or to a method.
static int object_index(lua_State *L) {
    void *object = self(L);
    lua_pushvalue(L, 2);
    int kind = lua_rawget(L, lua_upvalueindex(1));
    if (kind == LUA_TFUNCTION) return 1;
    int number = (int)lua_tointeger(L, -1);
    lua_settop(L, 2);
    return send_event(L, object, kind == LUA_TNUMBER ? LVM_READ_FIELD : LVM_READ_KEY, number);
}

static int object_newindex(lua_State *L) {
    void *object = self(L);
    lua_pushvalue(L, 2);
    int kind = lua_rawget(L, lua_upvalueindex(1));
    int number = (int)lua_tointeger(L, -1);
    lua_settop(L, 3);
    return send_event(L, object, kind == LUA_TNUMBER ? LVM_WRITE_FIELD : LVM_WRITE_KEY, number);
}

static int object_length(lua_State *L) { return send_event(L, self(L), LVM_LENGTH, 0); }
static int object_text(lua_State *L) { return send_event(L, self(L), LVM_TEXT, 0); }

static int object_equals(lua_State *L) {
    void *first = lvm_to_object(L, 1);
    lua_pushboolean(L, first != NULL && first == lvm_to_object(L, 2));
    return 1;
}

// Upvalues: the method's number, the metatable of its type, its name.
static int object_method(lua_State *L) {
    const char *name = lua_tostring(L, lua_upvalueindex(3));
    void *object = lvm_to_object(L, 1);
    if (object == NULL || !lua_getmetatable(L, 1) || !lua_rawequal(L, -1, lua_upvalueindex(2)))
        return luaL_error(L, "call it with a colon, as object:%s(...)", name);
    lua_pop(L, 1);
    return send_event(L, object, LVM_METHOD, (int)lua_tointeger(L, lua_upvalueindex(1)));
}

typedef struct {
    const char *name, *fields, *methods;
    int *type;
} type_request;

// Names are separated by newlines. `add` finds the metatable at 2, the key map at 3, the name on the top.
static void each_name(lua_State *L, const char *names, void (*add)(lua_State *, int)) {
    for (int number = 0; *names != 0; number++) {
        size_t length = strcspn(names, "\n");
        lua_pushlstring(L, names, length);
        add(L, number);
        names += length + (names[length] == '\n');
    }
}

static void add_field(lua_State *L, int number) {
    lua_pushinteger(L, number);
    lua_rawset(L, 3);
}

static void add_method(lua_State *L, int number) {
    lua_pushinteger(L, number);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, object_method, 3);
    lua_rawset(L, 3);
}

static void set_event(lua_State *L, const char *event, lua_CFunction function) {
    lua_pushvalue(L, 3);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, 2, event);
}

static int make_type(lua_State *L) {
    type_request *op = lua_touserdata(L, 1);
    lua_createtable(L, 0, 10);
    lua_createtable(L, 0, 16);
    each_name(L, op->fields, add_field);
    each_name(L, op->methods, add_method);
    set_event(L, "__index", object_index);
    set_event(L, "__newindex", object_newindex);
    set_event(L, "__len", object_length);
    set_event(L, "__tostring", object_text);
    set_event(L, "__eq", object_equals);
    set_event(L, "__gc", collect);
    lua_pushstring(L, op->name);
    lua_setfield(L, 2, "__name");
    lua_pushstring(L, op->name);
    lua_setfield(L, 2, "__metatable");
    lua_pushboolean(L, 1);
    lua_rawsetp(L, 2, &lvm_object_key);
    lua_settop(L, 2);
    *op->type = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

int lvm_make_type(lua_State *L, const char *name, const char *fields, const char *methods, int *type) {
    type_request op = {name, fields, methods, type};
    return lvm_protect(L, make_type, &op, 0, 0);
}
