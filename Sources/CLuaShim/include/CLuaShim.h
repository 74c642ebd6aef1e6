// All that Swift may do to a Lua state. Lua raises errors with longjmp, which must never cross a Swift frame:
// everything declared here either cannot raise, or runs under lua_pcall and returns a status.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lua_State lua_State;

// Status of the calls that can fail. All but LVM_OK and LVM_NO_STACK leave the error value on the stack's top.
enum lvm_status {
    LVM_OK = 0,
    LVM_RUNTIME = 2,
    LVM_SYNTAX = 3,
    LVM_MEMORY = 4,
    LVM_HANDLER = 5,
    LVM_NO_STACK = 6,
};

// What a callback answers instead of its number of results: raise the value on the stack's top.
enum lvm_raise { LVM_RAISE = -1, LVM_RAISE_WITH_POSITION = -2 };

// The events of an object: a declared field by its number, any other key, a method by its number, …
enum lvm_event {
    LVM_READ_FIELD,
    LVM_WRITE_FIELD,
    LVM_READ_KEY,
    LVM_WRITE_KEY,
    LVM_METHOD,
    LVM_LENGTH,
    LVM_TEXT,
};

// Swift's side. None of them may let a Swift error or a longjmp out.
typedef struct {
    int (*function)(lua_State *, void *box);
    int (*object)(lua_State *, void *object, int event, int number);
    void (*release)(void *);
} lvm_callbacks;

// What belongs to one Lua state, reachable from all of its threads.
typedef struct {
    size_t used;         // bytes that the state has allocated
    size_t peak;         // the most bytes that it ever had
    uint64_t allocs;     // blocks that it asked for
    uint64_t frees;      // blocks that it gave back
    size_t ceiling;      // bytes that it may allocate; SIZE_MAX outside of a budget
    int64_t spent;       // instructions used in this budget, with what C functions were charged
    int64_t allowed;     // instructions of this budget
    int64_t memory;      // bytes of this budget, for the message
    int64_t begin;       // the thread's time when this budget began, in nanoseconds; 0 before the first look
    int64_t instruction_time; // nanoseconds that one instruction stands for; 0 where time doesn't count
    uint32_t host_calls; // calls of Swift in this budget
    bool limited;        // within a budget
    bool over;           // its instructions are used up
    bool memory_refused; // an allocation was refused at the ceiling
    lua_State *main;
    lua_State *current;  // the thread whose callback runs, else the main thread
    void *host;
    lvm_callbacks callbacks;
    uint64_t packets;    // long packets that a running hook may still look at: the number of the last one's hook
    bool holds_packet;   // one was pushed in this hook
    char instructions_option[64];
    char memory_option[64];
    char warning[512];
    size_t warning_length;
    uint64_t warnings;
} lvm_state;

// state.c
lvm_state *lvm_open(lvm_callbacks callbacks, void *host);
void lvm_close(lvm_state *);
lvm_state *lvm_state_of(lua_State *);
void lvm_budget_begin(lvm_state *, int64_t instructions, int64_t memory);
void lvm_budget_end(lvm_state *);
int lvm_charge_callback(lua_State *, int64_t instructions);
int64_t lvm_collect(lvm_state *);
bool lvm_collect_step(lvm_state *, int kibibytes);

// stack.c: nothing here runs Lua code; status where it allocates.
int lvm_top(lua_State *);
void lvm_set_top(lua_State *, int top);
int lvm_type(lua_State *, int index);
bool lvm_is_integer(lua_State *, int index);
bool lvm_to_boolean(lua_State *, int index);
bool lvm_to_integer(lua_State *, int index, int64_t *value);
bool lvm_to_number(lua_State *, int index, double *value);
const char *lvm_string(lua_State *, int index, size_t *length);
int64_t lvm_raw_length(lua_State *, int index);
bool lvm_raw_equal(lua_State *, int a, int b);
int lvm_push_nil(lua_State *);
int lvm_push_boolean(lua_State *, bool value);
int lvm_push_integer(lua_State *, int64_t value);
int lvm_push_number(lua_State *, double value);
int lvm_push_copy(lua_State *, int index);
int lvm_push_bytes(lua_State *, const void *bytes, size_t length);
int lvm_push_table(lua_State *, int elements, int fields);
int lvm_push_globals(lua_State *);
int lvm_ref(lua_State *, int *reference);
void lvm_unref(lua_State *, int reference);
int lvm_push_ref(lua_State *, int reference);

// access.c: may run metamethods.
int lvm_get_field(lua_State *, int index, const void *name, size_t length);
int lvm_set_field(lua_State *, int index, const void *name, size_t length);
int lvm_get_element(lua_State *, int index, int64_t number);
int lvm_get_elements(lua_State *, int index, int count);
int lvm_set_element(lua_State *, int index, int64_t number);
int lvm_length(lua_State *, int index, int64_t *length);
int lvm_next(lua_State *, int index, bool *more);
int lvm_to_text(lua_State *, int index);

// A part of some bytes; a negative offset stands for nil.
typedef struct {
    int64_t offset, length;
} lvm_slice;

// Pushes a table with the slices as strings.
int lvm_push_row(lua_State *, const void *bytes, const lvm_slice *slices, int count);

// run.c
int lvm_call(lua_State *, int arguments, int results);
int lvm_push_traceback(lua_State *);
size_t lvm_where(lua_State *, char *target, size_t size);
int lvm_load(lua_State *, const void *source, size_t length, const char *name);
int lvm_push_environment(lua_State *, int version);
int lvm_push_version_maker(lua_State *);
int lvm_push_instance(lua_State *, int chunk, int environment);

// hook.c
typedef struct {
    const void *bytes;
    size_t length;
} lvm_piece;

enum lvm_argument { LVM_ARGUMENT_NONE, LVM_ARGUMENT_VALUE, LVM_ARGUMENT_PACKET, LVM_ARGUMENT_TABLE };
enum lvm_answer { LVM_ANSWER_ABSENT, LVM_ANSWER_NONE, LVM_ANSWER_FALSE, LVM_ANSWER_INTEGER, LVM_ANSWER_NUMBER };

typedef struct {
    int switchboard; // the metatable of the table that shows a session its own fields
    int own;         // the session's own table
    int environment; // the session's globals
    const char *name;
    const char *fresh; // a field of the own table that begins as an empty table; NULL for none
    int form;          // lvm_argument: nothing, the value on the stack's top, the pieces, or a table with them as `packet`
    const lvm_piece *pieces;
    size_t count;
    int answer; // lvm_answer: no such function, nothing, false, an integer, or another number
    int64_t integer;
    double number;
} lvm_hook;

int lvm_call_hook(lua_State *, lvm_hook *);
bool lvm_defines(lua_State *, int environment, const char *name);
int lvm_enter(lua_State *, const lvm_hook *);

// object.c
int lvm_push_function(lua_State *, void *box);
int lvm_push_object(lua_State *, int type, void *object);
int lvm_make_type(lua_State *, const char *name, const char *fields, const char *methods, int *type);
void *lvm_to_object(lua_State *, int index);

// record.c: an integer, or a text where `is_text`.
typedef struct {
    int64_t number;
    const void *bytes;
    size_t length;
    bool is_text;
} lvm_value;
int lvm_make_record_type(lua_State *, const char *name, const char *fields, int *type);
int lvm_push_record(lua_State *, int type, const lvm_value *values, int count);

// library.c
int lvm_open_libraries(lua_State *, const char *prelude, size_t length);
