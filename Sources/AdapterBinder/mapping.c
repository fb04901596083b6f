/* SPDX-License-Identifier: Apache-2.0
 *
 * From what a callback was given to events.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

static const int64_t powers[19] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
    10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000,
    100000000000000000, 1000000000000000000};

static inline wide load(const uint8_t *at, uint32_t type) {
  uint16_t u16;
  uint32_t u32;
  uint64_t u64;
  switch (type) {
  case TYPE_U8: return at[0];
  case TYPE_I8: return (int8_t)at[0];
  case TYPE_U16: memcpy(&u16, at, 2); return u16;
  case TYPE_I16: memcpy(&u16, at, 2); return (int16_t)u16;
  case TYPE_U32: memcpy(&u32, at, 4); return u32;
  case TYPE_I32: memcpy(&u32, at, 4); return (int32_t)u32;
  case TYPE_U64: memcpy(&u64, at, 8); return u64;
  default: memcpy(&u64, at, 8); return (int64_t)u64;
  }
}

static inline const uint8_t *pointer(const uint8_t *at) {
  const uint8_t *p;
  memcpy(&p, at, sizeof p);
  return p;
}

int event_add(struct exprove_session *s, const exprove_event *e) {
  /* One place is kept for the record that closes a frame which went wrong. */
  if (s->filled + 1 >= s->limit) {
    s->is_full = 1;
    return 0;
  }
  s->events[s->filled] = *e;
  s->events[s->filled].frame = s->frame;
  s->filled++;
  return 1;
}

static int match(const table *t, wide value, int64_t *found) {
  uint32_t low = 0, high = t->count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (t->pairs[middle].key < value) low = middle + 1;
    else high = middle;
  }
  if (low < t->count && t->pairs[low].key == value) *found = t->pairs[low].value;
  else if (t->has_else) *found = t->otherwise;
  else return 0;
  return 1;
}

/* Ten to the power `by` times `value`; 0 when the result is no whole number or leaves 127 bits. */
static inline int scale(wide *value, int64_t by) {
  if (by >= 0) return !__builtin_mul_overflow(*value, (wide)powers[by], value);
  wide whole = *value / powers[-by];
  if (whole * powers[-by] != *value) return 0;
  *value = whole;
  return 1;
}

static const uint8_t kinds_with_side[64] = {[EXPROVE_KIND_ORDER_ADD] = 1, [EXPROVE_KIND_LEVEL] = 1,
                                            [EXPROVE_KIND_QUOTE] = 1, [EXPROVE_KIND_OWN_NEW] = 1};

static uint16_t most_level(uint8_t kind) {
  switch (kind) {
  case EXPROVE_KIND_STATUS: return EXPROVE_TRADING_RESTRICTED;
  case EXPROVE_KIND_AUCTION: return 2;
  case EXPROVE_KIND_OWN_REJECTED: case EXPROVE_KIND_OWN_CANCELLED: return EXPROVE_REASON_SUPERVISORY;
  default: return UINT16_MAX;
  }
}

/* Puts a number into a field; the reason why it may not stand there, or 0. */
static inline uint16_t set(exprove_event *e, uint8_t field, wide value) {
  int is_signed = field == SET_TIME || field == SET_PRICE;
  if (is_signed ? value < INT64_MIN || value > INT64_MAX : value < 0 || value > UINT64_MAX) return EXPROVE_MALFORMED_RANGE;
  switch (field) {
  case SET_TIME:
    e->event_time = (int64_t)value;
    e->flags &= (uint16_t)~EXPROVE_FLAG_NO_EVENT_TIME;
    return 0;
  case SET_SEQUENCE: e->venue_sequence = (uint64_t)value; return 0;
  case SET_ORDER: e->order_id = (uint64_t)value; return 0;
  case SET_PRICE: e->price = (int64_t)value; return 0;
  case SET_QUANTITY:
    e->quantity = (int64_t)value;
    return value > INT64_MAX ? EXPROVE_MALFORMED_RANGE : 0;
  case SET_AUX: e->aux = (uint64_t)value; return 0;
  case SET_SIDE:
    e->side = (uint8_t)value;
    return value > EXPROVE_SIDE_SELL ? EXPROVE_MALFORMED_FIELD : 0;
  case SET_FLAGS:
    if (value > UINT16_MAX || ((uint16_t)value & ~(EXPROVE_FLAG_ALL & ~EXPROVE_FLAG_SIMULATED))) return EXPROVE_MALFORMED_FIELD;
    e->flags |= (uint16_t)value;
    return 0;
  default:
    e->level = (uint16_t)value;
    return value > UINT16_MAX ? EXPROVE_MALFORMED_RANGE : 0;
  }
}

/* What the contract of event.h asks of a whole event; the fields whose flag says that there is no value become zero. */
static uint16_t complete(exprove_event *e) {
  if (kinds_with_side[e->kind] && e->side == EXPROVE_SIDE_NONE) return EXPROVE_MALFORMED_FIELD;
  if (e->level > most_level(e->kind)) return EXPROVE_MALFORMED_FIELD;
  if (e->flags & EXPROVE_FLAG_NO_EVENT_TIME) e->event_time = 0;
  if (e->flags & (EXPROVE_FLAG_NO_PRICE | EXPROVE_FLAG_RESTING_PRICE)) e->price = 0;
  return 0;
}

/* stack[1] to stack[top] lie below x, which lies on top. */
#define PUSH(value) (stack[++top] = x, x = (value))

void handler_run(struct exprove_session *s, const handler *h, void **arguments) {
  const program *p = s->program;
  const instruction *code = p->code + h->first;
  const uint8_t *address = NULL;
  exprove_event e;
  /* The number on top stays in a register; below the first one lies a zero that nobody reads. */
  wide stack[MOST_DEPTH + 2], x = 0;
  uint64_t counted = 0; /* the message plus 1 */
  uint32_t top = 0;     /* the stack's depth */
  uint16_t why = 0;
  int64_t found;
  for (uint32_t at = 0;; at++) {
    const instruction *n = &code[at];
    switch (n->op) {
    case OP_RETURN:
      if (counted) s->counts[counted - 1]++;
      return;
    case OP_CONSTANT: PUSH(n->d); break;
    case OP_ARGUMENT: PUSH(load((const uint8_t *)arguments[n->a] + n->c, n->b)); break;
    case OP_FIELD: {
      const uint8_t *base = pointer(arguments[n->a]);
      if (base == NULL) { why = EXPROVE_MALFORMED_FIELD; goto malformed; }
      PUSH(load(base + n->c, n->b));
      break;
    }
    case OP_ARGUMENT_SET:
      why = set(&e, (uint8_t)n->d, load((const uint8_t *)arguments[n->a] + n->c, n->b));
      at++;
      break;
    case OP_FIELD_SET: {
      const uint8_t *base = pointer(arguments[n->a]);
      if (base == NULL) { why = EXPROVE_MALFORMED_FIELD; goto malformed; }
      why = set(&e, (uint8_t)n->d, load(base + n->c, n->b));
      at++;
      break;
    }
    case OP_CONSTANT_SET: why = set(&e, n->a, n->d); at++; break;
    case OP_UNLESS:
      at = x == n->d ? at + 2 : n->c - 1;
      x = stack[top--];
      break;
    case OP_START: address = arguments[n->a]; break;
    case OP_FOLLOW:
      address = pointer(address + n->c);
      if (address == NULL) { why = EXPROVE_MALFORMED_FIELD; goto malformed; }
      break;
    case OP_LOAD: PUSH(load(address + n->c, n->b)); break;
    case OP_DAY: PUSH(s->day_start); break;
    case OP_RECEIVED: PUSH(s->received); break;
    case OP_ADD: why = __builtin_add_overflow(stack[top], x, &x) ? EXPROVE_MALFORMED_RANGE : 0; top--; break;
    case OP_SUBTRACT: why = __builtin_sub_overflow(stack[top], x, &x) ? EXPROVE_MALFORMED_RANGE : 0; top--; break;
    case OP_AND: x &= stack[top--]; break;
    case OP_OR: x |= stack[top--]; break;
    case OP_EQUAL: x = x == stack[top--]; break;
    case OP_NOT: x = x == 0; break;
    case OP_SCALE: why = scale(&x, n->d) ? 0 : EXPROVE_MALFORMED_RANGE; break;
    case OP_MATCH:
      if (match(&p->tables[n->c], x, &found)) x = found;
      else why = EXPROVE_MALFORMED_FIELD;
      break;
    case OP_CODE: {
      uint64_t letters = 0;
      for (uint32_t i = 0; i < n->b && address[n->c + i] != 0; i++) letters |= (uint64_t)address[n->c + i] << (8 * i);
      PUSH(letters);
      break;
    }
    case OP_TEXT: case OP_SYMBOL: {
      const char *bytes = (const char *)address + n->c;
      if (n->b == 0 && (bytes = (const char *)pointer(address + n->c)) == NULL) { why = EXPROVE_MALFORMED_FIELD; goto malformed; }
      uint32_t most = n->b == 0 ? MOST_TEXT + 1 : n->b;
      uint32_t size = (uint32_t)strnlen(bytes, most);
      int64_t id = text_id(s, bytes, size, n->op == OP_SYMBOL, &why);
      if (id < 0) {
        if (why == 0) return;
        goto malformed;
      }
      if (n->op == OP_SYMBOL) e.instrument = s->texts[id].instrument;
      else PUSH(id);
      break;
    }
    case OP_SKIP:
      at = x == 0 ? n->c - 1 : at;
      x = stack[top--];
      break;
    case OP_JUMP: at = n->c - 1; break;
    case OP_BEGIN:
      e = (exprove_event){.kind = n->a, .instrument = EXPROVE_NO_INSTRUMENT, .flags = EXPROVE_FLAG_NO_EVENT_TIME};
      break;
    case OP_SET:
      why = set(&e, n->a, x);
      x = stack[top--];
      break;
    case OP_END:
      why = complete(&e);
      if (why == 0 && !event_add(s, &e)) return;
      break;
    default: counted = (uint64_t)n->c + 1; break; /* OP_COUNT */
    }
    if (why != 0) goto malformed;
  }
malformed:
  e = (exprove_event){.kind = EXPROVE_KIND_MALFORMED, .instrument = EXPROVE_NO_INSTRUMENT, .level = why,
                      .flags = EXPROVE_FLAG_NO_EVENT_TIME};
  event_add(s, &e);
}
