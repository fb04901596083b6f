/* SPDX-License-Identifier: Apache-2.0
 *
 * Saved state. One form, little-endian, no padding, so that equal states are equal bytes:
 *
 *   "XPNQ0001"; framing u32; channel u32; day_start i64; market u8
 *   counters u64 × 42; messages u64; texts u32
 *   mold: seen u8, session 10 bytes, next u64
 *   instruments u32, each: symbol 8 bytes, text u32, status u8          by number
 *   locates u32, each: locate u16, number u16 from 1                     ascending
 *   orders u32, each: token 14, side u8, instrument u32, text u32, price u32, remaining u32, executed u32,
 *                     reference u64                                      as they were introduced
 *
 * What is read is held to everything that decoding guarantees, and otherwise refused.
 */
#include <stdlib.h>

#include "nasdaq.h"

static const uint8_t magic[8] = {'X', 'P', 'N', 'Q', '0', '0', '0', '1'};
/* More than any day brings, and far from where the ids would run out. */
#define MAX_TEXTS 0x7FFFFFFFu
#define INSTRUMENT_SIZE 13u
#define LOCATE_SIZE 4u
#define ORDER_SIZE 43u
#define FIXED_SIZE (8u + 4 + 4 + 8 + 1 + 8 * COUNTERS + 8 + 4 + 1 + 10 + 8 + 4 + 4 + 4)

void nasdaq_clear(exprove_session *s) {
  memset(&s->health, 0, sizeof s->health);
  s->health.last_event_time = INT64_MIN;
  memset(s->counts, 0, sizeof s->counts);
  s->messages = 0;
  s->texts = 0;
  s->mold_seen = 0;
  memset(s->mold_session, 0, sizeof s->mold_session);
  s->mold_next = 0;
  s->instruments = 0;
  memset(s->status, 0, sizeof s->status);
  memset(s->locates, 0, sizeof s->locates);
  memset(s->symbol_index, 0, sizeof s->symbol_index);
  if (s->order_count > 0) memset(s->order_index, 0, ORDER_BUCKETS * sizeof *s->order_index);
  s->order_count = 0;
}

static uint8_t *append(uint8_t *p, const void *v, size_t size) {
  memcpy(p, v, size);
  return p + size;
}
#define WRITE(p, v) append(p, &(v), sizeof(v))

exprove_status nasdaq_save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size) {
  if (s == NULL || size == NULL || (out == NULL && capacity > 0)) return EXPROVE_INVALID_ARGUMENT;
  uint32_t locates = 0;
  for (uint32_t i = 0; i < 65536; i++) locates += s->locates[i] != 0;
  *size = FIXED_SIZE + (uint64_t)s->instruments * INSTRUMENT_SIZE + (uint64_t)locates * LOCATE_SIZE +
          (uint64_t)s->order_count * ORDER_SIZE;
  if (capacity < *size) return EXPROVE_TOO_SMALL;
  uint8_t *p = append(out, magic, sizeof magic);
  p = WRITE(p, s->framing);
  p = WRITE(p, s->channel);
  p = WRITE(p, s->day_start);
  p = WRITE(p, s->market);
  p = WRITE(p, s->counts);
  p = WRITE(p, s->messages);
  p = WRITE(p, s->texts);
  p = WRITE(p, s->mold_seen);
  p = WRITE(p, s->mold_session);
  p = WRITE(p, s->mold_next);
  p = WRITE(p, s->instruments);
  for (uint32_t i = 1; i <= s->instruments; i++) {
    p = WRITE(p, s->symbols[i]);
    p = WRITE(p, s->symbol_text[i]);
    p = WRITE(p, s->status[i]);
  }
  p = WRITE(p, locates);
  for (uint32_t first = 0; first < 65536; first += 4) {
    uint64_t four;
    memcpy(&four, s->locates + first, sizeof four);
    if (four == 0) continue;
    for (uint32_t i = first; i < first + 4; i++) {
      uint16_t locate = (uint16_t)i;
      if (s->locates[i] == 0) continue;
      p = WRITE(p, locate);
      p = WRITE(p, s->locates[i]);
    }
  }
  p = WRITE(p, s->order_count);
  for (uint32_t i = 0; i < s->order_count; i++) {
    const own_order *o = &s->orders[i];
    p = WRITE(p, o->token);
    p = WRITE(p, o->side);
    p = WRITE(p, o->instrument);
    p = WRITE(p, o->text);
    p = WRITE(p, o->price);
    p = WRITE(p, o->remaining);
    p = WRITE(p, o->executed);
    p = WRITE(p, o->reference);
  }
  return EXPROVE_OK;
}

typedef struct reader {
  const uint8_t *p;
  uint64_t left;
  int good;
} reader;

static void fetch(reader *r, void *v, size_t size) {
  if (r->left < size) {
    r->good = 0;
    r->left = 0;
    memset(v, 0, size);
    return;
  }
  memcpy(v, r->p, size);
  r->p += size;
  r->left -= size;
}
#define READ(r, v) fetch(r, &(v), sizeof(v))

/* The number of records that follow, each of `size` bytes; they must be there. */
static uint32_t read_count(reader *r, uint32_t size, uint32_t most) {
  uint32_t count;
  READ(r, count);
  if (count > most || r->left / size < count) {
    r->good = 0;
    return 0;
  }
  return count;
}

static void read_head(exprove_session *s, reader *r) {
  uint8_t mark[8], market;
  uint32_t framing, channel;
  int64_t day_start;
  READ(r, mark);
  READ(r, framing);
  READ(r, channel);
  READ(r, day_start);
  READ(r, market);
  r->good = r->good && memcmp(mark, magic, sizeof mark) == 0 && framing == s->framing && channel == s->channel &&
            day_start == s->day_start && market == s->market;
  READ(r, s->counts);
  READ(r, s->messages);
  READ(r, s->texts);
  r->good = r->good && s->texts <= MAX_TEXTS;
  READ(r, s->mold_seen);
  READ(r, s->mold_session);
  READ(r, s->mold_next);
  static const uint8_t none[10];
  if (s->mold_seen == 0) {
    r->good = r->good && s->mold_next == 0 && memcmp(s->mold_session, none, 10) == 0;
  } else {
    r->good = r->good && s->mold_seen == 1 && s->mold_next > 0 && s->framing == EXPROVE_FRAMING_PACKET;
    for (uint32_t i = 0; i < 10; i++) {
      r->good = r->good && s->mold_session[i] >= 0x20 && s->mold_session[i] <= 0x7E;
    }
  }
}

static int status_is_possible(uint8_t status) {
  switch (status & ~(STATUS_OPERATIONAL | STATUS_SHORT_SALE)) {
  case EXPROVE_TRADING_UNKNOWN:
  case EXPROVE_TRADING_OPEN:
  case EXPROVE_TRADING_HALTED:
  case EXPROVE_TRADING_PAUSED:
  case EXPROVE_TRADING_QUOTE_ONLY: return 1;
  default: return 0;
  }
}

static void read_instruments(exprove_session *s, reader *r) {
  uint32_t count = read_count(r, INSTRUMENT_SIZE, MAX_INSTRUMENTS);
  for (uint32_t i = 1; i <= count && r->good; i++) {
    uint8_t symbol[8], status;
    uint32_t text;
    READ(r, symbol);
    READ(r, text);
    READ(r, status);
    r->good = r->good && field_length(symbol, 8) > 0 && text < s->texts && status_is_possible(status) &&
              (i == 1 || text > s->symbol_text[i - 1]) && nasdaq_find_symbol(s, load64(symbol)) == 0;
    if (!r->good) return;
    nasdaq_add_symbol(s, load64(symbol), text);
    s->status[i] = status;
  }
  count = read_count(r, LOCATE_SIZE, 65536);
  r->good = r->good && (count == 0 || s->channel == EXPROVE_CHANNEL_MARKET_DATA);
  for (uint32_t i = 0, above = 0; i < count && r->good; i++) {
    uint16_t locate, number;
    READ(r, locate);
    READ(r, number);
    r->good = r->good && locate >= above && number > 0 && number <= s->instruments;
    above = locate + 1u;
    if (r->good) s->locates[locate] = number;
  }
}

static int by_value(const void *a, const void *b) {
  uint32_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

/* No text id may stand for two texts. */
static int texts_differ(const exprove_session *s) {
  uint32_t count = 0, *ids = malloc(((size_t)s->instruments + s->order_count + 1) * sizeof *ids);
  if (ids == NULL) return 0;
  for (uint32_t i = 1; i <= s->instruments; i++) ids[count++] = s->symbol_text[i];
  for (uint32_t i = 0; i < s->order_count; i++) {
    if (s->orders[i].text != NO_TEXT) ids[count++] = s->orders[i].text;
  }
  qsort(ids, count, sizeof *ids, by_value);
  int differ = 1;
  for (uint32_t i = 1; i < count; i++) differ = differ && ids[i - 1] != ids[i];
  free(ids);
  return differ;
}

static void read_orders(exprove_session *s, reader *r) {
  uint32_t count = read_count(r, ORDER_SIZE, MAX_ORDERS);
  r->good = r->good && (count == 0 || s->channel == EXPROVE_CHANNEL_ORDER_ENTRY);
  for (uint32_t i = 0; i < count && r->good; i++) {
    own_order o;
    memset(&o, 0, sizeof o);
    READ(r, o.token);
    READ(r, o.side);
    READ(r, o.instrument);
    READ(r, o.text);
    READ(r, o.price);
    READ(r, o.remaining);
    READ(r, o.executed);
    READ(r, o.reference);
    int foreign = nasdaq_token_read(o.token) == 0;
    r->good = r->good && field_length(o.token, TOKEN_SIZE) > 0 &&
              (o.side == EXPROVE_SIDE_BUY || o.side == EXPROVE_SIDE_SELL) && o.instrument < s->instruments &&
              (o.text == NO_TEXT ? !foreign : o.text < s->texts) && nasdaq_find_order(s, o.token) == NULL;
    if (r->good) *nasdaq_add_order(s, o.token) = o;
  }
}

exprove_status nasdaq_load(exprove_session *s, const uint8_t *bytes, uint64_t size) {
  if (s == NULL || (bytes == NULL && size > 0)) return EXPROVE_INVALID_ARGUMENT;
  nasdaq_clear(s);
  reader r = {bytes, size, 1};
  read_head(s, &r);
  if (r.good) read_instruments(s, &r);
  if (r.good) read_orders(s, &r);
  if (r.good && r.left == 0 && texts_differ(s)) return EXPROVE_OK;
  nasdaq_clear(s);
  return EXPROVE_BAD_DATA;
}
