/* SPDX-License-Identifier: Apache-2.0
 *
 * The WebSocket API: requests as they went out, and the answers to them.
 *
 * A request's own id says what it asked for, so an answer needs no memory: `xn<order>`, `xc<order>`, `xr<new>-<old>`,
 * ids in hexadecimal (the venue allows 36 characters).
 */
#include "session.h"

struct request_id {
  uint8_t action; /* 'n', 'c', 'r', 0 when it is not one of ours */
  uint64_t id, previous;
};

static const uint8_t *hex_id(const uint8_t *p, const uint8_t *end, uint64_t *out) {
  uint64_t v = 0;
  const uint8_t *start = p;
  for (; p < end && p - start < 16; p++) {
    if (*p >= '0' && *p <= '9')
      v = v << 4 | (uint64_t)(*p - '0');
    else if (*p >= 'a' && *p <= 'f')
      v = v << 4 | (uint64_t)(*p - 'a' + 10);
    else
      break;
  }
  *out = v;
  return v && *start != '0' ? p : NULL;
}

static struct request_id request_id(const struct exprove_session *s) {
  struct request_id r = {0, 0, 0};
  struct view view;
  if (!frame_view(&s->frame, frame_token(&s->frame.part[PART_ROOT], SLOT_id), &view)) return r;
  if (view.size < 3 || view.bytes[0] != 'x') return r;
  const uint8_t *end = view.bytes + view.size, *p = hex_id(view.bytes + 2, end, &r.id);
  uint8_t action = view.bytes[1];
  if (p && action == 'r') p = end - p > 1 && *p == '-' ? hex_id(p + 1, end, &r.previous) : NULL;
  if (p == end && (action == 'n' || action == 'c' || action == 'r')) r.action = action;
  return r;
}

/* --- What was sent --- */

struct sent {
  struct name symbol;
  struct order_name id, previous;
  int64_t time, price, quantity;
  uint8_t side;
  uint16_t flags;
};

static int sent_common(struct exprove_session *s, const struct table *p, struct sent *r) {
  r->flags = EXPROVE_FLAG_NO_EVENT_TIME;
  r->time = r->price = r->quantity = 0;
  r->side = EXPROVE_SIDE_NONE;
  if (!field_symbol(s, p, SLOT_symbol, &r->symbol)) return 0;
  if (!frame_token(p, SLOT_timestamp)) return 1; /* the gateway that signs may add it */
  r->flags = 0;
  return field_time(s, p, SLOT_timestamp, &r->time);
}

static int sent_terms(struct exprove_session *s, const struct table *p, struct sent *r) {
  struct view view;
  if (!field_text(s, p, SLOT_side, &view)) return 0;
  r->side = view_is(&view, "BUY") ? EXPROVE_SIDE_BUY : view_is(&view, "SELL") ? EXPROVE_SIDE_SELL : EXPROVE_SIDE_NONE;
  if (r->side == EXPROVE_SIDE_NONE) {
    fault(s, EXPROVE_MALFORMED_FIELD, p->token[SLOT_side].at);
    return 0;
  }
  if (!field_decimal(s, p, SLOT_quantity, QUANTITY_SCALE, &r->quantity)) return 0;
  if (frame_token(p, SLOT_price) && !field_decimal(s, p, SLOT_price, PRICE_SCALE, &r->price)) return 0;
  if (r->price == 0) r->flags |= EXPROVE_FLAG_NO_PRICE;
  return 1;
}

static enum outcome sent_event(struct exprove_session *s, uint32_t message, struct sent *r, uint8_t kind,
                               uint64_t previous, struct sink *out) {
  s->counters[message]++;
  const uint16_t timing = r->flags & EXPROVE_FLAG_NO_EVENT_TIME;
  uint32_t instrument = instrument_define(s, &r->symbol, out, r->time, timing);
  uint64_t id = r->id.own ? r->id.id : text_define(s, &r->id.text, out, r->time, timing);
  exprove_event *e = put(out, kind, r->time, r->flags | EXPROVE_FLAG_LAST, instrument);
  if (!r->id.own) e->flags |= EXPROVE_FLAG_TEXT_ID;
  e->order_id = id;
  e->aux = previous;
  e->side = r->side;
  e->price = r->price;
  e->quantity = r->quantity;
  return OUTCOME_DONE;
}

static void own_id(struct order_name *name, uint64_t id) {
  name->own = 1;
  name->missing = 0;
  name->id = id;
}

static enum outcome sent_order(struct exprove_session *s, uint32_t message, const struct view *method,
                               struct sink *out) {
  const struct table *p = &s->frame.part[PART_PARAMS];
  struct sent r;
  if (!p->present) return fault(s, EXPROVE_MALFORMED_FIELD, s->frame.part[PART_ROOT].at);
  if (!sent_common(s, p, &r)) return OUTCOME_FAULT;
  const struct request_id ours = request_id(s);
  unsigned slot = message == MESSAGE_ORDER_PLACE || message == MESSAGE_ORDER_CANCEL_REPLACE ? SLOT_newClientOrderId
                                                                                            : SLOT_origClientOrderId;
  if (!id_field(s, p, slot, &r.id)) return OUTCOME_FAULT;
  r.previous = r.id;
  if (message == MESSAGE_ORDER_CANCEL_REPLACE && !id_field(s, p, SLOT_cancelOrigClientOrderId, &r.previous))
    return OUTCOME_FAULT;
  if (message != MESSAGE_ORDER_CANCEL && !sent_terms(s, p, &r)) return OUTCOME_FAULT;
  /* An order that only the venue's number names cannot be told from any other. */
  if (r.id.missing || r.previous.missing) return notice(s, message, ascii_code(method->bytes, method->size), out);
  if (out->room < 4) return OUTCOME_FULL;
  enum outcome room = names_room(s, 2, 1, p->at);
  if (room != OUTCOME_DONE) return room;
  switch (message) {
  case MESSAGE_ORDER_PLACE:
    return sent_event(s, message, &r, EXPROVE_KIND_OWN_NEW, 0, out);
  case MESSAGE_ORDER_CANCEL:
    if (r.id.own) own_id(&r.id, ours.action == 'c' ? ours.id : alias_live(s, r.id.id));
    return sent_event(s, message, &r, EXPROVE_KIND_OWN_CANCEL_REQUEST, 0, out);
  case MESSAGE_ORDER_CANCEL_REPLACE:
    return sent_event(s, message, &r, EXPROVE_KIND_OWN_REPLACE_REQUEST, r.previous.own ? r.previous.id : 0, out);
  default:
    /* USD-M's order keeps the client id in the message; the host's new id is in the request's. */
    if (r.id.own && ours.action == 'r') {
      if (!alias_request(s, ours.id, ours.previous)) return fault(s, EXPROVE_MALFORMED_TOO_MANY, p->at);
      own_id(&r.id, ours.id);
      return sent_event(s, message, &r, EXPROVE_KIND_OWN_REPLACE_REQUEST, ours.previous, out);
    }
    if (r.id.own) own_id(&r.id, alias_live(s, r.id.id));
    return sent_event(s, message, &r, EXPROVE_KIND_OWN_REPLACE_REQUEST, r.id.own ? r.id.id : 0, out);
  }
}

enum outcome order_request(struct exprove_session *s, struct sink *out) {
  struct view method;
  if (!field_text(s, &s->frame.part[PART_ROOT], SLOT_method, &method)) return OUTCOME_FAULT;
  if (view_is(&method, "order.place")) return sent_order(s, MESSAGE_ORDER_PLACE, &method, out);
  if (view_is(&method, "order.cancel")) return sent_order(s, MESSAGE_ORDER_CANCEL, &method, out);
  if (view_is(&method, "order.cancelReplace")) return sent_order(s, MESSAGE_ORDER_CANCEL_REPLACE, &method, out);
  if (view_is(&method, "order.modify")) return sent_order(s, MESSAGE_ORDER_MODIFY, &method, out);
  int upper = method.size > 0 && method.bytes[0] >= 'A' && method.bytes[0] <= 'Z'; /* SUBSCRIBE, SET_PROPERTY, … */
  uint32_t message = upper ? MESSAGE_SUBSCRIPTION : MESSAGE_REQUEST;
  return notice(s, message, ascii_code(method.bytes, method.size), out);
}

/* --- What came back --- */

struct refusal {
  uint64_t code;
  struct view text;
};

/* `{"code":-2010,"msg":"…"}`; the code's magnitude, 0 when there is none. */
static struct refusal refusal_of(const struct exprove_session *s, const struct table *t) {
  struct refusal r;
  const struct token *code = frame_token(t, SLOT_code);
  r.code = code && code->type == TOKEN_NUMBER && !(code->flags & TOKEN_INEXACT) ? code->value : 0;
  r.text.bytes = s->frame.scan.base;
  r.text.size = 0;
  struct view view;
  const struct token *text = frame_token(t, SLOT_msg);
  if (text && !(text->flags & TOKEN_ESCAPED) && frame_view(&s->frame, text, &view)) {
    r.text.bytes = view.bytes;
    r.text.size = view.size;
  }
  return r;
}

static void put_refused(struct exprove_session *s, struct sink *out, uint8_t kind, uint64_t id,
                        const struct refusal *why) {
  exprove_event *e = put(out, kind, 0, EXPROVE_FLAG_NO_EVENT_TIME, EXPROVE_NO_INSTRUMENT);
  e->order_id = id;
  e->aux = why->code;
  e->level = reason_of_error(s->market, why->code, &why->text);
}

static int says(const struct exprove_session *s, const struct table *t, unsigned slot, const char *text) {
  struct view view;
  return frame_view(&s->frame, frame_token(t, slot), &view) && view_is(&view, text);
}

/* A replacement that failed. On spot the two halves may fail alone: a cancellation that succeeded is reported by
 * its executionReport. Otherwise the old order stands (or was gone) and there is no new one. */
static enum outcome refused_replace(struct exprove_session *s, const struct request_id *r, const struct refusal *why,
                                    struct sink *out) {
  if (out->room < 2) return OUTCOME_FULL;
  s->counters[MESSAGE_RESPONSE]++;
  const struct table *outcome = &s->frame.part[PART_OUTCOME], *old = &s->frame.part[PART_CANCEL],
                     *new = &s->frame.part[PART_NEW];
  int cancelled = outcome->present && says(s, outcome, SLOT_cancelResult, "SUCCESS");
  int placed = outcome->present && says(s, outcome, SLOT_newOrderResult, "SUCCESS");
  struct refusal cancel = old->present && !cancelled ? refusal_of(s, old) : *why;
  struct refusal place = new->present && !placed ? refusal_of(s, new) : *why;
  if (!new->present && old->present && !cancelled) place = cancel; /* not attempted, because of the other */
  if (cancelled && placed) {
    put(out, EXPROVE_KIND_NOTICE, 0, EXPROVE_FLAG_NO_EVENT_TIME, EXPROVE_NO_INSTRUMENT)->aux = why->code;
  }
  if (!cancelled) put_refused(s, out, EXPROVE_KIND_OWN_CANCEL_REJECTED, r->previous, &cancel);
  if (!placed) put_refused(s, out, EXPROVE_KIND_OWN_REJECTED, r->id, &place);
  out->at[-1].flags |= EXPROVE_FLAG_LAST;
  alias_refused(s, r->id);
  return OUTCOME_DONE;
}

enum outcome order_response(struct exprove_session *s, struct sink *out) {
  const struct table *root = &s->frame.part[PART_ROOT], *error = &s->frame.part[PART_ERROR];
  uint64_t status = 0;
  const struct refusal why = refusal_of(s, error->present ? error : root);
  if (!frame_token(root, SLOT_status)) return notice(s, MESSAGE_SUBSCRIPTION, why.code, out);
  if (!field_integer(s, root, SLOT_status, &status)) return OUTCOME_FAULT;
  const struct request_id r = request_id(s);
  const uint64_t code = why.code ? why.code : status;
  if (status == 200 || !error->present || !r.action) return notice(s, MESSAGE_RESPONSE, code, out);
  /* -1006, -1007 and 5xx say that nobody knows what became of the request; -1008 that it was turned away. */
  if (why.code == 1006 || why.code == 1007 || (status >= 500 && why.code != 1008))
    return notice(s, MESSAGE_RESPONSE, code, out);
  if (r.action == 'r') return refused_replace(s, &r, &why, out);
  if (out->room < 1) return OUTCOME_FULL;
  s->counters[MESSAGE_RESPONSE]++;
  put_refused(s, out, r.action == 'n' ? EXPROVE_KIND_OWN_REJECTED : EXPROVE_KIND_OWN_CANCEL_REJECTED, r.id, &why);
  out->at[-1].flags |= EXPROVE_FLAG_LAST;
  return OUTCOME_DONE;
}
