// A long packet that isn't copied into Lua until a script wants it whole: an object that acts as a string.
//
// What Lua can't be told: such an object never equals a string, isn't found in a table under its text, and C libraries
// other than `string` don't take it; `tostring(packet)` makes a string of it.
#include "internal.h"

#include <string.h>

// From this size on a copy costs more than an object that acts as a string.
#define LONG_PACKET (1 << 20)

typedef struct {
    uint64_t hook; // the hook in which the pieces are there
    const lvm_piece *pieces;
    size_t count, length;
} packet;

static packet *packet_at(lua_State *L, int index) {
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return NULL;
    bool is_packet = lua_rawgetp(L, LUA_REGISTRYINDEX, &lvm_packet_key) == LUA_TTABLE && lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_packet ? lua_touserdata(L, index) : NULL;
}

static void check_there(lua_State *L, const packet *p) {
    if (p->hook != lvm_state_of(L)->packets)
        luaL_error(L, "this packet of %I bytes was only there during its hook: keep tostring(packet) instead of packet",
                   (LUAI_UACINT)p->length);
}

void lvm_push_packet(lua_State *L, const lvm_piece *pieces, size_t count) {
    size_t length = 0;
    for (size_t i = 0; i < count; i++) length += pieces[i].length;
    if (length < LONG_PACKET) {
        luaL_Buffer buffer;
        if (count == 1) {
            lua_pushlstring(L, pieces->bytes, pieces->length);
            return;
        }
        luaL_buffinitsize(L, &buffer, length);
        for (size_t i = 0; i < count; i++) luaL_addlstring(&buffer, pieces[i].bytes, pieces[i].length);
        luaL_pushresult(&buffer);
        return;
    }
    lvm_state *state = lvm_state_of(L);
    packet *p = lua_newuserdatauv(L, sizeof *p, 1);
    *p = (packet){state->packets, pieces, count, length};
    state->holds_packet = true;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &lvm_packet_key);
    lua_setmetatable(L, -2);
}

void lvm_end_packets(lua_State *L) {
    lvm_state *state = lvm_state_of(L);
    if (!state->holds_packet) return;
    state->holds_packet = false;
    state->packets++;
}

// Copies `length` bytes from `from` on, which are there.
static void copy(const packet *p, size_t from, size_t length, char *target) {
    for (size_t i = 0; length > 0 && i < p->count; i++) {
        const lvm_piece *piece = &p->pieces[i];
        if (from >= piece->length) {
            from -= piece->length;
            continue;
        }
        size_t part = piece->length - from < length ? piece->length - from : length;
        memcpy(target, (const char *)piece->bytes + from, part);
        target += part;
        length -= part;
        from = 0;
    }
}

// Pushes the part from `from` on as a string.
static void push_part(lua_State *L, const packet *p, size_t from, size_t length) {
    if (p->count == 1) {
        lua_pushlstring(L, (const char *)p->pieces->bytes + from, length);
        return;
    }
    luaL_Buffer buffer;
    char *target = luaL_buffinitsize(L, &buffer, length);
    copy(p, from, length, target);
    luaL_pushresultsize(&buffer, length);
}

// Pushes the whole as a string, which is kept: the second use costs nothing.
static void push_whole(lua_State *L, int index, packet *p) {
    index = lua_absindex(L, index);
    if (lua_getiuservalue(L, index, 1) == LUA_TSTRING) return;
    lua_pop(L, 1);
    check_there(L, p);
    push_part(L, p, 0, p->length);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, index, 1);
}

static int whole(lua_State *L) {
    packet *p = packet_at(L, 2);
    if (p == NULL) return luaL_error(L, "not a packet");
    push_whole(L, 2, p);
    return 1;
}

const char *lvm_packet_bytes(lua_State *L, int index, size_t *length) {
    if (!lua_checkstack(L, 4)) return NULL;
    packet *p = packet_at(L, index);
    if (p == NULL) return NULL;
    if (p->count == 1 && p->hook == lvm_state_of(L)->packets) {
        *length = p->length;
        return p->pieces->bytes;
    }
    lua_pushvalue(L, index);
    if (lvm_protect(L, whole, NULL, 1, 1) != LVM_OK) {
        lua_pop(L, 1);
        return NULL;
    }
    // The packet on the caller's stack keeps the string.
    const char *bytes = lua_tolstring(L, -1, length);
    lua_pop(L, 1);
    return bytes;
}

// --- Acting as a string ----------------------------------------------------------------------------------------------

// A position as the string library counts: from 1, or from the end where negative.
static size_t position(lua_Integer given, size_t length, bool is_end) {
    if (given < 0) given = (lua_Unsigned)0 - (lua_Unsigned)given > length ? 0 : (lua_Integer)length + given + 1;
    if (!is_end) return given < 1 ? 1 : (size_t)given;
    return given > (lua_Integer)length ? length : (size_t)given;
}

void lvm_make_packets_whole(lua_State *L) {
    for (int i = 1, count = lua_gettop(L); i <= count; i++) {
        packet *p = packet_at(L, i);
        if (p == NULL) continue;
        push_whole(L, i, p);
        lua_replace(L, i);
    }
}

// Upvalue: the library's own function.
static int text_function(lua_State *L) {
    lvm_make_packets_whole(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static packet *packet_there(lua_State *L, int index) {
    packet *p = packet_at(L, index);
    if (p != NULL) check_there(L, p);
    return p;
}

static int text_sub(lua_State *L) {
    packet *p = packet_there(L, 1);
    size_t length = p == NULL ? 0 : p->length;
    const char *text = p == NULL ? luaL_checklstring(L, 1, &length) : NULL;
    size_t from = position(luaL_checkinteger(L, 2), length, false);
    size_t to = position(luaL_optinteger(L, 3, -1), length, true);
    if (to < from) lua_pushliteral(L, "");
    else if (p == NULL) lua_pushlstring(L, text + from - 1, to - from + 1);
    else push_part(L, p, from - 1, to - from + 1);
    return 1;
}

// Bytes at once, as the library limits it too, if later.
#define MOST_BYTES 8000

static int text_byte(lua_State *L) {
    packet *p = packet_there(L, 1);
    size_t length = p == NULL ? 0 : p->length;
    const char *text = p == NULL ? luaL_checklstring(L, 1, &length) : NULL;
    lua_Integer first = luaL_optinteger(L, 2, 1);
    size_t from = position(first, length, false);
    size_t to = position(luaL_optinteger(L, 3, first), length, true);
    if (to < from) return 0;
    if (to - from >= MOST_BYTES) return luaL_error(L, "string slice too long");
    int count = (int)(to - from + 1);
    luaL_checkstack(L, count, "string slice too long");
    lvm_charge(L, count / 4);
    char bytes[MOST_BYTES];
    if (p != NULL) {
        copy(p, from - 1, (size_t)count, bytes);
        text = bytes;
        from = 1;
    }
    for (int i = 0; i < count; i++) lua_pushinteger(L, (unsigned char)text[from - 1 + (size_t)i]);
    return count;
}

static int text_length(lua_State *L) {
    packet *p = packet_at(L, 1);
    size_t length = p == NULL ? 0 : p->length;
    if (p == NULL) luaL_checklstring(L, 1, &length);
    lua_pushinteger(L, (lua_Integer)length);
    return 1;
}

static packet *self(lua_State *L) {
    packet *p = packet_at(L, 1);
    if (p == NULL) luaL_error(L, "bad packet (a %s)", luaL_typename(L, 1));
    return p;
}

static int packet_text(lua_State *L) {
    push_whole(L, 1, self(L));
    return 1;
}

static int packet_length(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)self(L)->length);
    return 1;
}

static int packet_concat(lua_State *L) {
    lua_settop(L, 2);
    lvm_make_packets_whole(L);
    for (int i = 1; i <= 2; i++) luaL_checkstring(L, i);
    lua_concat(L, 2);
    return 1;
}

static int packet_equals(lua_State *L) {
    packet *a = packet_at(L, 1), *b = packet_at(L, 2);
    if (a == NULL || b == NULL || a->length != b->length) return 0;
    push_whole(L, 1, a);
    push_whole(L, 2, b);
    lua_pushboolean(L, lua_rawequal(L, -1, -2));
    return 1;
}

static int value_type(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushstring(L, packet_at(L, 1) != NULL ? "string" : luaL_typename(L, 1));
    return 1;
}

static void wrap(lua_State *L, const char *name) {
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, text_function, 1);
    lua_setfield(L, -2, name);
}

// Those that look at the whole text and aren't charged for it; the charged ones call lvm_make_packets_whole.
static const char *const whole_functions[] = {"lower", "upper", "reverse", "format", "unpack", NULL};

void lvm_open_packets(lua_State *L) {
    static const luaL_Reg functions[] = {{"sub", text_sub}, {"byte", text_byte}, {"len", text_length}, {NULL, NULL}};
    static const luaL_Reg events[] = {{"__tostring", packet_text}, {"__len", packet_length},
                                      {"__concat", packet_concat}, {"__eq", packet_equals}, {NULL, NULL}};
    lua_getglobal(L, "string");
    luaL_setfuncs(L, functions, 0);
    for (const char *const *name = whole_functions; *name != NULL; name++) wrap(L, *name);
    lua_createtable(L, 0, 6);
    luaL_setfuncs(L, events, 0);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "string");
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &lvm_packet_key);
    lua_pop(L, 1);
    lua_pushcfunction(L, value_type);
    lua_setglobal(L, "type");
}
