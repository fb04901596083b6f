/* SPDX-License-Identifier: Apache-2.0
 *
 * The short way for the six messages that make up almost all of a feed (A D E U X P). Which comes next
 * cannot be predicted, so there is no branch on the type: a row of offsets and masks says where each field
 * lies, all are loaded and those that a type lacks are masked to 0. One branch, hardly ever taken, leaves
 * to nasdaq_itch_message whatever is not plain: first sight of a stock, a bad side, a time beyond the day.
 */
#ifndef NASDAQ_FAST_H
#define NASDAQ_FAST_H

#include "nasdaq.h"

typedef struct fast_type {
  uint8_t length; /* 0: not one of the six */
  uint8_t id, quantity, price, aux, side, stock;
  uint8_t side_mask;
  uint32_t quantity_mask, price_factor;
  uint64_t aux_mask, stock_mask;
  uint64_t tail;  /* the event's last eight bytes: kind and flags */
  uint64_t tally; /* one, in the ten bits that count this type */
} fast_type;

/* An event is written as eight words. */
typedef uint64_t word __attribute__((may_alias));

#define FAST_TAIL(kind, flags) ((uint64_t)(kind) | (uint64_t)((flags) | EXPROVE_FLAG_LAST) << 16)
/* A field that is absent points at the order id, which every type has, and at the type for the side. */
#define ABSENT 11
#define ALL64 UINT64_MAX
#define ALL32 UINT32_MAX

/* Set in a side that is none. The table below holds sides xor this, so that what it does not name is bad. */
#define NO_SIDE 0x80u

/* Counts of six types share one register; it must be emptied after this many messages. */
#define TALLY_BITS 10
#define TALLY_LIMIT 1023u

static const fast_type fast_types[256] = {
    ['A'] = {36, 11, 20, 32, ABSENT, 19, 24, 0x83, ALL32, PRICE4_FACTOR, 0, ALL64,
             FAST_TAIL(EXPROVE_KIND_ORDER_ADD, 0), UINT64_C(1) << 0 * TALLY_BITS},
    ['D'] = {19, 11, ABSENT, ABSENT, ABSENT, 0, ABSENT, 0, 0, 0, 0, 0,
             FAST_TAIL(EXPROVE_KIND_ORDER_DELETE, 0), UINT64_C(1) << 1 * TALLY_BITS},
    ['E'] = {31, 11, 19, ABSENT, 23, 0, ABSENT, 0, ALL32, 0, ALL64, 0,
             FAST_TAIL(EXPROVE_KIND_ORDER_EXECUTE, EXPROVE_FLAG_RESTING_PRICE | EXPROVE_FLAG_VOLUME),
             UINT64_C(1) << 2 * TALLY_BITS},
    ['U'] = {35, 19, 27, 31, 11, 0, ABSENT, 0, ALL32, PRICE4_FACTOR, ALL64, 0,
             FAST_TAIL(EXPROVE_KIND_ORDER_REPLACE, 0), UINT64_C(1) << 3 * TALLY_BITS},
    ['X'] = {23, 11, 19, ABSENT, ABSENT, 0, ABSENT, 0, ALL32, 0, 0, 0,
             FAST_TAIL(EXPROVE_KIND_ORDER_REDUCE, 0), UINT64_C(1) << 4 * TALLY_BITS},
    ['P'] = {44, 11, 20, 32, 36, 19, 24, 0x80, ALL32, PRICE4_FACTOR, ALL64, ALL64,
             FAST_TAIL(EXPROVE_KIND_TRADE, EXPROVE_FLAG_HIDDEN | EXPROVE_FLAG_VOLUME),
             UINT64_C(1) << 5 * TALLY_BITS},
};
static const uint8_t fast_counters[6] = {COUNT_A, COUNT_D, COUNT_E, COUNT_U, COUNT_X, COUNT_P};
#define FAST_SHORTEST 19u

/* Both letters give their side, all others the bit that sends the message the long way. */
static const uint8_t fast_sides[256] = {['B'] = EXPROVE_SIDE_BUY ^ NO_SIDE, ['S'] = EXPROVE_SIDE_SELL ^ NO_SIDE};

static inline void fast_flush(exprove_session *s, uint64_t tally) {
  for (uint32_t i = 0; i < 6; i++) s->counts[fast_counters[i]] += tally >> (i * TALLY_BITS) & TALLY_LIMIT;
}

/* One event for the message, or 0 and nothing done. */
static inline int fast_message(const exprove_session *restrict s, const uint8_t *restrict m, uint32_t length,
                               uint64_t sequence, uint32_t frame, exprove_event *restrict out,
                               uint64_t *restrict tally) {
#ifdef NASDAQ_WITHOUT_SHORTCUT /* the tests hold the long way to the same events */
  length = 0;
#endif
  if (UNLIKELY(length < FAST_SHORTEST)) return 0;
  const fast_type *t = &fast_types[m[0]];
  if (UNLIKELY(t->length != length)) return 0;
  uint64_t number = s->locates[big16(m + 1)];
  uint64_t nanoseconds = big64(m + 5) >> 16;
  uint64_t side = (fast_sides[m[t->side]] ^ NO_SIDE) & t->side_mask;
  uint64_t foreign = (load64(m + t->stock) ^ s->symbols[number & t->stock_mask]) & t->stock_mask;
  /* All four checks in one: no number, a time beyond the day, no side, another stock than the locate's. */
  uint64_t bad = (number - 1) >> 63 | (DAY_NANOSECONDS - 1 - nanoseconds) >> 63 | (side & NO_SIDE) | foreign;
  if (UNLIKELY(bad != 0)) return 0;
  word *event = (word *)(void *)out;
  event[0] = (uint64_t)s->day_start + nanoseconds;
  event[1] = sequence;
  event[2] = big64(m + t->id);
  event[3] = big32(m + t->price) * (uint64_t)t->price_factor;
  event[4] = big32(m + t->quantity) & t->quantity_mask;
  event[5] = big64(m + t->aux) & t->aux_mask;
  event[6] = (number - 1) | (uint64_t)frame << 32;
  event[7] = t->tail | side << 8;
  *tally += t->tally;
  return 1;
}

#endif /* NASDAQ_FAST_H */
