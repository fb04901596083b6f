/* SPDX-License-Identifier: Apache-2.0
 *
 * OUCH 4.2 as the venue answered.
 */
#include "ouch.h"

/* The tail of Accepted and Replaced: an order may be dead on arrival. */
static void settle(const message *c, own_order *o) {
  if (c->m[64] != 'D') return;
  exprove_event *e = put_own(c, EXPROVE_KIND_OWN_CANCELLED, o);
  e->quantity = o->remaining;
  e->aux = o->reference;
  o->remaining = 0;
}

static void accepted(const message *c) {
  const uint8_t *m = c->m;
  if (m[64] != 'L' && m[64] != 'D') {
    malformed(c, EXPROVE_MALFORMED_FIELD, 64);
    return;
  }
  uint32_t number = take_stock(c, 9, 23, 28);
  if (number == 0) return;
  own_order *o = take(c, 9, number - 1, side_of(m[23]));
  if (o == NULL) return;
  o->remaining = big32(m + 24);
  o->price = big32(m + 36);
  o->reference = big64(m + 49);
  exprove_event *e = put_own(c, EXPROVE_KIND_OWN_ACKNOWLEDGED, o);
  e->quantity = o->remaining;
  e->aux = o->reference;
  set_price(e, o->price);
  settle(c, o);
}

static void replaced(const message *c) {
  const uint8_t *m = c->m;
  int same = memcmp(m + 9, m + 65, TOKEN_SIZE) == 0;
  uint32_t bad = m[64] != 'L' && m[64] != 'D' ? 64 : same || field_length(m + 65, TOKEN_SIZE) == 0 ? 65 : 0;
  if (bad != 0) {
    malformed(c, EXPROVE_MALFORMED_FIELD, bad);
    return;
  }
  uint32_t number = take_stock(c, 9, 23, 28);
  if (number == 0) return;
  uint64_t previous_id = nasdaq_token_read(m + 65);
  int foreign = previous_id == 0 || nasdaq_token_read(m + 9) == 0;
  own_order was;
  memset(&was, 0, sizeof was);
  own_order *previous = nasdaq_find_order(c->s, m + 65);
  if (previous == NULL && foreign) previous = take(c, 65, number - 1, side_of(m[23]));
  if (previous == NULL && foreign) return;
  if (previous != NULL) {
    if (foreign) intern(c, previous);
    previous->remaining = 0;
    was = *previous; /* adding an order may move it */
  }
  own_order *o = take(c, 9, number - 1, side_of(m[23]));
  if (o == NULL) return;
  if (foreign) intern(c, o);
  o->executed = was.executed;
  o->remaining = big32(m + 24);
  o->price = big32(m + 36);
  o->reference = big64(m + 49);
  exprove_event *e = put_own(c, EXPROVE_KIND_OWN_REPLACED, o);
  set_ids(e, o, previous_id, was.text);
  e->quantity = o->remaining;
  set_price(e, o->price);
  settle(c, o);
}

static uint16_t cancel_reason(uint8_t c) {
  switch (c) {
  case 'U': return EXPROVE_REASON_REQUESTED;
  case 'I': /* immediate-or-cancel */
  case 'T': /* time is up */
  case 'C': /* the cross was called off */
  case 'E': return EXPROVE_REASON_EXPIRED; /* closed */
  case 'Q': return EXPROVE_REASON_SELF_TRADE;
  case 'F': /* post-only, would cross or lock */
  case 'G': return EXPROVE_REASON_WOULD_CROSS;
  case 'H': return EXPROVE_REASON_HALTED;
  case 'K': /* market collar */
  case 'X': return EXPROVE_REASON_PRICE; /* open protection */
  case 'S': /* by a supervisory terminal */
  case 'Z': return EXPROVE_REASON_SUPERVISORY; /* by the system */
  default: return EXPROVE_REASON_UNSPECIFIED;
  }
}

static uint16_t reject_reason(uint8_t c) {
  switch (c) {
  case 'H': return EXPROVE_REASON_HALTED;
  case 'S': return EXPROVE_REASON_UNKNOWN_SYMBOL;
  case 'X': /* invalid price */
  case 'W': return EXPROVE_REASON_PRICE; /* invalid price of a midpoint post-only order */
  case 'N': /* invalid minimum */
  case 'Z': return EXPROVE_REASON_QUANTITY; /* above the safety threshold */
  default: /* lower case: the pre-trade risk checks of the port */
    return c >= 'a' && c <= 'z' ? EXPROVE_REASON_RISK : EXPROVE_REASON_UNSPECIFIED;
  }
}

/* What a liquidity code says about a fill: added, or executed in a cross. */
static uint16_t liquidity_flags(uint8_t c) {
  if (c != 0 && strchr("AJWk78efj45gabcxy", c) != NULL) return EXPROVE_FLAG_MAKER;
  if (c != 0 && strchr("OMCLHKNI", c) != NULL) return EXPROVE_FLAG_CROSS;
  return 0;
}

static void put_fill(const message *c, const own_order *o, uint16_t flags) {
  exprove_event *e = put_own(c, EXPROVE_KIND_OWN_FILLED, o);
  e->quantity = big32(c->m + 23);
  e->aux = big64(c->m + 32);
  e->flags |= flags | liquidity_flags(c->m[31]);
  set_price(e, big32(c->m + 27));
}

static void put_broken(const message *c, const own_order *o, uint32_t match) {
  exprove_event *e = put_own(c, EXPROVE_KIND_OWN_BROKEN, o);
  e->aux = big64(c->m + match);
  e->flags |= EXPROVE_FLAG_CORRECTION;
}

static void put_cancelled(const message *c, own_order *o, uint32_t shares, uint16_t reason) {
  exprove_event *e = put_own(c, EXPROVE_KIND_OWN_CANCELLED, o);
  e->quantity = shares;
  e->aux = o->reference;
  e->level = reason;
  o->remaining -= shares < o->remaining ? shares : o->remaining;
}

static void executed(const message *c, own_order *o) {
  uint32_t shares = big32(c->m + 23);
  if (shares > UINT32_MAX - o->executed) {
    malformed(c, EXPROVE_MALFORMED_RANGE, 23);
    return;
  }
  /* Of an order that has ended it is late news. */
  put_fill(c, o, o->remaining == 0 ? EXPROVE_FLAG_CORRECTION : 0);
  o->executed += shares;
  o->remaining -= shares < o->remaining ? shares : o->remaining;
}

/* Acknowledges a modify, which can only take shares off or change how a sale is marked. */
static void modified(const message *c, own_order *o) {
  uint32_t shares = big32(c->m + 24);
  if (side_of(c->m[23]) != o->side) {
    malformed(c, EXPROVE_MALFORMED_FIELD, 23);
  } else if (shares < o->remaining) {
    put_cancelled(c, o, o->remaining - shares, EXPROVE_REASON_REQUESTED);
  } else {
    put_own_notice(c, o, 'M');
  }
}

void nasdaq_ouch_received(const message *c) {
  const uint8_t *m = c->m;
  if (m[0] == 'A') {
    accepted(c);
    return;
  }
  if (m[0] == 'U') {
    replaced(c);
    return;
  }
  if (m[0] == 'S') {
    if (m[9] == 'S' || m[9] == 'E') {
      put_plain(c, EXPROVE_KIND_NOTICE, EXPROVE_NO_INSTRUMENT)->aux = 'S' | (uint64_t)m[9] << 8;
    } else {
      malformed(c, EXPROVE_MALFORMED_FIELD, 9);
    }
    return;
  }
  own_order *o = known(c, 9);
  if (o == NULL) return;
  switch (m[0]) {
  case 'C':
  case 'D':
    put_cancelled(c, o, big32(m + 23), m[0] == 'D' ? EXPROVE_REASON_SELF_TRADE : cancel_reason(m[27]));
    break;
  case 'E':
  case 'G': executed(c, o); break;
  case 'F': /* the trade again at another price: the first is void, then the new one */
    put_broken(c, o, 32);
    put_fill(c, o, EXPROVE_FLAG_CORRECTION);
    break;
  case 'B': put_broken(c, o, 23); break;
  case 'J': {
    exprove_event *e = put_own(c, EXPROVE_KIND_OWN_REJECTED, o);
    e->level = reject_reason(m[23]);
    e->aux = m[23];
    o->remaining = 0;
    break;
  }
  case 'P': put_own_notice(c, o, 'P'); break;
  case 'I': put_own(c, EXPROVE_KIND_OWN_CANCEL_REJECTED, o); break;
  case 'T':
    o->price = big32(m + 23);
    o->reference = big64(m + 28);
    set_price(put_own_notice(c, o, 'T'), o->price);
    break;
  default: modified(c, o); break; /* 'M' */
  }
}
