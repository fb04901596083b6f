/* SPDX-License-Identifier: Apache-2.0
 *
 * Own orders as the venue reports them: `executionReport` (spot) and `ORDER_TRADE_UPDATE` (USD-M), whose order object
 * uses the same letters.
 */
#include "session.h"



struct report {
  struct name symbol;
  struct order_name id, original; /* c, C */
  struct view type, status;       /* x, X */
  int64_t time, price, quantity, done;
  uint64_t venue_id;
  uint8_t side;
};

static int side_field(struct exprove_session *s, const struct table *o, unsigned slot, uint8_t *side) {
  struct view view;
  if (!field_text(s, o, slot, &view)) return 0;
  *side = view_is(&view, "BUY") ? EXPROVE_SIDE_BUY : view_is(&view, "SELL") ? EXPROVE_SIDE_SELL : EXPROVE_SIDE_NONE;
  if (*side != EXPROVE_SIDE_NONE) return 1;
  fault(s, EXPROVE_MALFORMED_FIELD, o->token[slot].at);
  return 0;
}

static int optional_decimal(struct exprove_session *s, const struct table *o, unsigned slot, int64_t *out) {
  *out = 0;
  return !frame_token(o, slot) || field_decimal(s, o, slot, QUANTITY_SCALE, out);
}

static int report_fields(struct exprove_session *s, const struct table *m, const struct table *o, struct report *r) {
  if (!field_time(s, m, frame_token(m, SLOT('T')) ? SLOT('T') : SLOT('E'), &r->time)) return 0;
  if (!field_symbol(s, o, SLOT('s'), &r->symbol) || !side_field(s, o, SLOT('S'), &r->side)) return 0;
  if (!id_field(s, o, SLOT('c'), &r->id)) return 0;
  r->original.missing = 1;
  if (m == o && !id_field(s, o, SLOT('C'), &r->original)) return 0; /* USD-M has no C of this meaning */
  if (!field_text(s, o, SLOT('x'), &r->type) || !field_text(s, o, SLOT('X'), &r->status)) return 0;
  if (!field_integer(s, o, SLOT('i'), &r->venue_id)) return 0;
  if (!field_decimal(s, o, SLOT('p'), PRICE_SCALE, &r->price)) return 0;
  if (!field_decimal(s, o, SLOT('q'), QUANTITY_SCALE, &r->quantity)) return 0;
  if (!field_decimal(s, o, SLOT('z'), QUANTITY_SCALE, &r->done)) return 0;
  if (r->id.missing) {
    fault(s, EXPROVE_MALFORMED_FIELD, frame_token(o, SLOT('c')) ? o->token[SLOT('c')].at : o->at);
    return 0;
  }
  return 1;
}

/* An order without a price, as a market order is, has price zero. */
static void set_price(exprove_event *e, int64_t price) {
  e->price = price;
  if (price == 0) e->flags |= EXPROVE_FLAG_NO_PRICE;
}

/* The event, after the definitions that it needs. */
static exprove_event *own_event(struct exprove_session *s, struct report *r, struct order_name *id, uint8_t kind,
                                struct sink *out) {
  uint32_t instrument = instrument_define(s, &r->symbol, out, r->time, 0);
  uint64_t order = id->own ? alias_live(s, id->id) : text_define(s, &id->text, out, r->time, 0);
  exprove_event *e = put(out, kind, r->time, EXPROVE_FLAG_LAST, instrument);
  if (!id->own) e->flags |= EXPROVE_FLAG_TEXT_ID;
  e->order_id = order;
  e->side = r->side;
  return e;
}

/* Why an order ended without its owner's request. `er` is USD-M's expiry reason. */
static uint16_t expiry(struct exprove_session *s, const struct table *o, const struct report *r) {
  struct view tif;
  if (view_is(&r->status, "EXPIRED_IN_MATCH")) return EXPROVE_REASON_SELF_TRADE;
  const struct token *er = frame_token(o, SLOT_er);
  uint64_t code = er && er->type == TOKEN_NUMBER && !er->flags ? er->value : 0;
  if (er && er->type == TOKEN_STRING && er->size == 1) code = (uint64_t)s->frame.scan.base[er->at] - '0';
  switch (code) {
  case 1: case 3:
    return EXPROVE_REASON_SELF_TRADE;
  case 4: case 5:
    return EXPROVE_REASON_RISK; /* crowded out, liquidated */
  case 7:
    return EXPROVE_REASON_HALTED; /* delisted */
  default:
    break;
  }
  if (r->done == 0 && frame_view(&s->frame, frame_token(o, SLOT('f')), &tif) && view_is(&tif, "GTX"))
    return EXPROVE_REASON_WOULD_CROSS;
  return EXPROVE_REASON_EXPIRED;
}

static enum outcome report_end(struct exprove_session *s, const struct table *m, const struct table *o,
                               struct report *r, struct sink *out) {
  int64_t prevented = 0, prevented_now = 0, off = r->quantity;
  int cancelled = view_is(&r->type, "CANCELED"), prevention = view_is(&r->type, "TRADE_PREVENTION");
  if (m == o && !(optional_decimal(s, o, SLOT('A'), &prevented) && optional_decimal(s, o, SLOT('B'), &prevented_now)))
    return OUTCOME_FAULT;
  if (r->done > off || prevented > off - r->done || prevented_now > prevented)
    return fault(s, EXPROVE_MALFORMED_FIELD, o->token[SLOT('z')].at);
  /* What self-trade prevention took off earlier was told then. It may leave the rest of the order alive. */
  int ends = !prevention || view_is(&r->status, "EXPIRED_IN_MATCH");
  off = ends ? off - r->done - prevented + (prevention ? prevented_now : 0) : prevented_now;
  /* A spot cancellation has an id of its own in `c` and the order's in `C`. */
  struct order_name *id = r->original.missing ? &r->id : &r->original;
  exprove_event *e = own_event(s, r, id, EXPROVE_KIND_OWN_CANCELLED, out);
  e->quantity = off;
  e->aux = r->venue_id;
  e->level = cancelled ? EXPROVE_REASON_REQUESTED : prevention ? EXPROVE_REASON_SELF_TRADE : expiry(s, o, r);
  if (id->own && ends) alias_gone(s, id->id);
  return OUTCOME_DONE;
}

static enum outcome report_fill(struct exprove_session *s, const struct table *o, struct report *r, struct sink *out) {
  int64_t price, quantity;
  uint64_t match;
  int maker;
  if (!field_decimal(s, o, SLOT('L'), PRICE_SCALE, &price)) return OUTCOME_FAULT;
  if (!field_decimal(s, o, SLOT('l'), QUANTITY_SCALE, &quantity)) return OUTCOME_FAULT;
  if (!field_integer(s, o, SLOT('t'), &match) || !field_bool(s, o, SLOT('m'), &maker)) return OUTCOME_FAULT;
  if (quantity == 0) return fault(s, EXPROVE_MALFORMED_FIELD, o->token[SLOT('l')].at);
  exprove_event *e = own_event(s, r, &r->id, EXPROVE_KIND_OWN_FILLED, out);
  e->price = price;
  e->quantity = quantity;
  e->aux = match;
  if (maker) e->flags |= EXPROVE_FLAG_MAKER;
  if (r->id.own && view_is(&r->status, "FILLED")) alias_gone(s, r->id.id);
  return OUTCOME_DONE;
}

/* Spot, REPLACED: `order.amend.keepPriority` gave the order `C` the client id `c`. USD-M, AMENDMENT: `order.modify`;
 * the venue's client id stays, the host's changes. What is live now is the quantity less what was filled. */
static enum outcome report_replaced(struct exprove_session *s, const struct table *o, struct report *r,
                                    struct sink *out) {
  if (r->done > r->quantity) return fault(s, EXPROVE_MALFORMED_FIELD, o->token[SLOT('z')].at);
  uint64_t replaced = 0;
  const struct order_name *before = r->original.missing ? &r->id : &r->original;
  if (before->own) replaced = alias_live(s, before->id);
  if (r->id.own) alias_amended(s, r->id.id);
  exprove_event *e = own_event(s, r, &r->id, EXPROVE_KIND_OWN_REPLACED, out);
  e->aux = replaced;
  e->quantity = r->quantity - r->done;
  set_price(e, r->price);
  return OUTCOME_DONE;
}

enum outcome order_report(struct exprove_session *s, const struct table *m, const struct table *o, struct sink *out) {
  struct report r;
  struct view reason;
  if (!report_fields(s, m, o, &r)) return OUTCOME_FAULT;
  if (out->room < ORDER_ROOM) return OUTCOME_FULL;
  enum outcome room = names_room(s, 3, 1, o->at);
  if (room != OUTCOME_DONE) return room;
  uint32_t message = m == o ? MESSAGE_EXECUTION_REPORT : MESSAGE_ORDER_TRADE_UPDATE;
  enum outcome outcome = OUTCOME_DONE;
  if (view_is(&r.type, "NEW")) {
    exprove_event *e = own_event(s, &r, &r.id, EXPROVE_KIND_OWN_ACKNOWLEDGED, out);
    e->quantity = r.quantity;
    e->aux = r.venue_id;
    set_price(e, r.price);
  } else if (view_is(&r.type, "TRADE") || view_is(&r.type, "CALCULATED")) {
    outcome = report_fill(s, o, &r, out);
  } else if (view_is(&r.type, "CANCELED") || view_is(&r.type, "EXPIRED") || view_is(&r.type, "TRADE_PREVENTION")) {
    outcome = report_end(s, m, o, &r, out);
  } else if (view_is(&r.type, "REPLACED") || view_is(&r.type, "AMENDMENT")) {
    outcome = report_replaced(s, o, &r, out);
  } else if (view_is(&r.type, "REJECTED")) {
    if (!field_text(s, o, SLOT('r'), &reason)) return OUTCOME_FAULT;
    exprove_event *e = own_event(s, &r, &r.id, EXPROVE_KIND_OWN_REJECTED, out);
    e->quantity = r.quantity;
    e->aux = ascii_code(reason.bytes, reason.size);
    e->level = reason_of_rejection(&reason);
    set_price(e, r.price);
  } else {
    outcome = unknown(r.type.bytes, r.type.size, out);
  }
  if (outcome == OUTCOME_DONE) s->counters[message]++;
  return outcome;
}
