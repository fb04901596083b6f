/* SPDX-License-Identifier: Apache-2.0
 *
 * What both directions of OUCH 4.2 share: one message on its way to events, and the orders it names.
 *
 * Shares in a cancel, modify or replace are the order's whole intended size, executions included; events
 * carry what shall stay live, so the executed shares of the chain are taken off.
 */
#ifndef NASDAQ_OUCH_H
#define NASDAQ_OUCH_H

#include "nasdaq.h"

/* $214,748.3647 stands for a market order. */
#define MARKET_PRICE 0x7FFFFFFFu

/* One message on its way to events. */
typedef struct message {
  exprove_session *s;
  writer *w;
  const uint8_t *m;
  int64_t time;
  uint64_t sequence;
  uint16_t time_flag; /* NO_EVENT_TIME for what we sent */
} message;

static inline void malformed(const message *c, uint16_t why, uint32_t at) {
  put_malformed(c->w, why, at, c->sequence, c->time_flag != 0 ? NULL : &c->time);
}

static inline uint8_t side_of(uint8_t c) {
  return c == 'B' ? EXPROVE_SIDE_BUY : c == 'S' || c == 'T' || c == 'E' ? EXPROVE_SIDE_SELL : EXPROVE_SIDE_NONE;
}

static inline exprove_event *put_plain(const message *c, uint8_t kind, uint32_t instrument) {
  exprove_event *e = put(c->w, kind, instrument, c->time, c->sequence);
  e->flags = c->time_flag;
  return e;
}

/* An event about an own order, under its client order id or the text id of a foreign token. */
static inline exprove_event *put_own(const message *c, uint8_t kind, const own_order *o) {
  exprove_event *e = put_plain(c, kind, o->instrument);
  e->side = o->side;
  e->order_id = nasdaq_token_read(o->token);
  if (e->order_id == 0) {
    e->order_id = o->text;
    e->flags |= EXPROVE_FLAG_TEXT_ID;
  }
  return e;
}

static inline exprove_event *put_own_notice(const message *c, const own_order *o, uint64_t aux) {
  exprove_event *e = put_own(c, EXPROVE_KIND_NOTICE, o);
  e->aux = aux;
  return e;
}

static inline void set_price(exprove_event *e, uint32_t price) {
  if (price == MARKET_PRICE) {
    e->flags |= EXPROVE_FLAG_NO_PRICE;
  } else {
    e->price = (int64_t)(price * PRICE4_FACTOR);
  }
}

static inline void intern(const message *c, own_order *o) {
  if (o->text != NO_TEXT) return;
  o->text = c->s->texts++;
  put_text(c->w, o->text, c->time, c->time_flag, o->token, field_length(o->token, TOKEN_SIZE));
}

/* The known order that a token names; NULL, and MALFORMED is written, when there is none. */
static inline own_order *known(const message *c, uint32_t at) {
  own_order *o = nasdaq_find_order(c->s, c->m + at);
  if (o == NULL) malformed(c, EXPROVE_MALFORMED_REFERENCE, at);
  return o;
}

/* The order of a token, added when it is new; NULL, and MALFORMED is written, when that cannot be. */
static inline own_order *take(const message *c, uint32_t at, uint32_t instrument, uint8_t side) {
  own_order *o = nasdaq_find_order(c->s, c->m + at);
  if (o == NULL) o = nasdaq_add_order(c->s, c->m + at);
  if (o == NULL) {
    malformed(c, EXPROVE_MALFORMED_RANGE, at);
    return NULL;
  }
  o->instrument = instrument;
  o->side = side;
  if (nasdaq_token_read(o->token) == 0) intern(c, o);
  return o;
}

/* Checks what introduces an order: tokens, side and stock; then gives the instrument's number from 1. */
static inline uint32_t take_stock(const message *c, uint32_t token, uint32_t side, uint32_t stock) {
  const uint8_t *m = c->m;
  uint32_t bad = field_length(m + token, TOKEN_SIZE) == 0 ? token
                 : side_of(m[side]) == EXPROVE_SIDE_NONE  ? side
                 : field_length(m + stock, 8) == 0        ? stock
                                                          : 0;
  if (bad != 0) {
    malformed(c, EXPROVE_MALFORMED_FIELD, bad);
    return 0;
  }
  uint32_t number = nasdaq_find_symbol(c->s, load64(m + stock));
  if (number == 0) number = nasdaq_define(c->s, c->w, m + stock, c->time, c->sequence, c->time_flag, 0);
  if (number == 0) malformed(c, EXPROVE_MALFORMED_RANGE, stock);
  return number;
}

/* What stays live of an order whose whole size becomes `shares`. */
static inline uint32_t stays(const own_order *o, uint32_t shares) {
  return shares > o->executed ? shares - o->executed : 0;
}

/* Both ids of a replace in one form: client order ids, or text ids when either token is foreign. */
static inline void set_ids(exprove_event *e, const own_order *o, uint64_t previous_id, uint32_t previous_text) {
  uint64_t id = nasdaq_token_read(o->token);
  if (id != 0 && previous_id != 0) {
    e->order_id = id;
    e->aux = previous_id;
  } else {
    e->order_id = o->text;
    e->aux = previous_text;
    e->flags |= EXPROVE_FLAG_TEXT_ID;
  }
}

/* ouch_sent.c, ouch_received.c: the message's type and length are right. */
void nasdaq_ouch_sent(const message *c);
void nasdaq_ouch_received(const message *c);

#endif /* NASDAQ_OUCH_H */
