/* SPDX-License-Identifier: Apache-2.0
 *
 * One message of TotalView-ITCH 5.0, with every check. The common ones have a shorter way in fast.h,
 * which gives the same events and hands over whatever is not plain.
 */
#include "nasdaq.h"

/* Type, exact length, where the stock symbol lies (0: none), and how many events one message gives. */
typedef struct itch_type {
  uint8_t length, counter, stock, events;
} itch_type;

static const itch_type types[256] = {
    ['S'] = {12, COUNT_S, 0, 1},  ['R'] = {39, COUNT_R, 11, 1}, ['H'] = {25, COUNT_H, 11, 1},
    ['Y'] = {20, COUNT_Y, 11, 1}, ['L'] = {26, COUNT_L, 15, 1}, ['V'] = {35, COUNT_V, 0, 3},
    ['W'] = {12, COUNT_W, 0, 1},  ['K'] = {28, COUNT_K, 11, 1}, ['J'] = {35, COUNT_J, 11, 3},
    ['h'] = {21, COUNT_h, 11, 1}, ['A'] = {36, COUNT_A, 24, 1}, ['F'] = {40, COUNT_F, 24, 1},
    ['E'] = {31, COUNT_E, 0, 1},  ['C'] = {36, COUNT_C, 0, 1},  ['X'] = {23, COUNT_X, 0, 1},
    ['D'] = {19, COUNT_D, 0, 1},  ['U'] = {35, COUNT_U, 0, 1},  ['P'] = {44, COUNT_P, 24, 1},
    ['Q'] = {40, COUNT_Q, 19, 1}, ['B'] = {19, COUNT_B, 0, 1},  ['I'] = {50, COUNT_I, 28, 4},
    ['N'] = {20, COUNT_N, 11, 1}, ['O'] = {48, COUNT_O, 11, 5},
};

static int one_of(uint8_t c, const char *set) { return c != 0 && strchr(set, c) != NULL; }

static int plain_text(const uint8_t *p, uint32_t size) {
  for (uint32_t i = 0; i < size; i++) {
    if (p[i] < 0x20 || p[i] > 0x7E) return 0;
  }
  return 1;
}

/* The offset of the first field that cannot be, 0 when all can. Fields that only inform are not held to the
 * values known today: they may grow. */
static uint32_t bad_field(const uint8_t *m, uint16_t *why) {
  *why = EXPROVE_MALFORMED_FIELD;
  switch (m[0]) {
  case 'S': return one_of(m[11], "OSQMEC") ? 0 : 11;
  case 'H':
    if (!one_of(m[19], "HPQT")) return 19;
    return plain_text(m + 21, 4) ? 0 : 21;
  case 'Y': return one_of(m[19], "012") ? 0 : 19;
  case 'L':
    if (!plain_text(m + 11, 4)) return 11;
    return plain_text(m + 23, 3) ? 0 : 23;
  case 'W': return one_of(m[11], "123") ? 0 : 11;
  case 'K': return one_of(m[23], "AC") ? 0 : 23;
  case 'h':
    if (!one_of(m[19], "QBX")) return 19;
    return one_of(m[20], "HT") ? 0 : 20;
  case 'A':
  case 'P': return one_of(m[19], "BS") ? 0 : 19;
  case 'F':
    if (!one_of(m[19], "BS")) return 19;
    return plain_text(m + 36, 4) ? 0 : 36;
  case 'C': return one_of(m[31], "YN") ? 0 : 31;
  case 'I':
    if (!one_of(m[27], "BSNOP")) return 27;
    if (!plain_text(m + 48, 2)) return 48;
    break;
  case 'N': return one_of(m[19], "BSAN") ? 0 : 19;
  case 'O':
    if (!one_of(m[19], "NY")) return 19;
    break;
  default: break;
  }
  *why = EXPROVE_MALFORMED_RANGE;
  switch (m[0]) {
  case 'V':
    for (uint32_t at = 11; at <= 27; at += 8) {
      if (big64(m + at) > (uint64_t)INT64_MAX / PRICE8_FACTOR) return at;
    }
    return 0;
  case 'Q': return big64(m + 11) > (uint64_t)INT64_MAX ? 11 : 0;
  case 'I':
    if (big64(m + 11) > (uint64_t)INT64_MAX) return 11;
    return big64(m + 19) > (uint64_t)INT64_MAX ? 19 : 0;
  case 'O': return big64(m + 32) > (uint64_t)INT64_MAX ? 32 : 0;
  default: return 0;
  }
}

/* The instrument's number from 1, defined on the spot when this is the first that is heard of it. On
 * failure 0: MALFORMED was written. A locate stays with its stock for the day; only 'R' can move it. */
static uint32_t resolve(exprove_session *s, writer *w, const uint8_t *m, uint32_t stock, uint64_t at,
                        uint64_t sequence, int64_t time) {
  uint16_t locate = big16(m + 1);
  uint32_t number = s->locates[locate];
  if (stock == 0) {
    if (number == 0) put_malformed(w, EXPROVE_MALFORMED_REFERENCE, at + 1, sequence, &time);
    return number;
  }
  uint64_t symbol = load64(m + stock);
  if (number != 0 && s->symbols[number] == symbol) return number;
  if (number != 0 && m[0] != 'R') {
    put_malformed(w, EXPROVE_MALFORMED_REFERENCE, at + stock, sequence, &time);
    return 0;
  }
  if (field_length(m + stock, 8) == 0) {
    put_malformed(w, EXPROVE_MALFORMED_FIELD, at + stock, sequence, &time);
    return 0;
  }
  number = nasdaq_find_symbol(s, symbol);
  if (number == 0) {
    int64_t round_lot = m[0] == 'R' ? (int64_t)big32(m + 21) : 0;
    number = nasdaq_define(s, w, m + stock, time, sequence, 0, round_lot);
  }
  if (number == 0) put_malformed(w, EXPROVE_MALFORMED_RANGE, at + stock, sequence, &time);
  s->locates[locate] = (uint16_t)number;
  return number;
}

static int64_t price4(const uint8_t *p) { return (int64_t)(big32(p) * PRICE4_FACTOR); }
static uint8_t side_of(uint8_t c) { return c == 'B' ? EXPROVE_SIDE_BUY : EXPROVE_SIDE_SELL; }

/* Messages that change the book or report a trade: one event each. */
static void put_order(writer *w, const uint8_t *m, uint32_t instrument, int64_t time, uint64_t sequence) {
  exprove_event *e = put(w, 0, instrument, time, sequence);
  e->flags = EXPROVE_FLAG_LAST;
  e->order_id = big64(m + 11);
  switch (m[0]) {
  case 'A':
  case 'F':
    e->kind = EXPROVE_KIND_ORDER_ADD;
    e->side = side_of(m[19]);
    e->quantity = big32(m + 20);
    e->price = price4(m + 32);
    if (m[0] == 'F') e->aux = code((const char *)m + 36, field_length(m + 36, 4));
    break;
  case 'E':
    e->kind = EXPROVE_KIND_ORDER_EXECUTE;
    e->quantity = big32(m + 19);
    e->aux = big64(m + 23);
    e->flags |= EXPROVE_FLAG_RESTING_PRICE | EXPROVE_FLAG_VOLUME;
    break;
  case 'C': /* not printable: the shares print in bulk, in a 'Q' */
    e->kind = EXPROVE_KIND_ORDER_EXECUTE;
    e->quantity = big32(m + 19);
    e->aux = big64(m + 23);
    e->price = price4(m + 32);
    if (m[31] == 'Y') e->flags |= EXPROVE_FLAG_VOLUME;
    break;
  case 'X':
    e->kind = EXPROVE_KIND_ORDER_REDUCE;
    e->quantity = big32(m + 19);
    break;
  case 'D': e->kind = EXPROVE_KIND_ORDER_DELETE; break;
  case 'U':
    e->kind = EXPROVE_KIND_ORDER_REPLACE;
    e->aux = e->order_id;
    e->order_id = big64(m + 19);
    e->quantity = big32(m + 27);
    e->price = price4(m + 31);
    break;
  case 'P': /* the field holds the resting order's side, since 2014 always 'B': the aggressor's is not told */
    e->kind = EXPROVE_KIND_TRADE;
    e->quantity = big32(m + 20);
    e->price = price4(m + 32);
    e->aux = big64(m + 36);
    e->flags |= EXPROVE_FLAG_HIDDEN | EXPROVE_FLAG_VOLUME;
    break;
  case 'Q': /* no shares: the cross was held and nothing traded */
    e->kind = EXPROVE_KIND_TRADE;
    e->order_id = 0;
    e->quantity = (int64_t)big64(m + 11);
    e->price = price4(m + 27);
    e->aux = big64(m + 31);
    e->flags |= EXPROVE_FLAG_CROSS;
    if (e->quantity > 0) e->flags |= EXPROVE_FLAG_VOLUME;
    if (e->price == 0) e->flags |= EXPROVE_FLAG_NO_PRICE;
    break;
  default: /* 'B' */
    e->kind = EXPROVE_KIND_TRADE_BREAK;
    e->order_id = 0;
    e->aux = big64(m + 11);
    e->flags |= EXPROVE_FLAG_CORRECTION;
    break;
  }
}

void nasdaq_itch_message(exprove_session *s, writer *w, const uint8_t *m, uint32_t length, uint64_t at,
                         uint64_t sequence) {
  if (length == 0) {
    put_malformed(w, EXPROVE_MALFORMED_SHORT, at, sequence, NULL);
    return;
  }
  const itch_type *type = &types[m[0]];
  if (type->length == 0) {
    w->health->unknown++;
    exprove_event *e = put(w, EXPROVE_KIND_UNKNOWN, EXPROVE_NO_INSTRUMENT, 0, sequence);
    e->aux = m[0];
    e->flags = EXPROVE_FLAG_LAST | EXPROVE_FLAG_NO_EVENT_TIME;
    return;
  }
  if (length < type->length) {
    put_malformed(w, EXPROVE_MALFORMED_SHORT, at + length, sequence, NULL);
    return;
  }
  if (length > type->length) {
    put_malformed(w, EXPROVE_MALFORMED_LONG, at + type->length, sequence, NULL);
    return;
  }
  s->counts[type->counter]++;
  uint64_t nanoseconds = big48(m + 5);
  if (nanoseconds >= DAY_NANOSECONDS) {
    put_malformed(w, EXPROVE_MALFORMED_RANGE, at + 5, sequence, NULL);
    return;
  }
  int64_t time = s->day_start + (int64_t)nanoseconds;
  uint16_t why;
  uint32_t bad = bad_field(m, &why);
  if (bad != 0) {
    put_malformed(w, why, at + bad, sequence, &time);
    return;
  }
  if (m[0] == 'S' || m[0] == 'V' || m[0] == 'W') {
    nasdaq_itch_stock(s, w, m, sequence, time, 0, 0);
    return;
  }
  uint32_t known = s->instruments;
  uint32_t number = resolve(s, w, m, type->stock, at, sequence, time);
  if (number == 0) return;
  switch (m[0]) {
  case 'A': case 'F': case 'E': case 'C': case 'X': case 'D': case 'U': case 'P': case 'Q': case 'B':
    put_order(w, m, number - 1, time, sequence);
    break;
  default: nasdaq_itch_stock(s, w, m, sequence, time, number, s->instruments != known); break;
  }
}

/* How many events the message gives at most, as things stand: exact unless a field is malformed. */
uint32_t nasdaq_itch_need(const exprove_session *s, const uint8_t *m, uint32_t length) {
  if (length == 0 || types[m[0]].length != length) return 1;
  uint32_t first_sight = types[m[0]].stock != 0 && s->locates[big16(m + 1)] == 0 ? 2 : 0;
  return types[m[0]].events + first_sight;
}

/* The message's own time, INT64_MIN when it has none that can be believed. */
int64_t nasdaq_itch_time(const exprove_session *s, const uint8_t *m, uint32_t length) {
  if (length == 0 || types[m[0]].length != length) return INT64_MIN;
  uint64_t nanoseconds = big48(m + 5);
  return nanoseconds < DAY_NANOSECONDS ? s->day_start + (int64_t)nanoseconds : INT64_MIN;
}
