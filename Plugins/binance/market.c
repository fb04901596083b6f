/* SPDX-License-Identifier: Apache-2.0
 *
 * Trades and best prices, and which message a frame is.
 */
#include "session.h"

static exprove_event *open_group(struct exprove_session *s, struct name *name, struct sink *out, int64_t time,
                                 uint16_t flags, uint8_t kind) {
  uint32_t number = instrument_define(s, name, out, time, flags);
  return put(out, kind, time, flags, number);
}

/* `trade` and `aggTrade` tell of the same trades: one of them, by setting, counts for volume. On USD-M, trades of the
 * insurance fund and of automatic deleveraging (`X` other than MARKET) do not pass through the book and never count. */
enum outcome market_trade(struct exprove_session *s, const struct table *m, uint32_t message, struct sink *out) {
  struct name name;
  struct view type;
  int64_t time, price, quantity;
  uint64_t id;
  int maker, market = 1;
  if (!field_symbol(s, m, SLOT('s'), &name)) return OUTCOME_FAULT;
  if (!field_integer(s, m, message == MESSAGE_TRADE ? SLOT('t') : SLOT('a'), &id)) return OUTCOME_FAULT;
  if (!field_decimal(s, m, SLOT('p'), PRICE_SCALE, &price)) return OUTCOME_FAULT;
  if (!field_decimal(s, m, SLOT('q'), QUANTITY_SCALE, &quantity)) return OUTCOME_FAULT;
  if (!field_time(s, m, SLOT('T'), &time) || !field_bool(s, m, SLOT('m'), &maker)) return OUTCOME_FAULT;
  if (frame_token(m, SLOT('X'))) {
    if (!field_text(s, m, SLOT('X'), &type)) return OUTCOME_FAULT;
    market = view_is(&type, "MARKET");
  }
  int empty = price == 0 || quantity == 0;
  if (empty && market) return fault(s, EXPROVE_MALFORMED_FIELD, m->token[price == 0 ? SLOT('p') : SLOT('q')].at);
  uint32_t names = (name.text == NONE) + (name.instrument == NONE);
  if (names + 1 > out->room) return OUTCOME_FULL;
  enum outcome room = names_room(s, name.text == NONE, name.instrument == NONE, m->token[SLOT('s')].at);
  if (room != OUTCOME_DONE) return room;

  s->counters[message]++;
  exprove_event *e = open_group(s, &name, out, time, 0, empty ? EXPROVE_KIND_NOTICE : EXPROVE_KIND_TRADE);
  e->flags = EXPROVE_FLAG_LAST;
  if (empty) {
    e->aux = ascii_code(type.bytes, type.size);
    return OUTCOME_DONE;
  }
  if (market && message == s->volume) e->flags |= EXPROVE_FLAG_VOLUME;
  if (message == MESSAGE_AGG_TRADE) e->flags |= EXPROVE_FLAG_AGGREGATE;
  e->side = maker ? EXPROVE_SIDE_SELL : EXPROVE_SIDE_BUY; /* the buyer made: the seller took */
  e->price = price;
  e->quantity = quantity;
  e->aux = id;
  return OUTCOME_DONE;
}

enum outcome market_quote(struct exprove_session *s, const struct table *m, int timed, struct sink *out) {
  struct name name;
  int64_t time = 0, price[2], quantity[2];
  uint64_t id;
  uint16_t flags = timed ? 0 : EXPROVE_FLAG_NO_EVENT_TIME;
  if (!field_symbol(s, m, SLOT('s'), &name) || !field_integer(s, m, SLOT('u'), &id)) return OUTCOME_FAULT;
  if (!field_decimal(s, m, SLOT('b'), PRICE_SCALE, &price[0])) return OUTCOME_FAULT;
  if (!field_decimal(s, m, SLOT('B'), QUANTITY_SCALE, &quantity[0])) return OUTCOME_FAULT;
  if (!field_decimal(s, m, SLOT('a'), PRICE_SCALE, &price[1])) return OUTCOME_FAULT;
  if (!field_decimal(s, m, SLOT('A'), QUANTITY_SCALE, &quantity[1])) return OUTCOME_FAULT;
  if (timed && !field_time(s, m, frame_token(m, SLOT('T')) ? SLOT('T') : SLOT('E'), &time)) return OUTCOME_FAULT;
  uint32_t names = (name.text == NONE) + (name.instrument == NONE);
  if (names + 2 > out->room) return OUTCOME_FULL;
  enum outcome room = names_room(s, name.text == NONE, name.instrument == NONE, m->token[SLOT('s')].at);
  if (room != OUTCOME_DONE) return room;

  s->counters[MESSAGE_BOOK_TICKER]++;
  exprove_event *e = open_group(s, &name, out, time, flags, EXPROVE_KIND_QUOTE);
  e->venue_sequence = id;
  e->side = EXPROVE_SIDE_BUY;
  e->price = price[0];
  e->quantity = quantity[0];
  e = put(out, EXPROVE_KIND_QUOTE, time, flags | EXPROVE_FLAG_LAST, e->instrument);
  e->venue_sequence = id;
  e->side = EXPROVE_SIDE_SELL;
  e->price = price[1];
  e->quantity = quantity[1];
  return OUTCOME_DONE;
}

enum outcome notice(struct exprove_session *s, uint32_t message, uint64_t code, struct sink *out) {
  if (out->room < 1) return OUTCOME_FULL;
  s->counters[message]++;
  put(out, EXPROVE_KIND_NOTICE, 0, EXPROVE_FLAG_LAST | EXPROVE_FLAG_NO_EVENT_TIME, EXPROVE_NO_INSTRUMENT)->aux = code;
  return OUTCOME_DONE;
}

enum outcome unknown(const uint8_t *bytes, uint32_t size, struct sink *out) {
  if (out->room < 1) return OUTCOME_FULL;
  put(out, EXPROVE_KIND_UNKNOWN, 0, EXPROVE_FLAG_LAST | EXPROVE_FLAG_NO_EVENT_TIME, EXPROVE_NO_INSTRUMENT)->aux =
      ascii_code(bytes, size);
  return OUTCOME_DONE;
}

/* Messages about the account that change neither book nor own orders beyond what the order reports say. */
static int is_account(const struct view *type) {
  static const char *const names[] = {
      "outboundAccountPosition", "balanceUpdate", "listStatus", "externalLockUpdate", "eventStreamTerminated",
      "listenKeyExpired", "ACCOUNT_UPDATE", "ACCOUNT_CONFIG_UPDATE", "MARGIN_CALL", "TRADE_LITE"};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
    if (view_is(type, names[i])) return 1;
  return 0;
}

static enum outcome typed(struct exprove_session *s, const struct table *m, const struct view *type, struct sink *out) {
  switch (type->size) {
  case 5:
    if (view_is(type, "trade")) return market_trade(s, m, MESSAGE_TRADE, out);
    break;
  case 8:
    if (view_is(type, "aggTrade")) return market_trade(s, m, MESSAGE_AGG_TRADE, out);
    break;
  case 10:
    if (view_is(type, "bookTicker")) return market_quote(s, m, 1, out);
    break;
  case 11:
    if (view_is(type, "depthUpdate"))
      return UNLIKELY(stream_is_partial(&s->frame)) ? depth_partial(s, m, out) : depth_update(s, m, out);
    break;
  case 15:
    if (view_is(type, "executionReport")) return order_report(s, m, m, out);
    break;
  case 18:
    if (view_is(type, "ORDER_TRADE_UPDATE")) {
      const struct table *o = &s->frame.part[PART_ORDER];
      return o->present ? order_report(s, m, o, out) : fault(s, EXPROVE_MALFORMED_FIELD, m->at);
    }
    break;
  default:
    break;
  }
  if (is_account(type)) return notice(s, MESSAGE_ACCOUNT, ascii_code(type->bytes, type->size), out);
  return unknown(type->bytes, type->size, out);
}

enum outcome dispatch(struct exprove_session *s, uint32_t frame_flags, struct sink *out) {
  const struct frame *f = &s->frame;
  const struct table *root = &f->part[PART_ROOT], *m = root;
  if (UNLIKELY(!f->is_object)) return unknown(NULL, 0, out);
  if (UNLIKELY(frame_flags & EXPROVE_FRAME_OUTBOUND)) {
    if (frame_token(root, SLOT_method)) return order_request(s, out);
    return unknown(NULL, 0, out);
  }
  if (f->part[PART_PAYLOAD].present) m = &f->part[PART_PAYLOAD];
  const struct token *type = frame_token(m, SLOT('e'));
  if (LIKELY(type)) {
    struct view view;
    if (!field_text(s, m, SLOT('e'), &view)) return OUTCOME_FAULT;
    return typed(s, m, &view, out);
  }
  if (frame_token(m, SLOT_lastUpdateId)) return depth_snapshot(s, m, out);
  const uint64_t quote = 1ull << SLOT('u') | 1ull << SLOT('s') | 1ull << SLOT('b') | 1ull << SLOT('B') |
                         1ull << SLOT('a') | 1ull << SLOT('A');
  if ((m->seen[0] & quote) == quote) return market_quote(s, m, 0, out);
  if (m == root && frame_token(root, SLOT_id)) return order_response(s, out);
  if (m == root && frame_token(root, SLOT_error)) return order_response(s, out);
  const struct token *stream = frame_token(root, SLOT_stream);
  if (stream && stream->type == TOKEN_STRING) return unknown(f->scan.base + stream->at, stream->size, out);
  return unknown(NULL, 0, out);
}
