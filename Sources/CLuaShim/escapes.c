// Lua 5.1 read an unknown escape in a string as the character itself; 5.4 refuses the chunk.
#include "internal.h"

#include <ctype.h>
#include <string.h>

typedef struct {
    const char *at, *end;
    char *out;
} cursor;

static void copy(cursor *c, size_t count) {
    size_t left = (size_t)(c->end - c->at);
    if (count > left) count = left;
    memcpy(c->out, c->at, count);
    c->at += count;
    c->out += count;
}

static char peek(const cursor *c, size_t offset) { return (size_t)(c->end - c->at) > offset ? c->at[offset] : 0; }

// The level of the long bracket that opens here, or -1.
static int long_bracket(const cursor *c) {
    if (peek(c, 0) != '[') return -1;
    size_t level = 0;
    while (peek(c, level + 1) == '=') level++;
    return peek(c, level + 1) == '[' ? (int)level : -1;
}

static void copy_long_bracket(cursor *c, size_t level) {
    copy(c, level + 2);
    for (; c->at < c->end; copy(c, 1)) {
        if (peek(c, 0) != ']') continue;
        size_t equals = 0;
        while (equals < level && peek(c, equals + 1) == '=') equals++;
        if (equals == level && peek(c, level + 1) == ']') {
            copy(c, level + 2);
            return;
        }
    }
}

static bool is_escape(const cursor *c) {
    char kind = peek(c, 1);
    if (kind == 'x') return isxdigit((unsigned char)peek(c, 2)) && isxdigit((unsigned char)peek(c, 3));
    if (kind == 'u') return peek(c, 2) == '{';
    return kind == 0 || isdigit((unsigned char)kind) || strchr("abfnrtvz\\\"'\n\r", kind) != NULL;
}

static void copy_quoted(cursor *c) {
    char quote = peek(c, 0);
    copy(c, 1);
    while (c->at < c->end && peek(c, 0) != quote && peek(c, 0) != '\n') {
        if (peek(c, 0) != '\\') {
            copy(c, 1);
        } else if (is_escape(c)) {
            copy(c, 2);
        } else {
            c->at++;
            copy(c, 1);
        }
    }
    copy(c, 1);
}

static void copy_comment(cursor *c) {
    copy(c, 2);
    int level = long_bracket(c);
    if (level >= 0) {
        copy_long_bracket(c, (size_t)level);
        return;
    }
    while (c->at < c->end && peek(c, 0) != '\n') copy(c, 1);
}

size_t lvm_repair_escapes(const char *source, size_t length, char *target) {
    cursor c = {source, source + length, target};
    while (c.at < c.end) {
        char byte = peek(&c, 0);
        int level = long_bracket(&c);
        if (byte == '-' && peek(&c, 1) == '-') {
            copy_comment(&c);
        } else if (byte == '"' || byte == '\'') {
            copy_quoted(&c);
        } else if (level >= 0) {
            copy_long_bracket(&c, (size_t)level);
        } else {
            copy(&c, 1);
        }
    }
    return (size_t)(c.out - target);
}
