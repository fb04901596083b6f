/* SPDX-License-Identifier: Apache-2.0
 *
 * A correct adapter of a made-up venue, from which each broken one differs by one defect: it includes this file,
 * replaces a slot or a macro, and includes `entry.h`.
 *
 * Market data, little-endian, a frame is `type u8 · sequence u16 · …`:
 *   S  symbol u8 · scale u8 · name 8 bytes                                     defines the next symbol
 *   A  symbol u8 · side B or S · order u32 · price u32 (1e-4) · quantity u32 · second of the day u32
 *   E  symbol u8 · order u32 · quantity u32 · second u32
 *   D  symbol u8 · order u32 · second u32
 *   Q  symbol u8 · bid price u32 · bid quantity u32 · ask price u32 · ask quantity u32
 *   H  symbol u8 · state u8
 * Order entry, without sequence: sent N, C, R; received K, J, X, F, P, B:
 *   N  order u64 · side · price u64 · quantity u64 · name 8 bytes
 *   C  order u64 · quantity u64
 *   R  order u64 · previous u64 · price u64 · quantity u64
 *   K  order u64 · venue's order u64                                              acknowledged
 *   J  order u64 · reason u8                                                      rejected
 *   X  order u64 · quantity u64                                                   cancelled
 *   F  order u64 · price u64 · quantity u64 · match u64 · late u8                 filled
 *   P  order u64 · previous u64 · price u64 · quantity u64                        replaced
 *   B  order u64 · match u64                                                      a fill that is void
 */
#ifndef BROKEN_BASE_H
#define BROKEN_BASE_H

#include <exprove/adapter.h>
#include <stdlib.h>
#include <string.h>

enum { SYMBOLS = 16, MESSAGES = 15, STATE_SIZE = 16 + SYMBOLS * 9 + MESSAGES * 8, MAX_EVENTS = 4 };
static const char base_types[MESSAGES + 1] = "SAEDQHNCRKJXFPB";

struct exprove_session {
  uint32_t framing, channel;
  int64_t day_start;
  uint16_t sequence; /* of the last frame */
  uint8_t seen, count;
  uint8_t name[SYMBOLS][8], scale[SYMBOLS];
  uint64_t counters[MESSAGES];
};

/* --- Small things ------------------------------------------------------------------------------*/

static inline uint64_t base_number(const uint8_t *at, int size) {
  uint64_t value = 0;
  for (int i = size; i-- > 0;) value = value << 8 | at[i];
  return value;
}

static inline void base_put(uint8_t *at, uint64_t value, int size) {
  for (int i = 0; i < size; i++) at[i] = (uint8_t)(value >> (8 * i));
}

static inline void base_say(exprove_text *error, const char *text) {
  if (!error) return;
  size_t size = strlen(text);
  if (size > error->capacity) size = error->capacity;
  if (size > 0) memcpy(error->data, text, size);
  error->size = (uint32_t)size;
}

static const exprove_host *base_host;

/* --- Lifecycle ---------------------------------------------------------------------------------*/

static inline exprove_status base_init(const exprove_host *host, exprove_text *error) {
  if (!host || host->struct_size < 8 || host->abi_version != EXPROVE_ABI_VERSION_1_0) {
    base_say(error, "no host of ABI 1.0");
    return EXPROVE_INVALID_ARGUMENT;
  }
  base_host = host;
  return EXPROVE_OK;
}

static inline void base_deinit(void) { base_host = NULL; }

static inline void base_note(const char *text) {
  if (base_host && base_host->struct_size >= sizeof *base_host && base_host->log)
    base_host->log(base_host->cookie, 2, text, (uint32_t)strlen(text));
}

static inline exprove_status base_check(const exprove_config *config, exprove_text *error) {
  if (!config || config->struct_size < sizeof *config) {
    base_say(error, "the configuration is too short");
    return EXPROVE_INVALID_ARGUMENT;
  }
  int message = config->framing == EXPROVE_FRAMING_MESSAGE, length = config->framing == EXPROVE_FRAMING_LENGTH16;
  int market = config->channel == EXPROVE_CHANNEL_MARKET_DATA, orders = config->channel == EXPROVE_CHANNEL_ORDER_ENTRY;
  if (!(message || length) || !(market || orders) || (orders && length)) {
    base_say(error, "this framing and channel are not offered together");
    return EXPROVE_NOT_IMPLEMENTED;
  }
  for (uint32_t i = 0; i < config->settings_count; i++) {
    if (strcmp(config->settings[i].key, "depth") != 0) {
      base_say(error, "the only setting is depth");
      return EXPROVE_INVALID_ARGUMENT;
    }
  }
  return EXPROVE_OK;
}

static inline exprove_status base_create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  exprove_status status = base_check(config, error);
  if (status != EXPROVE_OK) return status;
  exprove_session *s = calloc(1, sizeof *s);
  if (!s) return EXPROVE_OUT_OF_MEMORY;
  s->framing = config->framing;
  s->channel = config->channel;
  s->day_start = config->day_start;
  *session = s;
  return EXPROVE_OK;
}

static inline void base_destroy(exprove_session *s) { free(s); }

static inline exprove_status base_reset(exprove_session *s) {
  exprove_session fresh = {.framing = s->framing, .channel = s->channel, .day_start = s->day_start};
  *s = fresh;
  return EXPROVE_OK;
}

/* --- Decoding ----------------------------------------------------------------------------------*/

static inline exprove_event *base_event(exprove_event *e, uint8_t kind, uint32_t frame, uint32_t instrument) {
  memset(e, 0, sizeof *e);
  e->kind = kind;
  e->frame = frame;
  e->instrument = instrument;
  return e;
}

static inline uint32_t base_malformed(exprove_event *out, uint32_t frame, uint16_t reason, uint64_t offset) {
  exprove_event *e = base_event(out, EXPROVE_KIND_MALFORMED, frame, EXPROVE_NO_INSTRUMENT);
  e->level = reason;
  e->aux = offset;
  e->flags = EXPROVE_FLAG_NO_EVENT_TIME;
  return 1;
}

/* A symbol's text and definition. */
static inline uint32_t base_define(exprove_session *s, exprove_event *out, uint32_t frame, const uint8_t *name,
                                   uint8_t scale) {
  uint32_t id = s->count++;
  memcpy(s->name[id], name, 8);
  s->scale[id] = scale;
  exprove_event_text *text = (exprove_event_text *)base_event(out, EXPROVE_KIND_TEXT, frame, id);
  memcpy(text->bytes, name, 8);
  while (text->level < 8 && name[text->level] != 0) text->level++;
  text->flags = EXPROVE_FLAG_NO_EVENT_TIME;
  exprove_event *e = base_event(out + 1, EXPROVE_KIND_INSTRUMENT, frame, id);
  e->aux = id;
  e->level = scale;
  e->flags = EXPROVE_FLAG_NO_EVENT_TIME;
  return 2;
}

static inline int base_is_name(const uint8_t *name) {
  int size = 0;
  while (size < 8 && name[size] >= 'A' && name[size] <= 'Z') size++;
  for (int i = size; i < 8; i++)
    if (name[i] != 0) return 0;
  return size > 0;
}

static inline uint32_t base_market(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t frame,
                                   exprove_event *out) {
  static const uint8_t sizes[6] = {13, 21, 16, 12, 20, 5};
  uint8_t type = p[0];
  const char *found = memchr(base_types, type, 6);
  exprove_event *e = out;
  if (!found) {
    e = base_event(out, EXPROVE_KIND_UNKNOWN, frame, EXPROVE_NO_INSTRUMENT);
    e->aux = type;
    e->flags = EXPROVE_FLAG_NO_EVENT_TIME;
    return 1;
  }
  uint32_t index = (uint32_t)(found - base_types), wanted = sizes[index], symbol = size > 3 ? p[3] : 0;
  if (size < wanted) return base_malformed(out, frame, EXPROVE_MALFORMED_SHORT, size);
  if (size > wanted) return base_malformed(out, frame, EXPROVE_MALFORMED_LONG, wanted);
  if (type == 'S') {
    if (symbol != s->count || symbol >= SYMBOLS) return base_malformed(out, frame, EXPROVE_MALFORMED_REFERENCE, 3);
    if (p[4] > 18) return base_malformed(out, frame, EXPROVE_MALFORMED_FIELD, 4);
    if (!base_is_name(p + 5)) return base_malformed(out, frame, EXPROVE_MALFORMED_FIELD, 5);
  } else if (symbol >= s->count) {
    return base_malformed(out, frame, EXPROVE_MALFORMED_REFERENCE, 3);
  }
  if (type == 'A' && p[4] != 'B' && p[4] != 'S') return base_malformed(out, frame, EXPROVE_MALFORMED_FIELD, 4);
  if (type == 'H' && p[4] > 9) return base_malformed(out, frame, EXPROVE_MALFORMED_FIELD, 4);
  int timed = type == 'A' || type == 'E' || type == 'D';
  uint64_t second = timed ? base_number(p + size - 4, 4) : 0, sequence = base_number(p + 1, 2);
  if (second >= 86400) return base_malformed(out, frame, EXPROVE_MALFORMED_RANGE, size - 4);

  s->counters[index]++;
  uint16_t expected = (uint16_t)(s->sequence + 1);
  if (s->seen && sequence != expected) {
    e = base_event(e, EXPROVE_KIND_GAP, frame, EXPROVE_NO_INSTRUMENT);
    e->venue_sequence = expected;
    e->aux = (uint16_t)(sequence - expected);
    e++->flags = EXPROVE_FLAG_NO_EVENT_TIME;
  }
  s->seen = 1;
  s->sequence = (uint16_t)sequence;
  exprove_event *first = e;
  switch (type) {
  case 'S':
    e += base_define(s, e, frame, p + 5, p[4]);
    break;
  case 'A':
    e = base_event(e, EXPROVE_KIND_ORDER_ADD, frame, symbol);
    e->side = p[4] == 'B' ? EXPROVE_SIDE_BUY : EXPROVE_SIDE_SELL;
    e->order_id = base_number(p + 5, 4);
    e->price = (int64_t)base_number(p + 9, 4) * 100000;
    e++->quantity = (int64_t)base_number(p + 13, 4);
    break;
  case 'E':
    e = base_event(e, EXPROVE_KIND_ORDER_EXECUTE, frame, symbol);
    e->order_id = base_number(p + 4, 4);
    e->quantity = (int64_t)base_number(p + 8, 4);
    e++->flags = EXPROVE_FLAG_RESTING_PRICE | EXPROVE_FLAG_VOLUME;
    break;
  case 'D':
    e = base_event(e, EXPROVE_KIND_ORDER_DELETE, frame, symbol);
    e++->order_id = base_number(p + 4, 4);
    break;
  case 'Q':
    for (int i = 0; i < 2; i++, e++) {
      base_event(e, EXPROVE_KIND_QUOTE, frame, symbol);
      e->side = i == 0 ? EXPROVE_SIDE_BUY : EXPROVE_SIDE_SELL;
      e->price = (int64_t)base_number(p + 4 + 8 * i, 4) * 100000;
      e->quantity = (int64_t)base_number(p + 8 + 8 * i, 4);
    }
    break;
  default:
    e = base_event(e, EXPROVE_KIND_STATUS, frame, symbol);
    e++->level = p[4];
  }
  for (exprove_event *x = first; x < e; x++) {
    x->flags |= timed ? 0 : EXPROVE_FLAG_NO_EVENT_TIME;
    if (x->kind != EXPROVE_KIND_TEXT) x->venue_sequence = sequence;
    x->event_time = timed ? s->day_start + (int64_t)second * 1000000000 : 0;
  }
  return (uint32_t)(e - out);
}

static inline uint32_t base_orders(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t frame,
                                   exprove_event *out) {
  static const uint8_t sizes[9] = {34, 17, 33, 17, 10, 17, 34, 33, 17}, kinds[9] = {32, 33, 34, 35, 36, 37, 38, 39, 41};
  const char *found = memchr(base_types + 6, p[0], 9);
  if (!found) {
    exprove_event *e = base_event(out, EXPROVE_KIND_UNKNOWN, frame, EXPROVE_NO_INSTRUMENT);
    e->aux = p[0];
    e->flags = EXPROVE_FLAG_NO_EVENT_TIME;
    return 1;
  }
  uint32_t index = (uint32_t)(found - base_types - 6), wanted = sizes[index], symbol = EXPROVE_NO_INSTRUMENT;
  if (size < wanted) return base_malformed(out, frame, EXPROVE_MALFORMED_SHORT, size);
  if (size > wanted) return base_malformed(out, frame, EXPROVE_MALFORMED_LONG, wanted);
  exprove_event *e = out;
  uint64_t price = 0, quantity = 0;
  uint32_t priced = p[0] == 'N' ? 10 : p[0] == 'F' ? 9 : p[0] == 'R' || p[0] == 'P' ? 17 : 0;
  if (priced != 0) {
    price = base_number(p + priced, 8);
    quantity = base_number(p + priced + 8, 8);
  } else if (p[0] == 'C' || p[0] == 'X') {
    quantity = base_number(p + 9, 8);
  }
  if (price > INT64_MAX || quantity > INT64_MAX) return base_malformed(out, frame, EXPROVE_MALFORMED_RANGE, size - 16);
  if (p[0] == 'J' && p[9] > 12) return base_malformed(out, frame, EXPROVE_MALFORMED_FIELD, 9);
  if (p[0] == 'F' && p[33] > 1) return base_malformed(out, frame, EXPROVE_MALFORMED_FIELD, 33);
  if (p[0] == 'N') {
    if (p[9] != 1 && p[9] != 2) return base_malformed(out, frame, EXPROVE_MALFORMED_FIELD, 9);
    if (!base_is_name(p + 26)) return base_malformed(out, frame, EXPROVE_MALFORMED_FIELD, 26);
    for (symbol = 0; symbol < s->count; symbol++)
      if (memcmp(s->name[symbol], p + 26, 8) == 0) break;
    if (symbol == SYMBOLS) return base_malformed(out, frame, EXPROVE_MALFORMED_TOO_MANY, 26);
    if (symbol == s->count) e += base_define(s, e, frame, p + 26, 0);
  }
  s->counters[6 + index]++;
  base_event(e, kinds[index], frame, symbol);
  e->order_id = base_number(p + 1, 8);
  e->side = p[0] == 'N' ? p[9] : EXPROVE_SIDE_NONE;
  e->price = (int64_t)price;
  e->quantity = (int64_t)quantity;
  if (memchr("RKPB", p[0], 4)) e->aux = base_number(p + 9, 8);
  if (p[0] == 'F') e->aux = base_number(p + 25, 8);
  if (p[0] == 'J') e->level = p[9];
  if (p[0] == 'X') e->level = EXPROVE_REASON_REQUESTED;
  int corrects = p[0] == 'B' || (p[0] == 'F' && p[33] == 1);
  e++->flags = (uint16_t)(EXPROVE_FLAG_NO_EVENT_TIME | (priced == 0 ? EXPROVE_FLAG_NO_PRICE : 0) |
                          (corrects ? EXPROVE_FLAG_CORRECTION : 0));
  return (uint32_t)(e - out);
}

/* One frame's events, at most MAX_EVENTS. */
static inline uint32_t base_frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t frame,
                                  exprove_event *out) {
  uint32_t count = 0;
  if (size == 0) count = base_malformed(out, frame, EXPROVE_MALFORMED_SHORT, 0);
  else if (s->channel == EXPROVE_CHANNEL_ORDER_ENTRY) count = base_orders(s, p, size, frame, out);
  else count = base_market(s, p, size, frame, out);
  out[count - 1].flags |= EXPROVE_FLAG_LAST;
  return count;
}

#ifndef FRAME
#define FRAME base_frame
#endif

static inline exprove_status base_decode(exprove_session *s, exprove_batch *b) {
  if (!s || !b || b->struct_size < sizeof *b || b->event_capacity < MAX_EVENTS) return EXPROVE_INVALID_ARGUMENT;
  uint32_t used = 0, filled = 0;
  for (; used < b->frame_count && b->event_capacity - filled >= MAX_EVENTS; used++) {
    const exprove_frame *f = &b->frames[used];
    exprove_event out[MAX_EVENTS];
    uint32_t count = FRAME(s, b->bytes + f->data, f->length, used, out);
    memcpy(b->events + filled, out, count * sizeof out[0]);
    filled += count;
  }
  b->frames_used = used;
  b->events_filled = filled;
  return EXPROVE_OK;
}

static inline exprove_status base_counters(const exprove_session *s, uint64_t *values, uint32_t capacity) {
  for (uint32_t i = 0; i < MESSAGES && i < capacity; i++) values[i] = s->counters[i];
  return EXPROVE_OK;
}

/* --- State -------------------------------------------------------------------------------------*/

static inline exprove_status base_save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size) {
  *size = STATE_SIZE;
  if (capacity < STATE_SIZE) return EXPROVE_TOO_SMALL;
  memset(out, 0, STATE_SIZE);
  memcpy(out, "base", 4);
  base_put(out + 4, s->sequence, 2);
  out[6] = s->seen;
  out[7] = s->count;
  for (int i = 0; i < s->count; i++) {
    memcpy(out + 16 + 9 * i, s->name[i], 8);
    out[16 + 9 * i + 8] = s->scale[i];
  }
  for (int i = 0; i < MESSAGES; i++) base_put(out + 16 + SYMBOLS * 9 + 8 * i, s->counters[i], 8);
  return EXPROVE_OK;
}

static inline exprove_status base_load(exprove_session *s, const uint8_t *bytes, uint64_t size) {
  base_reset(s);
  if (size != STATE_SIZE || memcmp(bytes, "base", 4) != 0 || bytes[6] > 1 || bytes[7] > SYMBOLS)
    return EXPROVE_BAD_DATA;
  if (base_number(bytes + 8, 8) != 0 || (bytes[6] == 0 && (bytes[4] | bytes[5]) != 0)) return EXPROVE_BAD_DATA;
  for (int i = 0; i < SYMBOLS; i++) {
    const uint8_t *at = bytes + 16 + 9 * i;
    if (i < bytes[7] ? !base_is_name(at) || at[8] > 18 : base_number(at, 8) != 0 || at[8] != 0) return EXPROVE_BAD_DATA;
  }
  s->sequence = (uint16_t)base_number(bytes + 4, 2);
  s->seen = bytes[6];
  s->count = bytes[7];
  for (int i = 0; i < s->count; i++) {
    memcpy(s->name[i], bytes + 16 + 9 * i, 8);
    s->scale[i] = bytes[16 + 9 * i + 8];
  }
  for (int i = 0; i < MESSAGES; i++) s->counters[i] = base_number(bytes + 16 + SYMBOLS * 9 + 8 * i, 8);
  return EXPROVE_OK;
}

/* --- Optional slots ----------------------------------------------------------------------------*/

static inline exprove_status base_encode(const exprove_session *s, const exprove_order_request *r, uint8_t *out,
                                         uint32_t capacity, uint32_t *size, exprove_text *error) {
  uint8_t m[34] = {0};
  if (!s || !r || r->struct_size < sizeof *r || r->symbol_size > 8 || r->price < 0 || r->quantity < 0 ||
      r->quantity_scale != 0 || r->order_id == 0) {
    base_say(error, "the venue has whole quantities and names of eight letters");
    return EXPROVE_INVALID_ARGUMENT;
  }
  base_put(m + 1, r->order_id, 8);
  switch (r->action) {
  case EXPROVE_ORDER_NEW:
    m[0] = 'N';
    m[9] = r->side;
    base_put(m + 10, (uint64_t)r->price, 8);
    base_put(m + 18, (uint64_t)r->quantity, 8);
    memcpy(m + 26, r->symbol, r->symbol_size);
    if (!base_is_name(m + 26) || r->side < 1 || r->side > 2) {
      base_say(error, "an order needs a side and a name of capital letters");
      return EXPROVE_INVALID_ARGUMENT;
    }
    *size = 34;
    break;
  case EXPROVE_ORDER_CANCEL:
    m[0] = 'C';
    base_put(m + 9, (uint64_t)r->quantity, 8);
    *size = 17;
    break;
  case EXPROVE_ORDER_REPLACE:
    m[0] = 'R';
    base_put(m + 9, r->previous_id, 8);
    base_put(m + 17, (uint64_t)r->price, 8);
    base_put(m + 25, (uint64_t)r->quantity, 8);
    *size = 33;
    break;
  default:
    base_say(error, "unknown action");
    return EXPROVE_INVALID_ARGUMENT;
  }
  if (capacity < *size) return EXPROVE_TOO_SMALL;
  memcpy(out, m, *size);
  return EXPROVE_OK;
}

static inline exprove_status base_frame_time(const exprove_session *s, const uint8_t *bytes, uint64_t bytes_size,
                                             const exprove_frame *frames, uint32_t count, int64_t *times) {
  (void)bytes_size;
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *p = bytes + frames[i].data;
    uint32_t size = frames[i].length;
    times[i] = INT64_MIN;
    if (s->channel != EXPROVE_CHANNEL_MARKET_DATA || size < 12 || size > 21) continue;
    if ((p[0] == 'A' && size == 21) || (p[0] == 'E' && size == 16) || (p[0] == 'D' && size == 12)) {
      uint64_t second = base_number(p + size - 4, 4);
      if (second < 86400) times[i] = s->day_start + (int64_t)second * 1000000000;
    }
  }
  return EXPROVE_OK;
}

#endif
