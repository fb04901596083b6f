/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void say(exprove_text *error, const char *format, ...) {
  if (error == NULL || error->data == NULL) return;
  char buffer[512];
  va_list list;
  va_start(list, format);
  int size = vsnprintf(buffer, sizeof buffer, format, list);
  va_end(list);
  if (size < 0) size = 0;
  if ((size_t)size >= sizeof buffer) size = (int)sizeof buffer - 1;
  error->size = (uint32_t)size < error->capacity ? (uint32_t)size : error->capacity;
  if (error->size > 0) memcpy(error->data, buffer, error->size);
}

/* Where reading stands. After the first fault everything reads as zero. */
typedef struct reader {
  const uint8_t *start, *at, *end;
  const char *fault;
  size_t where;
} reader;

static void fail(reader *r, const char *reason) {
  if (r->fault == NULL) {
    r->fault = reason;
    r->where = (size_t)(r->at - r->start);
  }
}

static int demand(reader *r, int holds, const char *reason) {
  if (!holds) fail(r, reason);
  return r->fault == NULL;
}

static uint64_t number(reader *r, size_t size) {
  if (!demand(r, (size_t)(r->end - r->at) >= size, "it ends too early")) return 0;
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++) value |= (uint64_t)r->at[i] << (8 * i);
  r->at += size;
  return value;
}

static uint32_t word(reader *r) { return (uint32_t)number(r, 4); }
static int64_t wide(reader *r) { return (int64_t)number(r, 8); }

static uint32_t below(reader *r, uint32_t limit, const char *reason) {
  uint32_t value = word(r);
  return demand(r, value < limit, reason) ? value : 0;
}

/* A list's count, and memory for it. */
static uint32_t list(reader *r, uint32_t most, size_t size, void *memory) {
  uint32_t count = word(r);
  if (!demand(r, count <= most, "a list is too long")) return 0;
  void *made = calloc((size_t)count + 1, size);
  if (!demand(r, made != NULL, "there is no memory for it")) return 0;
  memcpy(memory, &made, sizeof made);
  return count;
}

static text name(reader *r) {
  text t = {(const char *)r->at, 0};
  uint32_t size = word(r);
  if (!demand(r, size <= (size_t)(r->end - r->at), "a text ends too early")) return t;
  t = (text){(const char *)r->at, size};
  r->at += size;
  return t;
}

/* --- Types and signatures --------------------------------------------------------------------------------------*/

static ffi_type *plain(uint32_t kind) {
  switch (kind) {
  case TYPE_U8: return &ffi_type_uint8;
  case TYPE_I8: return &ffi_type_sint8;
  case TYPE_U16: return &ffi_type_uint16;
  case TYPE_I16: return &ffi_type_sint16;
  case TYPE_U32: return &ffi_type_uint32;
  case TYPE_I32: return &ffi_type_sint32;
  case TYPE_U64: return &ffi_type_uint64;
  case TYPE_I64: return &ffi_type_sint64;
  case TYPE_F32: return &ffi_type_float;
  case TYPE_F64: return &ffi_type_double;
  case TYPE_POINTER: return &ffi_type_pointer;
  default: return &ffi_type_void;
  }
}

static void read_types(reader *r, program *p) {
  p->type_count = list(r, MOST_TYPES, sizeof *p->types, &p->types);
  uint32_t elements = 0;
  for (uint32_t i = 0; i < p->type_count && r->fault == NULL; i++) {
    type *t = &p->types[i];
    t->kind = below(r, TYPE_STRUCT + 1, "there is no such type");
    t->ffi = plain(t->kind);
    t->elements = 1;
    if (t->kind != TYPE_STRUCT) continue;
    uint32_t count = list(r, MOST_ITEMS * 8, sizeof *t->members, &t->members);
    demand(r, count > 0, "a struct without fields");
    t->elements = 0;
    for (uint32_t k = 0; k < count && r->fault == NULL; k++) {
      uint32_t member = below(r, i, "a struct's field is of a later type");
      if (r->fault != NULL || !demand(r, p->types[member].kind != TYPE_VOID, "a field of type void")) return;
      t->members[k] = p->types[member].ffi;
      t->elements += p->types[member].elements;
      if (!demand(r, t->elements <= MOST_ELEMENTS, "a struct has too many fields")) return;
    }
    elements += t->elements;
    demand(r, elements <= MOST_ELEMENTS, "the structs have too many fields");
    t->own = (ffi_type){.size = 0, .alignment = 0, .type = FFI_TYPE_STRUCT, .elements = t->members};
    t->ffi = &t->own;
    /* Gives it size and alignment. */
    if (r->fault == NULL) {
      demand(r, ffi_get_struct_offsets(FFI_DEFAULT_ABI, t->ffi, NULL) == FFI_OK, "libffi refuses a struct");
    }
  }
}

static void read_signatures(reader *r, program *p) {
  p->signature_count = list(r, MOST_ITEMS, sizeof *p->signatures, &p->signatures);
  for (uint32_t i = 0; i < p->signature_count && r->fault == NULL; i++) {
    signature *s = &p->signatures[i];
    s->returned = below(r, p->type_count, "there is no such type");
    s->count = below(r, MOST_ARGUMENTS + 1, "too many arguments");
    for (uint32_t k = 0; k < s->count; k++) {
      s->arguments[k] = below(r, p->type_count, "there is no such type");
      if (r->fault != NULL) return;
      if (!demand(r, p->types[s->arguments[k]].kind != TYPE_VOID, "an argument of type void")) return;
      s->types[k] = p->types[s->arguments[k]].ffi;
    }
    if (r->fault != NULL) return;
    const type *returned = &p->types[s->returned];
    if (!demand(r, returned->ffi->size <= MOST_RESULT_BYTES, "a result is too large")) return;
    demand(r, ffi_prep_cif(&s->cif, FFI_DEFAULT_ABI, s->count, returned->ffi, s->types) == FFI_OK,
           "libffi refuses a signature");
  }
}

/* --- Tables, handlers, objects, calls --------------------------------------------------------------------------*/

static void read_tables(reader *r, program *p) {
  p->table_count = list(r, MOST_ITEMS, sizeof *p->tables, &p->tables);
  for (uint32_t i = 0; i < p->table_count && r->fault == NULL; i++) {
    table *t = &p->tables[i];
    t->has_else = below(r, 2, "neither with nor without else");
    t->otherwise = wide(r);
    t->count = list(r, MOST_ITEMS, sizeof *t->pairs, &t->pairs);
    for (uint32_t k = 0; k < t->count && r->fault == NULL; k++) {
      t->pairs[k].key = wide(r);
      t->pairs[k].value = wide(r);
      demand(r, k == 0 || t->pairs[k - 1].key < t->pairs[k].key, "a table's keys do not rise");
    }
  }
}

static void read_handlers(reader *r, program *p) {
  p->handler_count = list(r, MOST_ITEMS, sizeof *p->handlers, &p->handlers);
  for (uint32_t i = 0; i < p->handler_count && r->fault == NULL; i++) {
    handler *h = &p->handlers[i];
    uint32_t signature = below(r, p->signature_count, "there is no such signature");
    h->returned = wide(r);
    h->refused = wide(r);
    h->first = word(r);
    h->count = word(r);
    if (r->fault != NULL) return;
    h->signature = &p->signatures[signature];
    uint32_t kind = p->types[h->signature->returned].kind;
    demand(r, kind == TYPE_VOID || kind == TYPE_POINTER || is_integer(kind),
           "a callback returns what the binder cannot give");
  }
}

static void read_objects(reader *r, program *p) {
  p->object_count = list(r, MOST_ITEMS, sizeof *p->objects, &p->objects);
  for (uint32_t i = 0; i < p->object_count && r->fault == NULL; i++) {
    object *o = &p->objects[i];
    uint32_t type = below(r, p->type_count, "there is no such type");
    if (r->fault != NULL || !demand(r, p->types[type].kind == TYPE_STRUCT, "an object that is no struct")) return;
    if (!demand(r, p->types[type].ffi->size <= MOST_OBJECT_BYTES, "an object is too large")) return;
    o->size = (uint32_t)p->types[type].ffi->size;
    o->place = p->block;
    p->block += (o->size + 15u) & ~15u;
    o->count = list(r, MOST_ITEMS, sizeof *o->fields, &o->fields);
    for (uint32_t k = 0; k < o->count && r->fault == NULL; k++) {
      initialiser *f = &o->fields[k];
      f->offset = word(r);
      f->kind = below(r, FROMS, "there is no such source");
      f->bytes = word(r);
      f->value = wide(r);
      demand(r, f->bytes == 1 || f->bytes == 2 || f->bytes == 4 || f->bytes == 8, "a field of an odd size");
      demand(r, f->offset <= o->size && o->size - f->offset >= f->bytes, "a field outside its object");
      if (f->kind == FROM_HANDLER) {
        demand(r, f->bytes == 8 && f->value >= 0 && f->value < p->handler_count, "there is no such callback");
      } else if (f->kind == FROM_USER) {
        demand(r, f->bytes == 8, "a pointer of an odd size");
      } else {
        demand(r, f->kind == FROM_CONSTANT, "an object cannot hold that");
      }
    }
  }
}

/* What each argument may be, by what the library is called for. */
static int may_stand(uint32_t which, uint32_t kind) {
  switch (kind) {
  case FROM_SELF: return which != CALL_OPEN;
  case FROM_SELF_OUT: case FROM_DAY_START: case FROM_SEED: case FROM_SETTING: return which == CALL_OPEN;
  case FROM_BYTES: case FROM_SIZE: return which == CALL_FEED || which == CALL_LOAD || which == CALL_TIME;
  case FROM_RECEIVE_TIME: return which == CALL_FEED;
  case FROM_OUT: case FROM_CAPACITY: return which == CALL_SAVE;
  default: return 1;
  }
}

static int fits(const program *p, uint32_t type, uint32_t kind, int64_t value) {
  uint32_t is = p->types[type].kind;
  switch (kind) {
  case FROM_CONSTANT: return is_integer(is) || (is == TYPE_POINTER && value == 0);
  case FROM_SIZE: case FROM_CAPACITY: case FROM_RECEIVE_TIME: case FROM_DAY_START: case FROM_SEED:
    return is_integer(is) && type_bytes(is) >= 4;
  case FROM_OBJECT: return is == TYPE_POINTER && value >= 0 && value < p->object_count;
  case FROM_OBJECT_VALUE:
    return is == TYPE_STRUCT && value >= 0 && value < p->object_count &&
           p->objects[value].size == p->types[type].ffi->size;
  case FROM_HANDLER: return is == TYPE_POINTER && value >= 0 && value < p->handler_count;
  case FROM_SETTING:
    return value >= 0 && value < p->setting_count &&
           (p->settings[value].is_integer ? is == TYPE_I64 || is == TYPE_I32 : is == TYPE_POINTER);
  default: return is == TYPE_POINTER;
  }
}

static void read_calls(reader *r, program *p) {
  for (uint32_t i = 0; i < CALLS && r->fault == NULL; i++) {
    call *c = &p->calls[i];
    c->is_present = below(r, 2, "neither there nor not");
    if (!c->is_present) continue;
    uint32_t function = below(r, p->function_count, "there is no such function");
    c->count = below(r, MOST_ARGUMENTS + 1, "too many arguments");
    if (r->fault != NULL) return;
    c->function = &p->functions[function];
    const signature *s = c->function->signature;
    if (!demand(r, c->count == s->count, "a call with another number of arguments")) return;
    for (uint32_t k = 0; k < c->count && r->fault == NULL; k++) {
      c->arguments[k].kind = below(r, FROMS, "there is no such source");
      c->arguments[k].value = wide(r);
      demand(r, may_stand(i, c->arguments[k].kind) && fits(p, s->arguments[k], c->arguments[k].kind, c->arguments[k].value),
             "an argument that cannot stand there");
    }
    c->result_offset = word(r);
    c->result_type = below(r, TYPE_STRUCT, "there is no such type");
    c->table = word(r);
    if (r->fault != NULL) return;
    const type *returned = &p->types[s->returned];
    if (returned->kind == TYPE_STRUCT) {
      demand(r, is_integer(c->result_type) && c->result_offset <= returned->ffi->size &&
                    returned->ffi->size - c->result_offset >= type_bytes(c->result_type),
             "a result outside the struct");
    } else {
      demand(r, c->result_offset == 0 && c->result_type == returned->kind, "a result of another type");
    }
    demand(r, c->table == NO_TABLE || (c->table < p->table_count && is_integer(c->result_type)), "there is no such table");
    if (c->table != NO_TABLE && r->fault == NULL) {
      const table *t = &p->tables[c->table];
      for (uint32_t k = 0; k < t->count; k++) demand(r, t->pairs[k].value >= 0 && t->pairs[k].value < OUTCOMES, "no outcome");
      demand(r, !t->has_else || (t->otherwise >= 0 && t->otherwise < OUTCOMES), "no outcome");
    }
    if (i == CALL_SAVE || i == CALL_FAULT || i == CALL_TIME) demand(r, is_integer(c->result_type), "a size or time that is no integer");
  }
  uint32_t decimals = below(r, 10, "a time has nine decimals at most");
  p->is_time_of_day = below(r, 2, "neither of the day nor of all time");
  p->time_unit = 1;
  for (uint32_t i = decimals; i < 9; i++) p->time_unit *= 10;
  demand(r, p->calls[CALL_FEED].is_present, "it feeds no function");
  demand(r, p->calls[CALL_SAVE].is_present == p->calls[CALL_LOAD].is_present, "it saves or loads, and not both");
  demand(r, p->calls[CALL_OPEN].is_present || !p->calls[CALL_CLOSE].is_present, "it closes what it never opens");
}

/* --- Code ------------------------------------------------------------------------------------------------------*/

static void read_code(reader *r, program *p) {
  p->code_count = list(r, MOST_CODE, sizeof *p->code, &p->code);
  for (uint32_t i = 0; i < p->code_count && r->fault == NULL; i++) {
    uint32_t head = word(r), c = word(r);
    p->code[i] = (instruction){(uint8_t)head, (uint8_t)(head >> 8), (uint16_t)(head >> 16), c, wide(r)};
  }
}

static void read_limits(reader *r, program *p) {
  p->max_events = word(r);
  p->limit_base = word(r);
  p->limit_events = word(r);
  p->limit_bytes = word(r);
  p->quantity_scale = word(r);
  p->symbols = word(r);
  p->framings = word(r);
  p->channels = word(r);
  p->messages = word(r);
  demand(r, p->max_events >= 2 && p->max_events <= 65536, "max-events is not 2 to 65536");
  demand(r, p->limit_base >= 2 && p->limit_base <= 65536 && p->limit_events <= 65536, "a limit that is none");
  demand(r, p->quantity_scale <= EXPROVE_MAX_QUANTITY_SCALE, "there is no such scale");
  demand(r, p->symbols >= 1 && p->symbols <= MOST_SYMBOLS, "too many symbols");
  demand(r, p->framings != 0 && p->channels != 0 && p->messages >= 1 && p->messages <= MOST_ITEMS, "it offers nothing");
}

static void read_program(reader *r, program *p) {
  demand(r, (size_t)(r->end - r->at) >= 4 && memcmp(r->at, "ExBP", 4) == 0, "it does not begin with ExBP");
  word(r);
  demand(r, word(r) == 2, "it is of another version");
  p->manifest = name(r);
  read_limits(r, p);
  p->setting_count = list(r, MOST_ITEMS, sizeof *p->settings, &p->settings);
  for (uint32_t i = 0; i < p->setting_count && r->fault == NULL; i++) {
    p->settings[i].key = name(r);
    p->settings[i].preset = name(r);
    p->settings[i].is_integer = below(r, 2, "neither integer nor text");
  }
  if (r->fault == NULL) read_types(r, p);
  if (r->fault == NULL) read_signatures(r, p);
  p->function_count = r->fault == NULL ? list(r, MOST_ITEMS, sizeof *p->functions, &p->functions) : 0;
  for (uint32_t i = 0; i < p->function_count && r->fault == NULL; i++) {
    p->functions[i].symbol = name(r);
    demand(r, p->functions[i].symbol.size >= 1 && p->functions[i].symbol.size <= 255, "a symbol of an odd size");
    uint32_t signature = below(r, p->signature_count, "there is no such signature");
    if (r->fault == NULL) p->functions[i].signature = &p->signatures[signature];
  }
  if (r->fault == NULL) read_tables(r, p);
  if (r->fault == NULL) read_handlers(r, p);
  if (r->fault == NULL) read_objects(r, p);
  if (r->fault == NULL) read_calls(r, p);
  if (r->fault == NULL) read_code(r, p);
  for (uint32_t i = 0; i < p->handler_count && r->fault == NULL; i++) {
    const char *fault = handler_fault(p, &p->handlers[i]);
    demand(r, fault == NULL, fault);
  }
  demand(r, r->at == r->end, "bytes are left over");
}

program *program_read(const uint8_t *bytes, size_t size, exprove_text *error) {
  if (size > BINDER_PROGRAM_BYTES) {
    say(error, "the program has %zu bytes; at most %u are taken", size, BINDER_PROGRAM_BYTES);
    return NULL;
  }
  program *p = calloc(1, sizeof *p);
  if (p == NULL || (p->bytes = malloc(size + 1)) == NULL) {
    free(p);
    say(error, "there is no memory for the program");
    return NULL;
  }
  memcpy(p->bytes, bytes, size);
  reader r = {p->bytes, p->bytes, p->bytes + size, NULL, 0};
  read_program(&r, p);
  if (r.fault == NULL) {
    code_fuse(p->code, p->code_count);
    return p;
  }
  say(error, "the program is wrong at byte %zu: %s", r.where, r.fault);
  program_free(p);
  return NULL;
}

void program_free(program *p) {
  if (p == NULL) return;
  for (uint32_t i = 0; p->types != NULL && i < p->type_count; i++) free(p->types[i].members);
  for (uint32_t i = 0; p->tables != NULL && i < p->table_count; i++) free(p->tables[i].pairs);
  for (uint32_t i = 0; p->objects != NULL && i < p->object_count; i++) free(p->objects[i].fields);
  free(p->settings);
  free(p->types);
  free(p->signatures);
  free(p->functions);
  free(p->tables);
  free(p->handlers);
  free(p->objects);
  free(p->code);
  free(p->bytes);
  free(p);
}
