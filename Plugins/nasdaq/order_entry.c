/* SPDX-License-Identifier: Apache-2.0
 *
 * exprove.order_entry/1: requests as OUCH 4.2 messages. What OUCH cannot say exactly is refused, with the
 * field and its value.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "nasdaq.h"
#include "ouch.h"

#define ENTER_SIZE 49u
#define REPLACE_SIZE 47u
#define CANCEL_SIZE 19u
#define MOST_SHARES 999999
#define HIGHEST_PRICE 1999999900 /* $199,999.9900 */
#define TIF_IMMEDIATE 0u
#define TIF_MARKET_HOURS 99998u

__attribute__((format(printf, 2, 3))) static exprove_status refuse(exprove_text *error, const char *format, ...) {
  char line[160];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (error != NULL) {
    uint32_t copied = size < 0 ? 0 : size >= (int)sizeof line ? (uint32_t)sizeof line - 1 : (uint32_t)size;
    if (copied > error->capacity) copied = error->capacity;
    if (error->data == NULL) copied = 0;
    /* Bytes of the request may be in the line; the text is UTF-8 whatever they are. */
    for (uint32_t i = 0; i < copied; i++) error->data[i] = line[i] >= 0x20 && line[i] <= 0x7E ? line[i] : '?';
    error->size = copied;
  }
  return EXPROVE_INVALID_ARGUMENT;
}

/* What a request of 1.0 does not reach is a limit order. */
static uint8_t order_type(const exprove_order_request *q) {
  return EXPROVE_COVERS(exprove_order_request, order_type, q->struct_size) ? q->order_type : EXPROVE_ORDER_LIMIT;
}

static void store32(uint8_t *p, uint32_t v) {
  v = __builtin_bswap32(v);
  memcpy(p, &v, sizeof v);
}

/* Copies a field that is plain upper-case text and pads it with spaces; 0 when it is not. */
static int store_text(uint8_t *p, uint32_t size, const char *text, uint32_t length) {
  if (length > size) return 0;
  for (uint32_t i = 0; i < length; i++) {
    if (!printable((uint8_t)text[i])) return 0;
  }
  memset(p, ' ', size);
  memcpy(p, text, length);
  return 1;
}

/* Whole shares; `least` is 0 for what a cancel leaves. */
static exprove_status shares_of(const exprove_order_request *q, int64_t least, uint32_t *shares, exprove_text *error) {
  if (q->quantity_scale > EXPROVE_MAX_QUANTITY_SCALE) {
    return refuse(error, "quantity_scale: %" PRIu32 " is above 18", q->quantity_scale);
  }
  int64_t unit = 1;
  for (uint32_t i = 0; i < q->quantity_scale; i++) unit *= 10;
  if (q->quantity % unit != 0) {
    return refuse(error, "quantity: %" PRId64 " at scale %" PRIu32 " is not a whole number of shares", q->quantity,
                  q->quantity_scale);
  }
  int64_t whole = q->quantity / unit;
  if (whole < least || whole > MOST_SHARES) {
    return refuse(error, "quantity: %" PRId64 " shares; OUCH takes %" PRId64 " to 999999", whole, least);
  }
  *shares = (uint32_t)whole;
  return EXPROVE_OK;
}

static exprove_status price_of(const exprove_order_request *q, uint32_t *price, exprove_text *error) {
  if (order_type(q) == EXPROVE_ORDER_MARKET) {
    *price = MARKET_PRICE;
    return q->price == 0 ? EXPROVE_OK : refuse(error, "price: a market order has none");
  }
  if (q->price % (int64_t)PRICE4_FACTOR != 0) {
    return refuse(error, "price: %" PRId64 "e-9 is not a multiple of 0.0001", q->price);
  }
  int64_t ticks = q->price / (int64_t)PRICE4_FACTOR;
  if (ticks <= 0 || ticks > HIGHEST_PRICE) {
    return refuse(error, "price: %" PRId64 "e-9; OUCH takes 0.0001 to 199999.99", q->price);
  }
  *price = (uint32_t)ticks;
  return EXPROVE_OK;
}

static exprove_status check_terms(const exprove_order_request *q, exprove_text *error) {
  if (q->time_in_force != EXPROVE_TIF_DAY && q->time_in_force != EXPROVE_TIF_IMMEDIATE_OR_CANCEL &&
      q->time_in_force != EXPROVE_TIF_FILL_OR_KILL) {
    return refuse(error, "time_in_force: %u is not known", q->time_in_force);
  }
  if (order_type(q) > EXPROVE_ORDER_MARKET) return refuse(error, "order_type: %u is not known", order_type(q));
  if (EXPROVE_COVERS(exprove_order_request, display_quantity, q->struct_size) && q->display_quantity != 0) {
    return refuse(error, "display_quantity: OUCH shows an order whole or not at all");
  }
  if (q->post_only > 1) return refuse(error, "post_only: %u is neither 0 nor 1", q->post_only);
  if (q->post_only && (q->time_in_force != EXPROVE_TIF_DAY || order_type(q) == EXPROVE_ORDER_MARKET)) {
    return refuse(error, "post_only: 1 contradicts a market order and a time_in_force of immediate-or-cancel");
  }
  return EXPROVE_OK;
}

static uint32_t wire_tif(const exprove_order_request *q) {
  return q->time_in_force == EXPROVE_TIF_DAY ? TIF_MARKET_HOURS : TIF_IMMEDIATE;
}
/* Fill-or-kill is an immediate order that must execute whole: OUCH's minimum quantity is all of it. */
static uint32_t wire_least(const exprove_order_request *q, uint32_t shares) {
  return q->time_in_force == EXPROVE_TIF_FILL_OR_KILL ? shares : 0;
}
static uint8_t wire_display(const exprove_order_request *q) { return q->post_only ? 'P' : 'Y'; }

static exprove_status encode_new(const exprove_order_request *q, uint8_t *p, exprove_text *error) {
  uint32_t shares = 0, price = 0, firm = 0;
  exprove_status status = check_terms(q, error);
  if (status == EXPROVE_OK) status = shares_of(q, 1, &shares, error);
  if (status == EXPROVE_OK) status = price_of(q, &price, error);
  if (status != EXPROVE_OK) return status;
  if (q->side != EXPROVE_SIDE_BUY && q->side != EXPROVE_SIDE_SELL) {
    return refuse(error, "side: %u is neither buy nor sell", q->side);
  }
  if (q->capacity != 'P' && q->capacity != 'A' && q->capacity != 'R') {
    return refuse(error, "capacity: byte 0x%02X is not one of P, A, R", q->capacity);
  }
  if (q->symbol_size == 0 || q->symbol_size > sizeof q->symbol ||
      !store_text(p + 20, 8, q->symbol, q->symbol_size)) {
    int shown = q->symbol_size > sizeof q->symbol ? (int)sizeof q->symbol : (int)q->symbol_size;
    return refuse(error, "symbol: '%.*s' (%" PRIu32 " bytes); OUCH takes 1 to 8 characters without spaces", shown,
                  q->symbol, q->symbol_size);
  }
  while (firm < sizeof q->firm && q->firm[firm] != 0) firm++;
  for (uint32_t i = firm; i < sizeof q->firm; i++) {
    if (q->firm[i] != 0) return refuse(error, "firm: byte %" PRIu32 " follows a zero byte", i);
  }
  if (!store_text(p + 36, 4, q->firm, firm)) {
    return refuse(error, "firm: '%.*s' is not up to 4 characters without spaces", (int)firm, q->firm);
  }
  p[0] = 'O';
  nasdaq_token_write(p + 1, q->order_id);
  p[15] = q->side == EXPROVE_SIDE_BUY ? 'B' : 'S';
  store32(p + 16, shares);
  store32(p + 28, price);
  store32(p + 32, wire_tif(q));
  p[40] = wire_display(q);
  p[41] = q->capacity;
  p[42] = 'N'; /* not an intermarket sweep */
  store32(p + 43, wire_least(q, shares));
  p[47] = 'N'; /* continuous market, no cross */
  p[48] = ' '; /* customer type: as the port is set up */
  return EXPROVE_OK;
}

/* The shares that an order and those it replaced have traded; 0 when it is not known here. */
static uint32_t executed_by(const exprove_session *s, uint64_t id) {
  uint8_t token[TOKEN_SIZE];
  nasdaq_token_write(token, id);
  const own_order *o = nasdaq_find_order(s, token);
  return o == NULL ? 0 : o->executed;
}

/* OUCH counts what was executed into the size of a cancelled or replaced order. */
static exprove_status whole_size(const exprove_session *s, uint64_t id, uint32_t *shares, exprove_text *error) {
  uint64_t whole = (uint64_t)*shares + executed_by(s, id);
  if (whole > MOST_SHARES) {
    return refuse(error, "quantity: %" PRIu32 " with the %" PRIu64 " shares executed before exceeds 999999", *shares,
                  whole - *shares);
  }
  *shares = (uint32_t)whole;
  return EXPROVE_OK;
}

static exprove_status encode_cancel(const exprove_session *s, const exprove_order_request *q, uint8_t *p,
                                    exprove_text *error) {
  uint32_t shares = 0;
  exprove_status status = shares_of(q, 0, &shares, error);
  if (status == EXPROVE_OK && shares > 0) status = whole_size(s, q->order_id, &shares, error);
  if (status != EXPROVE_OK) return status;
  p[0] = 'X';
  nasdaq_token_write(p + 1, q->order_id);
  store32(p + 15, shares);
  return EXPROVE_OK;
}

static exprove_status encode_replace(const exprove_session *s, const exprove_order_request *q, uint8_t *p,
                                     exprove_text *error) {
  uint32_t shares = 0, price = 0;
  if (q->previous_id == 0 || q->previous_id == q->order_id) {
    return refuse(error, "previous_id: %" PRIu64 " must be another order's", q->previous_id);
  }
  exprove_status status = check_terms(q, error);
  if (status == EXPROVE_OK) status = shares_of(q, 1, &shares, error);
  if (status == EXPROVE_OK) status = whole_size(s, q->previous_id, &shares, error);
  if (status == EXPROVE_OK) status = price_of(q, &price, error);
  if (status != EXPROVE_OK) return status;
  p[0] = 'U';
  nasdaq_token_write(p + 1, q->previous_id);
  nasdaq_token_write(p + 15, q->order_id);
  store32(p + 29, shares);
  store32(p + 33, price);
  store32(p + 37, wire_tif(q));
  p[41] = wire_display(q);
  p[42] = 'N';
  store32(p + 43, wire_least(q, shares));
  return EXPROVE_OK;
}

static exprove_status encode(const exprove_session *s, const exprove_order_request *q, uint8_t *out, uint32_t capacity,
                             uint32_t *size, exprove_text *error) {
  if (size == NULL) return refuse(error, "size: missing");
  *size = 0;
  if (s == NULL || q == NULL || q->struct_size < offsetof(exprove_order_request, order_type) || (out == NULL && capacity > 0)) {
    return refuse(error, "request: missing, or shorter than exprove.order_entry/1 has it");
  }
  if (s->channel != EXPROVE_CHANNEL_ORDER_ENTRY) {
    refuse(error, "session: it decodes market data; requests need one of the order-entry channel");
    return EXPROVE_INVALID_STATE;
  }
  if (q->order_id == 0) return refuse(error, "order_id: 0 is not an id");
  uint8_t bytes[ENTER_SIZE];
  uint32_t needed = 0;
  exprove_status status = EXPROVE_OK;
  switch (q->action) {
  case EXPROVE_ORDER_NEW:
    needed = ENTER_SIZE;
    status = encode_new(q, bytes, error);
    break;
  case EXPROVE_ORDER_CANCEL:
    needed = CANCEL_SIZE;
    status = encode_cancel(s, q, bytes, error);
    break;
  case EXPROVE_ORDER_REPLACE:
    needed = REPLACE_SIZE;
    status = encode_replace(s, q, bytes, error);
    break;
  default: return refuse(error, "action: %u is not known", q->action);
  }
  if (status != EXPROVE_OK) return status;
  *size = needed;
  if (capacity < needed) return EXPROVE_TOO_SMALL;
  memcpy(out, bytes, needed);
  return EXPROVE_OK;
}

/* A replace is one message, and a new place in the queue; a cancel that leaves a part keeps the place. */
static exprove_status capabilities(const exprove_session *s, exprove_order_capabilities *out) {
  if (s == NULL || out == NULL || out->struct_size < sizeof out->struct_size) return EXPROVE_INVALID_ARGUMENT;
  if (s->channel != EXPROVE_CHANNEL_ORDER_ENTRY) return EXPROVE_INVALID_STATE;
  exprove_order_capabilities record = {
      .struct_size = sizeof record,
      .actions = EXPROVE_ORDER_BIT(EXPROVE_ORDER_NEW) | EXPROVE_ORDER_BIT(EXPROVE_ORDER_CANCEL) |
                 EXPROVE_ORDER_BIT(EXPROVE_ORDER_REPLACE),
      .order_types = EXPROVE_ORDER_BIT(EXPROVE_ORDER_LIMIT) | EXPROVE_ORDER_BIT(EXPROVE_ORDER_MARKET),
      .times_in_force = EXPROVE_ORDER_BIT(EXPROVE_TIF_DAY) | EXPROVE_ORDER_BIT(EXPROVE_TIF_IMMEDIATE_OR_CANCEL) |
                        EXPROVE_ORDER_BIT(EXPROVE_TIF_FILL_OR_KILL),
      .replace = EXPROVE_REPLACE_ATOMIC,
      .features = EXPROVE_ORDER_CAN_POST_ONLY | EXPROVE_ORDER_CAN_REDUCE,
      .highest_id = UINT64_MAX};
  if (out->struct_size < record.struct_size) record.struct_size = out->struct_size;
  memcpy(out, &record, record.struct_size);
  return EXPROVE_OK;
}

const exprove_order_entry_v1 nasdaq_order_entry = {.struct_size = sizeof(exprove_order_entry_v1),
                                                   .max_size = ENTER_SIZE,
                                                   .encode = encode,
                                                   .capabilities = capabilities};
