/* SPDX-License-Identifier: Apache-2.0
 *
 * A binding's program, as bytes and as it is held in memory.
 *
 * All numbers are little-endian. In this order, each list behind its u32 count, names and texts behind their u32 size:
 *
 *   "ExBP" · u32 version 1 · text manifest
 *   u32 max events · u32 limit base · u32 limit events · u32 limit bytes · u32 quantity scale · u32 symbols
 *   u32 framings (bit per value) · u32 channels · u32 messages
 *   settings    text key · text default · u32 is integer
 *   types       u32 kind; a STRUCT: list of u32 types before it
 *   signatures  u32 returned type · list of u32 types
 *   functions   text symbol · u32 signature
 *   tables      u32 has else · i64 else · list of (i64 key · i64 value), keys rising
 *   handlers    u32 signature · i64 returned · i64 refused · u32 first instruction · u32 how many
 *   objects     u32 type · list of (u32 offset · u32 kind · u32 bytes · i64 value)
 *   calls       exactly CALLS: u32 present; then u32 function · list of (u32 kind · i64 value) · u32 result offset ·
 *               u32 result type · u32 table or NO_TABLE
 *   code        u8 op · u8 a · u16 b · u32 c · i64 d
 */
#ifndef EXPROVE_BINDER_PROGRAM_H
#define EXPROVE_BINDER_PROGRAM_H

#include "binder.h"

#include <ffi.h>

enum {
  MOST_ARGUMENTS = 16,
  MOST_TYPES = 1024,
  MOST_ELEMENTS = 65536, /* of all structs together: libffi walks them */
  MOST_ITEMS = 1024,     /* of any other list */
  MOST_CODE = 16384,
  MOST_OBJECT_BYTES = 65536,
  MOST_RESULT_BYTES = 1024,
  MOST_DEPTH = 16, /* of the stack */
  MOST_TEXT = 4096,
  MOST_SYMBOLS = 1 << 20,
  NO_TABLE = 0xFFFF
};

/* Types. Those up to U64 are integers; signed ones are even. */
enum { TYPE_VOID, TYPE_U8, TYPE_I8, TYPE_U16, TYPE_I16, TYPE_U32, TYPE_I32, TYPE_U64, TYPE_I64, TYPE_F32, TYPE_F64,
       TYPE_POINTER, TYPE_STRUCT };

/* What stands in an argument or an object's field. */
enum { FROM_CONSTANT, FROM_SELF, FROM_SELF_OUT, FROM_BYTES, FROM_SIZE, FROM_USER, FROM_OBJECT, FROM_OBJECT_VALUE,
       FROM_HANDLER, FROM_OUT, FROM_CAPACITY, FROM_RECEIVE_TIME, FROM_DAY_START, FROM_SEED, FROM_SETTING, FROMS };

/* What the library is called for. */
enum { CALL_OPEN, CALL_CLOSE, CALL_RESET, CALL_FEED, CALL_SAVE, CALL_LOAD, CALL_FAULT, CALL_TIME, CALLS };

/* What a result of open, reset, load or feed means: values of its table. 1 to 7 are exprove_malformed. */
enum { OUTCOME_OK = 0, OUTCOME_UNKNOWN = 8, OUTCOMES = 9 };

/* Instructions work on a stack of numbers of 128 bits, which no sum or product of two 64-bit numbers leaves. */
enum {
  OP_RETURN,
  OP_CONSTANT, /* push d */
  OP_ARGUMENT, /* push the b of argument a, c bytes into it */
  OP_FIELD,    /* push the b at argument a, a pointer, plus c */
  OP_START,    /* address: where argument a lies */
  OP_FOLLOW,   /* address: the pointer at address plus c */
  OP_LOAD,     /* push the b at address plus c */
  OP_DAY,      /* push the session's day_start */
  OP_RECEIVED, /* push the frame's receive time */
  OP_ADD,
  OP_SUBTRACT,
  OP_AND,
  OP_OR,
  OP_EQUAL,
  OP_NOT,
  OP_SCALE, /* times ten to the power d, exactly */
  OP_MATCH, /* replace by what table c says */
  OP_CODE,  /* push up to 8 characters at address plus c, b bytes long, the first one lowest */
  OP_TEXT,  /* text at address plus c, b bytes long or with b = 0 a pointer to a terminated one: push its id */
  OP_SYMBOL, /* the same, and set the event's instrument to that of this symbol; pushes nothing */
  OP_SKIP,  /* pop; when zero go on at instruction c */
  OP_JUMP,  /* go on at instruction c */
  OP_BEGIN, /* an event of kind a */
  OP_SET,   /* pop into the event's field a */
  OP_END,   /* the event is complete */
  OP_COUNT, /* message c was seen, if nothing is malformed by the end */
  OPS,
  /* What code_fuse makes of several; no program has them. */
  OP_ARGUMENT_SET = OPS, /* OP_ARGUMENT and OP_SET d */
  OP_FIELD_SET,
  OP_CONSTANT_SET, /* OP_CONSTANT and OP_SET a */
  OP_UNLESS        /* OP_CONSTANT d, OP_EQUAL and OP_SKIP c */
};

/* The fields that OP_SET knows. */
enum { SET_TIME, SET_SEQUENCE, SET_ORDER, SET_PRICE, SET_QUANTITY, SET_AUX, SET_SIDE, SET_FLAGS, SET_LEVEL, SETS };

typedef struct instruction {
  uint8_t op, a;
  uint16_t b;
  uint32_t c;
  int64_t d;
} instruction;

typedef struct text {
  const char *bytes; /* in the program, not terminated */
  uint32_t size;
} text;

typedef struct setting {
  text key, preset;
  uint32_t is_integer;
} setting;

typedef struct type {
  uint32_t kind, elements;
  ffi_type *ffi;     /* of the library, or `own` */
  ffi_type own;      /* of a struct */
  ffi_type **members; /* terminated by NULL */
} type;

typedef struct signature {
  uint32_t returned, count, arguments[MOST_ARGUMENTS];
  ffi_type *types[MOST_ARGUMENTS];
  ffi_cif cif;
} signature;

typedef struct function {
  text symbol;
  const signature *signature;
  void (*code)(void);
} function;

typedef struct table {
  uint32_t has_else, count;
  int64_t otherwise;
  struct pair {
    int64_t key, value;
  } *pairs;
} table;

typedef struct handler {
  const signature *signature;
  int64_t returned, refused;
  uint32_t first, count;
} handler;

typedef struct initialiser {
  uint32_t offset, kind, bytes;
  int64_t value;
} initialiser;

typedef struct object {
  uint32_t size, count;
  size_t place; /* in a session's block */
  initialiser *fields;
} object;

typedef struct call {
  uint32_t is_present, count, result_offset, result_type, table;
  const function *function;
  struct argument {
    uint32_t kind;
    int64_t value;
  } arguments[MOST_ARGUMENTS];
} call;

typedef struct program {
  uint8_t *bytes; /* a copy, which names and the manifest point into */
  text manifest;
  uint32_t max_events, limit_base, limit_events, limit_bytes, quantity_scale, symbols, framings, channels, messages;
  uint32_t setting_count, type_count, signature_count, function_count, table_count, handler_count, object_count;
  uint32_t code_count;
  setting *settings;
  type *types;
  signature *signatures;
  function *functions;
  table *tables;
  handler *handlers;
  object *objects;
  call calls[CALLS];
  int64_t time_unit;     /* nanoseconds that a result of CALL_TIME counts */
  uint32_t is_time_of_day; /* from the session's day_start */
  instruction *code;
  size_t block; /* of a session's objects */
} program;

/* Reads and checks. On failure nothing is left behind, and `error` says where and why. */
program *program_read(const uint8_t *bytes, size_t size, exprove_text *error);
void program_free(program *p);

/* What is wrong with a callback's code; NULL when the interpreter may run it. */
const char *handler_fault(const program *p, const handler *h);
/* Lets one instruction do what often follows on it; those that it does stay behind it and are passed over. */
void code_fuse(instruction *code, uint32_t count);

/* Up to `capacity` bytes of a formatted text, as exprove_text wants it. */
void say(exprove_text *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline int is_integer(uint32_t kind) { return kind >= TYPE_U8 && kind <= TYPE_I64; }

static inline uint32_t type_bytes(uint32_t kind) {
  return kind == TYPE_VOID ? 0u : kind <= TYPE_I8 ? 1u : kind <= TYPE_I16 ? 2u : kind <= TYPE_I32 ? 4u
         : kind == TYPE_F32 ? 4u : 8u;
}

#endif /* EXPROVE_BINDER_PROGRAM_H */
