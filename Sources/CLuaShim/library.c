// The standard libraries, with the functions replaced that would let a script outlive its budget.
#include "internal.h"

#include <string.h>

// Catching an error makes Lua walk all the calls that are open, to shrink its stack.
static void charge_depth(lua_State *L) {
    lua_Debug call;
    int depth = 64;
    while (lua_getstack(L, depth, &call)) depth *= 2;
    lvm_charge(L, depth / 4);
}

// pcall and xpcall pass the end of a budget on; everything else they catch as usual.
static int finish_call(lua_State *L, int status, lua_KContext skipped) {
    if (status != LUA_OK && status != LUA_YIELD) {
        lvm_check_over(L);
        charge_depth(L);
        lua_pushboolean(L, 0);
        lua_pushvalue(L, -2);
        return 2;
    }
    return lua_gettop(L) - (int)skipped;
}

static int safe_pcall(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_call);
    return finish_call(L, status, 0);
}

// A handler runs where the error was raised: inside the budget's own hook, where no other hook can end it.
static int guarded_handler(lua_State *L) {
    if (lvm_state_of(L)->over) return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int safe_xpcall(lua_State *L) {
    int count = lua_gettop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, guarded_handler, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    int status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, finish_call);
    return finish_call(L, status, 2);
}

static lua_State *make_coroutine(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    // A fresh thread has a slice before its hook looks at the budget, so it pays for that at once.
    lvm_charge(L, LVM_SLICE);
    lua_State *coroutine = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, coroutine, 1);
    return coroutine;
}

static int safe_create(lua_State *L) {
    make_coroutine(L);
    return 1;
}

// Resumes with the `arguments` on the top; the number of results on the top, or -1 and the error.
static int resume(lua_State *L, lua_State *coroutine, int arguments) {
    if (!lua_checkstack(coroutine, arguments)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, coroutine, arguments);
    lvm_arm(coroutine);
    int results;
    int status = lua_resume(coroutine, L, arguments, &results);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(coroutine, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, results + 1)) {
        lua_pop(coroutine, results);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(coroutine, L, results);
    return results;
}

static int safe_resume(lua_State *L) {
    lua_State *coroutine = lua_tothread(L, 1);
    luaL_argexpected(L, coroutine, 1, "coroutine");
    int results = resume(L, coroutine, lua_gettop(L) - 1);
    if (results < 0) lvm_check_over(L);
    lua_pushboolean(L, results >= 0);
    int returned = results < 0 ? 1 : results;
    lua_insert(L, -(returned + 1));
    return returned + 1;
}

static int call_wrapped(lua_State *L) {
    lua_State *coroutine = lua_tothread(L, lua_upvalueindex(1));
    int results = resume(L, coroutine, lua_gettop(L));
    if (results >= 0) return results;
    lvm_check_over(L);
    int status = lua_status(coroutine);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_resetthread(coroutine);
        lua_settop(coroutine, 0);
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int safe_wrap(lua_State *L) {
    make_coroutine(L);
    lua_pushcclosure(L, call_wrapped, 1);
    return 1;
}

// A coroutine that died of its budget has its hooks switched off (and their count at 1): its <close> variables are
// dropped, since nothing could end them.
static int safe_close(lua_State *L) {
    lua_State *coroutine = lua_tothread(L, 1);
    luaL_argexpected(L, coroutine, 1, "coroutine");
    int status = lua_status(coroutine);
    if (status != LUA_OK && status != LUA_YIELD && lua_gethookcount(coroutine) == 1) {
        lua_pushboolean(L, 0);
        lua_pushliteral(L, "the coroutine used up its budget");
        return 2;
    }
    lvm_arm(coroutine);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    lvm_check_over(L);
    return lua_gettop(L);
}

// Finalizers in Lua run with hooks switched off, so nothing could end one that loops.
static int safe_setmetatable(lua_State *L) {
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "__gc is not available to scripts: nothing could end a finalizer that runs for ever. "
                                 "Release what you hold in disconnect_client, or use a <close> variable");
        lua_pop(L, 1);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int refuse_sethook(lua_State *L) {
    return luaL_error(L, "debug.sethook is not available: the hook watches %s", lvm_state_of(L)->instructions_option);
}

// What a C function is charged: work that allocates nothing, or more than its own instruction shows.
typedef enum { COST_TEXT, COST_REPLACE, COST_INSERT, COST_REMOVE, COST_SORT, COST_MOVE, COST_REPEAT, COST_COLLECT } cost;

// The elements behind the position at 2.
static int64_t moved(lua_State *L, int64_t length) {
    lua_Integer position = lua_tointeger(L, 2);
    return position < 1 || position > length ? 0 : length - position;
}

static int64_t price(lua_State *L, cost kind) {
    int64_t length = (int64_t)lua_rawlen(L, 1);
    switch (kind) {
    case COST_TEXT: {
        // An anchored pattern looks at the front only, unless it has a repetition: then the clock tells.
        const char *pattern = lua_tostring(L, 2);
        return pattern != NULL && *pattern == '^' ? 0 : length / 8;
    }
    case COST_REPLACE: return length;
    case COST_INSERT: return lua_gettop(L) > 2 ? moved(L, length) : 0;
    case COST_REMOVE: return lua_gettop(L) > 1 ? moved(L, length) : 0;
    case COST_SORT: return length * 16;
    case COST_MOVE: {
        lua_Integer from = lua_tointeger(L, 2), to = lua_tointeger(L, 3);
        return to < from ? 0 : (lua_Integer)((lua_Unsigned)to - (lua_Unsigned)from) < 0 ? INT64_MAX : to - from;
    }
    case COST_REPEAT: {
        // Repeating nothing allocates nothing, but still counts to the end.
        lua_Integer times = lua_tointeger(L, 2);
        return times < 0 || length > 0 || lua_rawlen(L, 3) > 0 ? 0 : times;
    }
    case COST_COLLECT: return (int64_t)(lvm_state_of(L)->used / 64);
    }
    return 0;
}

// Upvalues: the function, its cost.
static int charged(lua_State *L) {
    lvm_make_packets_whole(L);
    int64_t instructions = price(L, (cost)lua_tointeger(L, lua_upvalueindex(2)));
    if (instructions >= LVM_SLICE) lvm_look(lvm_state_of(L));
    lvm_charge(L, instructions);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static void charge_function(lua_State *L, const char *library, const char *name, cost kind) {
    lua_getglobal(L, library);
    lua_getfield(L, -1, name);
    lua_pushinteger(L, kind);
    lua_pushcclosure(L, charged, 2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

static void replace(lua_State *L, const char *library, const char *name, lua_CFunction function) {
    lua_getglobal(L, library);
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

static void keep_the_budget(lua_State *L) {
    replace(L, "_G", "pcall", safe_pcall);
    replace(L, "_G", "xpcall", safe_xpcall);
    replace(L, "_G", "setmetatable", safe_setmetatable);
    replace(L, "debug", "setmetatable", safe_setmetatable);
    replace(L, "debug", "sethook", refuse_sethook);
    replace(L, "coroutine", "create", safe_create);
    replace(L, "coroutine", "resume", safe_resume);
    replace(L, "coroutine", "wrap", safe_wrap);
    replace(L, "coroutine", "close", safe_close);
    charge_function(L, "string", "find", COST_TEXT);
    charge_function(L, "string", "match", COST_TEXT);
    charge_function(L, "string", "gmatch", COST_TEXT);
    charge_function(L, "string", "gsub", COST_REPLACE);
    charge_function(L, "string", "rep", COST_REPEAT);
    charge_function(L, "table", "insert", COST_INSERT);
    charge_function(L, "table", "remove", COST_REMOVE);
    charge_function(L, "table", "sort", COST_SORT);
    charge_function(L, "table", "move", COST_MOVE);
    charge_function(L, "_G", "collectgarbage", COST_COLLECT);
}

// native.load(source, name): the compiled function, or nil and a message.
static int native_load(lua_State *L) {
    size_t length;
    const char *source = luaL_checklstring(L, 1, &length);
    const char *name = luaL_checkstring(L, 2);
    if (length > 0 && *source == *LUA_SIGNATURE) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s: precompiled chunks are not loaded, only source text", name);
        return 2;
    }
    if (lvm_load_text(L, source, length, name) == LUA_OK) return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

typedef struct {
    const char *prelude;
    size_t length;
} opening;

// The prelude is called with `load`, and answers with the makers of environment cells and of versions.
static int open_libraries(lua_State *L) {
    opening *op = lua_touserdata(L, 1);
    luaL_openlibs(L);
    lvm_open_packets(L);
    keep_the_budget(L);
    lua_createtable(L, 0, 1);
    lua_pushglobaltable(L);
    lua_setfield(L, -2, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lvm_environment_key);
    if (luaL_loadbufferx(L, op->prelude, op->length, "=compatibility", "t") != LUA_OK) return lua_error(L);
    lua_pushcfunction(L, native_load);
    lua_call(L, 1, 2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lvm_version_key);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lvm_cell_key);
    return 0;
}

int lvm_open_libraries(lua_State *L, const char *prelude, size_t length) {
    opening op = {prelude, length};
    return lvm_protect(L, open_libraries, &op, 0, 0);
}
