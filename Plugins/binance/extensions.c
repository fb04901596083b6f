/* SPDX-License-Identifier: Apache-2.0
 *
 * exprove.health/1, instruments/1, snapshot/1. A book begins, and is mended after a gap, with REST's depth: spot
 * `/api/v3/depth`, USD-M `/fapi/v1/depth`, at the largest limit of each. The answer may come late: updates are kept for it.
 */
#include "session.h"

#include "include/binance_adapter.h"

#define PATH_MAX_SIZE 160u

/* As much of a record as both sides know. */
static exprove_status hand_over(void *out, uint32_t room, const void *record, uint32_t size) {
  if (room < sizeof(uint32_t)) return EXPROVE_INVALID_ARGUMENT;
  if (room < size) size = room;
  memcpy(out, record, size);
  memcpy(out, &size, sizeof size);
  return EXPROVE_OK;
}

static uint32_t book_state(const struct instrument *book) {
  return book->synced ? EXPROVE_BOOK_WHOLE : book->known ? EXPROVE_BOOK_PARTIAL : EXPROVE_BOOK_UNKNOWN;
}

/* Each instrument has numbers of its own, so there is no one number that is due. */
static exprove_status report(const exprove_session *s, exprove_health *out) {
  if (!s || !out) return EXPROVE_INVALID_ARGUMENT;
  exprove_health health = s->health;
  uint32_t whole = 0, partial = 0;
  for (uint32_t i = 0; i < s->instrument_count; i++) {
    whole += book_state(&s->instruments[i]) == EXPROVE_BOOK_WHOLE;
    partial += book_state(&s->instruments[i]) == EXPROVE_BOOK_PARTIAL;
  }
  health.sequence_state = partial       ? EXPROVE_SEQUENCE_WAITING
                          : health.gaps ? EXPROVE_SEQUENCE_BROKEN
                          : whole       ? EXPROVE_SEQUENCE_INTACT
                                        : EXPROVE_SEQUENCE_NONE;
  return hand_over(out, out->struct_size, &health, sizeof health);
}

static exprove_status page(const exprove_session *s, uint32_t first, void *records, uint32_t stride, uint32_t capacity,
                           uint32_t *filled, uint32_t *total) {
  if (!s || !filled || !total || (!records && capacity)) return EXPROVE_INVALID_ARGUMENT;
  *filled = 0;
  *total = s->instrument_count;
  for (uint32_t i = first; i < s->instrument_count && *filled < capacity; i++) {
    exprove_instrument_record record;
    memset(&record, 0, sizeof record);
    record.instrument = i;
    record.text = s->instruments[i].text;
    record.quantity_scale = QUANTITY_SCALE;
    record.book = book_state(&s->instruments[i]);
    memcpy((char *)records + (size_t)*filled * stride, &record, stride < sizeof record ? stride : sizeof record);
    ++*filled;
  }
  return EXPROVE_OK;
}

/* REST's answer names no symbol, so it must be the session's only one, or the one of its setting. */
static int is_answerable(const exprove_session *s, const struct text *symbol) {
  if (s->symbol_size == 0) return s->instrument_count == 1;
  return symbol->size == s->symbol_size && memcmp(symbol->bytes, s->symbol, s->symbol_size) == 0;
}

static uint32_t put_text(char *out, uint32_t at, const char *text) {
  size_t size = strlen(text);
  memcpy(out + at, text, size);
  return at + (uint32_t)size;
}

static exprove_status request(const exprove_session *s, const exprove_event *event, uint8_t *out, uint32_t capacity,
                              exprove_snapshot_request *r, exprove_text *error) {
  if (!s || !event || !r || r->struct_size < sizeof *r || (!out && capacity)) return EXPROVE_INVALID_ARGUMENT;
  if (event->kind != EXPROVE_KIND_GAP && event->kind != EXPROVE_KIND_INSTRUMENT) return EXPROVE_NOT_FOUND;
  if (event->instrument >= s->instrument_count) return EXPROVE_NOT_FOUND;
  const struct text *symbol = &s->texts[s->instruments[event->instrument].text];
  if (!is_answerable(s, symbol)) {
    error_text(error, "REST names no symbol in its answer: open a session for each, or set `symbol`");
    return EXPROVE_NOT_FOUND;
  }
  char path[PATH_MAX_SIZE];
  uint32_t size = put_text(path, 0, s->market == MARKET_USDM ? "/fapi/v1/depth?symbol=" : "/api/v3/depth?symbol=");
  for (uint32_t i = 0; i < symbol->size; i++) { /* RFC 3986: what is not unreserved is escaped */
    static const char hex[] = "0123456789ABCDEF";
    uint8_t c = symbol->bytes[i];
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c))) {
      path[size++] = (char)c;
    } else {
      path[size++] = '%';
      path[size++] = hex[c >> 4];
      path[size++] = hex[c & 15];
    }
  }
  size = put_text(path, size, s->market == MARKET_USDM ? "&limit=1000" : "&limit=5000");
  memset(r, 0, sizeof *r);
  r->struct_size = sizeof *r;
  r->carrier = EXPROVE_CARRIER_HTTP_GET;
  r->answer = EXPROVE_ANSWER_STATE;
  r->size = size;
  if (capacity < size) return EXPROVE_TOO_SMALL;
  memcpy(out, path, size);
  return EXPROVE_OK;
}

EXPROVE_STATIC_ASSERT(22 + 3 * TEXT_MAX + 11 <= PATH_MAX_SIZE, a_path_fits);

static exprove_status capabilities(const exprove_session *s, exprove_order_capabilities *out) {
  if (!s || !out) return EXPROVE_INVALID_ARGUMENT;
  const int usdm = s->market == MARKET_USDM;
  exprove_order_capabilities record;
  memset(&record, 0, sizeof record);
  record.actions = EXPROVE_ORDER_BIT(EXPROVE_ORDER_NEW) | EXPROVE_ORDER_BIT(EXPROVE_ORDER_CANCEL) |
                   EXPROVE_ORDER_BIT(EXPROVE_ORDER_REPLACE);
  record.order_types = EXPROVE_ORDER_BIT(EXPROVE_ORDER_LIMIT) | EXPROVE_ORDER_BIT(EXPROVE_ORDER_MARKET);
  record.times_in_force = EXPROVE_ORDER_BIT(EXPROVE_TIF_DAY) | EXPROVE_ORDER_BIT(EXPROVE_TIF_IMMEDIATE_OR_CANCEL) |
                          EXPROVE_ORDER_BIT(EXPROVE_TIF_FILL_OR_KILL) |
                          EXPROVE_ORDER_BIT(EXPROVE_TIF_GOOD_TILL_CANCELLED);
  record.replace = usdm ? EXPROVE_REPLACE_ATOMIC : EXPROVE_REPLACE_TWO_STEPS;
  record.features = EXPROVE_ORDER_CAN_POST_ONLY | (usdm ? EXPROVE_ORDER_REPLACE_KEEPS_TIF : 0);
  record.highest_id = UINT64_MAX;
  return hand_over(out, out->struct_size, &record, sizeof record);
}

const exprove_order_entry_v1 binance_order_entry = {.struct_size = sizeof(exprove_order_entry_v1),
                                                    .max_size = REQUEST_MAX,
                                                    .encode = session_encode,
                                                    .capabilities = capabilities};
const exprove_health_v1 binance_health = {.struct_size = sizeof(exprove_health_v1), .report = report};
const exprove_instruments_v1 binance_instruments = {
    .struct_size = sizeof(exprove_instruments_v1), .record_size = sizeof(exprove_instrument_record), .page = page};
const exprove_snapshot_v1 binance_snapshot = {
    .struct_size = sizeof(exprove_snapshot_v1), .max_size = PATH_MAX_SIZE, .request = request};
