/* SPDX-License-Identifier: Apache-2.0
 *
 * exprove.order_entry/1: requests of the WebSocket API.
 *
 *                    spot                                        USD-M
 *   new              order.place, LIMIT GTC, IOC or FOK          order.place, LIMIT GTC, IOC or FOK
 *   new, market      order.place, MARKET                         order.place, MARKET
 *   new, post-only   order.place, LIMIT_MAKER                    order.place, LIMIT GTX
 *   cancel           order.cancel                                order.cancel
 *   replace          order.cancelReplace, STOP_ON_FAILURE        order.modify
 *
 * There is neither API key nor signature in them: the gateway that holds the keys adds `apiKey`, `signature` and, when
 * the host gave no time, `timestamp`. The venue has no day orders, so a day order is GTC and its end is the host's
 * affair. A firm code and a capacity have no place in a request: the API key says whose order it is.
 */
#include "session.h"

void error_text(exprove_text *error, const char *text) {
  if (!error) return;
  size_t n = strlen(text);
  error->size = n < error->capacity ? (uint32_t)n : error->capacity;
  if (error->size && error->data) memcpy(error->data, text, error->size);
  if (!error->data) error->size = 0;
}

struct line {
  uint8_t bytes[REQUEST_MAX];
  uint32_t size;
};

static void add(struct line *l, const char *text, size_t n) {
  if (n > sizeof l->bytes - l->size) n = sizeof l->bytes - l->size; /* cannot be: every part is bounded */
  memcpy(l->bytes + l->size, text, n);
  l->size += (uint32_t)n;
}

static void add_text(struct line *l, const char *text) { add(l, text, strlen(text)); }

static void add_number(struct line *l, uint64_t v, unsigned base) {
  char digits[20];
  unsigned n = sizeof digits;
  do {
    digits[--n] = "0123456789abcdef"[v % base];
    v /= base;
  } while (v);
  add(l, digits + n, sizeof digits - n);
}

/* `v` at 10^-scale without superfluous zeros; 0 when that needs more than the eight decimals that the venue takes. */
static int add_decimal(struct line *l, int64_t v, uint32_t scale) {
  uint64_t whole = (uint64_t)v, power = 1;
  while (scale && whole % 10 == 0) {
    whole /= 10;
    scale--;
  }
  if (scale > QUANTITY_SCALE) return 0;
  for (uint32_t i = 0; i < scale; i++) power *= 10;
  add_number(l, whole / power, 10);
  if (!scale) return 1;
  add_text(l, ".");
  for (uint64_t rest = whole % power; power > 1; rest %= power) {
    power /= 10;
    add_number(l, rest / power, 10);
  }
  return 1;
}

static exprove_status refuse(exprove_text *error, const char *text) {
  error_text(error, text);
  return EXPROVE_INVALID_ARGUMENT;
}

/* What a request of 1.0 does not reach is a limit order. */
static uint8_t order_type(const exprove_order_request *r) {
  return EXPROVE_COVERS(exprove_order_request, order_type, r->struct_size) ? r->order_type : EXPROVE_ORDER_LIMIT;
}

static int symbol_fits(const exprove_order_request *r) {
  if (r->symbol_size == 0 || r->symbol_size > sizeof r->symbol) return 0;
  for (uint32_t i = 0; i < r->symbol_size; i++) {
    uint8_t c = (uint8_t)r->symbol[i];
    if (c <= ' ' || c == '"' || c == '\\' || c == 0x7F) return 0;
  }
  return scan_utf8((const uint8_t *)r->symbol, r->symbol_size);
}

static void add_end(struct line *l, const exprove_order_request *r) {
  if (r->time) {
    add_text(l, ",\"timestamp\":");
    add_number(l, (uint64_t)r->time / 1000000, 10);
  }
  add_text(l, "}}");
}

static void add_start(struct line *l, const exprove_order_request *r, const char *kind, const char *method) {
  add_text(l, "{\"id\":\"");
  add_text(l, kind);
  add_number(l, r->order_id, 16);
  if (r->action == EXPROVE_ORDER_REPLACE) {
    add_text(l, "-");
    add_number(l, r->previous_id, 16);
  }
  add_text(l, "\",\"method\":\"");
  add_text(l, method);
  add_text(l, "\",\"params\":{\"symbol\":\"");
  add(l, r->symbol, r->symbol_size);
  add_text(l, "\"");
}

static void add_id(struct line *l, const char *key, uint64_t id) {
  add_text(l, ",\"");
  add_text(l, key);
  add_text(l, "\":\"xp-");
  add_number(l, id, 10);
  add_text(l, "\"");
}

static exprove_status encode(const exprove_session *s, const exprove_order_request *r, struct line *l,
                             exprove_text *error) {
  const int usdm = s->market == MARKET_USDM;
  if (r->order_id == 0) return refuse(error, "order_id is 0; give each order a number of its own");
  if (!symbol_fits(r)) return refuse(error, "symbol is empty, longer than 32 bytes, or has characters no symbol has");
  if (r->time < 0) return refuse(error, "time lies before 1970");
  if (r->action == EXPROVE_ORDER_CANCEL) {
    if (r->quantity) return refuse(error, "Binance cancels whole orders; use a replace to keep a part");
    add_start(l, r, "xc", "order.cancel");
    add_id(l, "origClientOrderId", alias_root(s, r->order_id));
    add_end(l, r);
    return EXPROVE_OK;
  }
  const int replace = r->action == EXPROVE_ORDER_REPLACE;
  if (!replace && r->action != EXPROVE_ORDER_NEW) return refuse(error, "action is none of new, cancel, replace");
  if (replace && (r->previous_id == 0 || r->previous_id == r->order_id))
    return refuse(error, "a replace needs the id of the order it replaces and a new one");
  if (r->side != EXPROVE_SIDE_BUY && r->side != EXPROVE_SIDE_SELL) return refuse(error, "side is neither buy nor sell");
  if (r->time_in_force > EXPROVE_TIF_GOOD_TILL_CANCELLED) return refuse(error, "time_in_force is unknown");
  if (order_type(r) > EXPROVE_ORDER_MARKET) return refuse(error, "order_type is neither limit nor market");
  if (EXPROVE_COVERS(exprove_order_request, display_quantity, r->struct_size) && r->display_quantity)
    return refuse(error, "display_quantity: icebergs are not sent");
  if (r->post_only > 1) return refuse(error, "post_only is neither 0 nor 1");
  const int market = order_type(r) == EXPROVE_ORDER_MARKET;
  const int immediate =
      r->time_in_force == EXPROVE_TIF_IMMEDIATE_OR_CANCEL || r->time_in_force == EXPROVE_TIF_FILL_OR_KILL;
  if (r->post_only && (immediate || market))
    return refuse(error, "an order cannot be post-only and immediate-or-cancel, or post-only and at market");
  if (replace && usdm && immediate) return refuse(error, "order.modify cannot make an order immediate-or-cancel");
  if (replace && market) return refuse(error, "a market order replaces none: cancel, then send a new one");
  if (market && r->price) return refuse(error, "a market order has no price");
  if (!market && r->price <= 0) return refuse(error, "price is not positive");
  if (r->quantity <= 0) return refuse(error, "quantity is not positive");
  if (r->quantity_scale > EXPROVE_MAX_QUANTITY_SCALE) return refuse(error, "quantity_scale is above 18");

  const int modify = replace && usdm;
  add_start(l, r, replace ? "xr" : "xn", modify ? "order.modify" : replace ? "order.cancelReplace" : "order.place");
  if (modify) add_id(l, "origClientOrderId", alias_root(s, r->previous_id));
  if (replace && !usdm) {
    add_text(l, ",\"cancelReplaceMode\":\"STOP_ON_FAILURE\"");
    add_id(l, "cancelOrigClientOrderId", r->previous_id);
  }
  add_text(l, r->side == EXPROVE_SIDE_BUY ? ",\"side\":\"BUY\"" : ",\"side\":\"SELL\"");
  if (!modify) {
    const char *tif = r->time_in_force == EXPROVE_TIF_FILL_OR_KILL ? "FOK" : immediate ? "IOC" : r->post_only ? "GTX" : "GTC";
    if (market) {
      add_text(l, ",\"type\":\"MARKET\"");
    } else if (r->post_only && !usdm) {
      add_text(l, ",\"type\":\"LIMIT_MAKER\"");
    } else {
      add_text(l, ",\"type\":\"LIMIT\",\"timeInForce\":\"");
      add_text(l, tif);
      add_text(l, "\"");
    }
  }
  if (!market) {
    add_text(l, ",\"price\":\"");
    if (!add_decimal(l, r->price, PRICE_SCALE)) return refuse(error, "price needs more than eight decimals");
    add_text(l, "\"");
  }
  add_text(l, ",\"quantity\":\"");
  if (!add_decimal(l, r->quantity, r->quantity_scale)) return refuse(error, "quantity needs more than eight decimals");
  add_text(l, "\"");
  if (!modify) add_id(l, "newClientOrderId", r->order_id);
  add_end(l, r);
  return EXPROVE_OK;
}

exprove_status session_encode(const exprove_session *s, const exprove_order_request *request, uint8_t *out,
                              uint32_t capacity, uint32_t *size, exprove_text *error) {
  struct line line;
  line.size = 0;
  if (!s || !request || !size) return EXPROVE_INVALID_ARGUMENT;
  if (request->struct_size < offsetof(exprove_order_request, order_type)) return refuse(error, "struct_size is too small");
  exprove_status status = encode(s, request, &line, error);
  if (status != EXPROVE_OK) return status;
  *size = line.size;
  if (line.size > capacity || !out) return EXPROVE_TOO_SMALL;
  memcpy(out, line.bytes, line.size);
  return EXPROVE_OK;
}
