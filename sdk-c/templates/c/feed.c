/* SPDX-License-Identifier: Apache-2.0
 *
 * What is particular to my-venue: its messages, and the events that they become. The format is the one that
 * sample/make_sample.py writes; put yours in its place, here and in the manifest of adapter.c.
 *
 * Every frame gives an event at least. What cannot be understood is MALFORMED, with a reason and the byte where it is
 * wrong; a type that is not known is UNKNOWN. Nothing is rounded, and nothing is changed before a frame is understood.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

/* In the order of the manifest's `message` lines. */
static const struct {
  char type;
  uint8_t size;
} messages[MESSAGES] = {{'D', 32}, {'A', 36}, {'E', 39}, {'X', 27}, {'T', 36}, {'S', 20}};

enum { SEQUENCE_AT = 1, TIME_AT = 9, INSTRUMENT_AT = 17, BODY_AT = 19 };

static uint64_t number(const uint8_t *p, uint32_t size) {
  uint64_t v = 0;
  for (uint32_t i = 0; i < size; i++) v = v << 8 | p[i];
  return v;
}

/* Up to eight letters as `aux` carries codes: the first one in the lowest byte. */
static uint64_t code(const char *letters) {
  uint64_t v = 0;
  for (uint32_t i = 0; letters[i] != 0 && i < 8; i++) v |= (uint64_t)(uint8_t)letters[i] << (8 * i);
  return v;
}

/* Prices come at 1e-4 and are told at 1e-9: 32 bits always fit. */
static int64_t price(const uint8_t *p) { return (int64_t)number(p, 4) * 100000; }

static exprove_event *put(exprove_event *out, uint32_t *filled, const exprove_event *model, uint8_t kind) {
  exprove_event *e = &out[(*filled)++];
  *e = *model;
  e->kind = kind;
  return e;
}

static uint32_t malformed(exprove_event *out, uint32_t filled, const exprove_event *model, uint16_t why, uint64_t at) {
  exprove_event *e = put(out, &filled, model, EXPROVE_KIND_MALFORMED);
  e->instrument = EXPROVE_NO_INSTRUMENT;
  e->level = why;
  e->aux = at;
  return filled;
}

uint32_t feed_symbol_size(const char *symbol) {
  uint32_t used = 0;
  while (used < SYMBOL_SIZE && symbol[used] > ' ' && symbol[used] <= '~') used++;
  for (uint32_t i = used; i < SYMBOL_SIZE; i++) {
    if (symbol[i] != ' ') return 0;
  }
  return used;
}

int feed_enter(exprove_session *s, const instrument *new_one) {
  if (s->count == s->capacity) {
    uint32_t more = s->capacity == 0 ? 64 : 2 * s->capacity;
    instrument *larger = realloc(s->instruments, more * sizeof *larger);
    if (larger == NULL) return 0;
    s->instruments = larger;
    s->capacity = more;
  }
  s->instruments[s->count] = *new_one;
  s->number_of[new_one->id] = ++s->count;
  return 1;
}

/* A new instrument is told before anything refers to it: a TEXT, then the INSTRUMENT of that name. */
static uint32_t define(exprove_session *s, const uint8_t *p, exprove_event *out, uint32_t filled,
                       const exprove_event *model) {
  instrument one = {.id = (uint16_t)number(p + INSTRUMENT_AT, 2), .scale = p[BODY_AT],
                    .tick = (uint32_t)number(p + BODY_AT + 1, 4)};
  memcpy(one.symbol, p + BODY_AT + 5, SYMBOL_SIZE);
  uint32_t size = feed_symbol_size(one.symbol), known = s->number_of[one.id];
  if (one.scale > EXPROVE_MAX_QUANTITY_SCALE) return malformed(out, filled, model, EXPROVE_MALFORMED_RANGE, BODY_AT);
  if (size == 0) return malformed(out, filled, model, EXPROVE_MALFORMED_FIELD, BODY_AT + 5);
  if (known != 0) { /* told again: the same, or it is another one's number */
    const instrument *old = &s->instruments[known - 1];
    if (old->scale != one.scale || old->tick != one.tick || memcmp(old->symbol, one.symbol, SYMBOL_SIZE) != 0) {
      return malformed(out, filled, model, EXPROVE_MALFORMED_FIELD, INSTRUMENT_AT);
    }
    put(out, &filled, model, EXPROVE_KIND_NOTICE)->aux = code("AGAIN");
    return filled;
  }
  if (!feed_enter(s, &one)) return malformed(out, filled, model, EXPROVE_MALFORMED_TOO_MANY, INSTRUMENT_AT);
  exprove_event_text text = {.event_time = model->event_time, .text_id = s->count - 1, .kind = EXPROVE_KIND_TEXT,
                             .level = (uint16_t)size};
  memcpy(text.bytes, one.symbol, size);
  memcpy(&out[filled++], &text, sizeof text);
  exprove_event *e = put(out, &filled, model, EXPROVE_KIND_INSTRUMENT);
  e->instrument = s->count - 1;
  e->aux = s->count - 1;
  e->level = one.scale;
  e->price = (int64_t)one.tick * 100000;
  return filled;
}

/* Side, price and quantity, which begin at `at`. 0 when the side is none of `sides`. */
static int take_terms(exprove_event *e, const uint8_t *p, uint32_t at, const char *sides) {
  if (p[at] == 0 || strchr(sides, p[at]) == NULL) return 0;
  e->side = p[at] == 'B' ? EXPROVE_SIDE_BUY : p[at] == 'S' ? EXPROVE_SIDE_SELL : EXPROVE_SIDE_NONE;
  e->price = price(p + at + 1);
  e->quantity = (int64_t)number(p + at + 5, 4);
  return 1;
}

/* What concerns an instrument that is known. */
static uint32_t decode_body(const uint8_t *p, exprove_event *out, uint32_t filled, const exprove_event *model) {
  exprove_event e = *model;
  const char *letters = "POHC", *state;
  static const uint8_t states[4] = {EXPROVE_TRADING_PRE_OPEN, EXPROVE_TRADING_OPEN, EXPROVE_TRADING_HALTED,
                                    EXPROVE_TRADING_CLOSED};
  switch (p[0]) {
  case 'A':
    e.kind = EXPROVE_KIND_ORDER_ADD;
    e.order_id = number(p + BODY_AT, 8);
    if (!take_terms(&e, p, BODY_AT + 8, "BS")) {
      return malformed(out, filled, model, EXPROVE_MALFORMED_FIELD, BODY_AT + 8);
    }
    break;
  case 'E':
    e.kind = EXPROVE_KIND_ORDER_EXECUTE;
    e.flags |= EXPROVE_FLAG_RESTING_PRICE | EXPROVE_FLAG_VOLUME;
    e.order_id = number(p + BODY_AT, 8);
    e.quantity = (int64_t)number(p + BODY_AT + 8, 4);
    e.aux = number(p + BODY_AT + 12, 8);
    break;
  case 'X':
    e.kind = EXPROVE_KIND_ORDER_DELETE;
    e.order_id = number(p + BODY_AT, 8);
    break;
  case 'T':
    e.kind = EXPROVE_KIND_TRADE;
    e.flags |= EXPROVE_FLAG_VOLUME;
    e.aux = number(p + BODY_AT + 9, 8);
    if (!take_terms(&e, p, BODY_AT, "BS ")) return malformed(out, filled, model, EXPROVE_MALFORMED_FIELD, BODY_AT);
    break;
  default:
    state = p[BODY_AT] == 0 ? NULL : strchr(letters, p[BODY_AT]);
    if (state == NULL) return malformed(out, filled, model, EXPROVE_MALFORMED_FIELD, BODY_AT);
    e.kind = EXPROVE_KIND_STATUS;
    e.level = states[state - letters];
    e.aux = p[BODY_AT];
  }
  out[filled++] = e;
  return filled;
}

uint32_t feed_decode(exprove_session *s, const uint8_t *p, uint32_t size, exprove_event *out) {
  uint32_t filled = 0, type = 0;
  exprove_event model = {.instrument = EXPROVE_NO_INSTRUMENT, .flags = EXPROVE_FLAG_NO_EVENT_TIME};
  if (size == 0) return malformed(out, filled, &model, EXPROVE_MALFORMED_SHORT, 0);
  while (type < MESSAGES && messages[type].type != p[0]) type++;
  if (type == MESSAGES) {
    put(out, &filled, &model, EXPROVE_KIND_UNKNOWN)->aux = p[0];
    return filled;
  }
  if (size < messages[type].size) return malformed(out, filled, &model, EXPROVE_MALFORMED_SHORT, size);
  if (size > messages[type].size) return malformed(out, filled, &model, EXPROVE_MALFORMED_LONG, messages[type].size);
  uint64_t sequence = number(p + SEQUENCE_AT, 8);
  int64_t time = feed_time(s, p, size);
  if (time == INT64_MIN) return malformed(out, filled, &model, EXPROVE_MALFORMED_RANGE, TIME_AT);
  model.event_time = time;
  model.flags = 0;
  /* A step of more than 2^32 is a broken number, no loss. */
  if (sequence == 0 || sequence == UINT64_MAX || (s->next != 0 && sequence > s->next && sequence - s->next > UINT32_MAX)) {
    return malformed(out, filled, &model, EXPROVE_MALFORMED_RANGE, SEQUENCE_AT);
  }
  model.venue_sequence = sequence;
  if (s->next != 0 && sequence < s->next) {
    put(out, &filled, &model, EXPROVE_KIND_NOTICE)->aux = code("REPEAT");
    return filled;
  }
  if (s->next != 0 && sequence > s->next) {
    exprove_event *gap = put(out, &filled, &model, EXPROVE_KIND_GAP);
    gap->venue_sequence = s->next;
    gap->aux = sequence - s->next;
    gap->flags |= EXPROVE_FLAG_LAST;
  }
  s->next = sequence + 1;
  uint32_t before = filled, place = s->number_of[number(p + INSTRUMENT_AT, 2)];
  if (p[0] == 'D') {
    filled = define(s, p, out, filled, &model);
  } else if (place == 0) {
    filled = malformed(out, filled, &model, EXPROVE_MALFORMED_REFERENCE, INSTRUMENT_AT);
  } else {
    model.instrument = place - 1;
    filled = decode_body(p, out, filled, &model);
  }
  if (out[before].kind != EXPROVE_KIND_MALFORMED) s->counts[type]++;
  return filled;
}

int64_t feed_time(const exprove_session *s, const uint8_t *p, uint32_t size) {
  if (size < TIME_AT + 8 || number(p + TIME_AT, 8) >= DAY) return INT64_MIN;
  return s->day_start + (int64_t)number(p + TIME_AT, 8);
}
