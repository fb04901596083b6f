/* SPDX-License-Identifier: Apache-2.0
 *
 * What deep.binding says, written in C and compiled in: the two must give the same events, byte for byte.
 */
#include <deep.h>
#include <exprove/adapter.h>
#include <stdlib.h>
#include <string.h>

EXPROVE_MANIFEST(
    "name: deep-compiled\n"
    "version: 1.0.0\n"
    "vendor: ExProve\n"
    "licence: Apache-2.0\n"
    "summary: IEX DEEP 1.0 by libdeep, compiled in.\n"
    "abi: 1.0\n"
    "protocol: IEX DEEP 1.0 over IEX-TP 1.0\n"
    "framing: packet\n"
    "channel: market-data\n"
    "max-events: 4096\n"
    "message: S\nmessage: D\nmessage: H\nmessage: O\nmessage: P\nmessage: E\nmessage: 8\nmessage: 5\nmessage: T\n"
    "message: B\n")

enum { MESSAGES = 10, MAX_EVENTS = 4096, MAX_SYMBOLS = 65536, SLOTS = 1 << 18 };
static const char types[] = "SDHOPE85TB";

struct exprove_session {
  deep_decoder *decoder;
  uint64_t counts[MESSAGES];
  char (*symbols)[9];
  uint32_t *slots, count;
  exprove_event *out;
  uint32_t filled, limit, frame;
  int is_full;
};

static int add(exprove_session *s, exprove_event e) {
  if (s->filled + 1 >= s->limit) return s->is_full = 1, 0;
  e.frame = s->frame;
  s->out[s->filled++] = e;
  return 1;
}

static void malformed(exprove_session *s, uint16_t why) {
  add(s, (exprove_event){.kind = EXPROVE_KIND_MALFORMED, .instrument = EXPROVE_NO_INSTRUMENT, .level = why,
                         .flags = EXPROVE_FLAG_NO_EVENT_TIME});
}

/* UTF-8 without control characters, as a symbol is to be. */
static int is_symbol(const char *symbol) {
  const uint8_t *p = (const uint8_t *)symbol;
  if (*p == 0) return 0;
  while (*p != 0) {
    uint32_t c = p[0], more = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3, value = c < 0x80 ? c : c & (0x3Fu >> more);
    static const uint32_t least[] = {0x20, 0x80, 0x800, 0x10000};
    if (c == 0x7F || (c >= 0x80 && c < 0xC2) || c > 0xF4) return 0;
    for (uint32_t i = 1; i <= more; i++) {
      if ((p[i] & 0xC0) != 0x80) return 0;
      value = value << 6 | (p[i] & 0x3F);
    }
    if (value < least[more] || (value >= 0xD800 && value < 0xE000) || value > 0x10FFFF) return 0;
    p += more + 1;
  }
  return 1;
}

/* The number of a symbol, introduced when it is new; 0 when there is none, and then the reason was told. */
static int instrument(exprove_session *s, const char *symbol, uint32_t *number) {
  uint32_t hash = 2166136261u;
  for (const char *p = symbol; *p != 0; p++) hash = (hash ^ (uint8_t)*p) * 16777619u;
  uint32_t *slot = &s->slots[(hash ^ hash >> 15) & (SLOTS - 1)];
  while (*slot != 0 && strcmp(s->symbols[*slot - 1], symbol) != 0) slot = slot + 1 < s->slots + SLOTS ? slot + 1 : s->slots;
  if (*slot != 0) return *number = *slot - 1, 1;
  if (!is_symbol(symbol)) return malformed(s, EXPROVE_MALFORMED_FIELD), 0;
  if (s->count == MAX_SYMBOLS) return malformed(s, EXPROVE_MALFORMED_RANGE), 0;
  if (s->filled + 3 > s->limit) return s->is_full = 1, 0;
  *number = s->count++;
  *slot = s->count;
  strcpy(s->symbols[*number], symbol);
  exprove_event_text t = {.text_id = *number, .kind = EXPROVE_KIND_TEXT, .flags = EXPROVE_FLAG_NO_EVENT_TIME,
                          .level = (uint16_t)strlen(symbol)};
  memcpy(t.bytes, symbol, t.level);
  exprove_event e;
  memcpy(&e, &t, sizeof e);
  add(s, e);
  return add(s, (exprove_event){.instrument = *number, .aux = *number, .kind = EXPROVE_KIND_INSTRUMENT,
                                .flags = EXPROVE_FLAG_NO_EVENT_TIME});
}

static void count(exprove_session *s, char type) { s->counts[strchr(types, type) - types]++; }

/* An event of a message, if its numbers and its symbol are good. */
static int event(exprove_session *s, const deep_header *h, exprove_event e, int64_t price) {
  e.event_time = h->time;
  e.venue_sequence = h->sequence;
  e.instrument = EXPROVE_NO_INSTRUMENT;
  if (h->type != 'S' && !instrument(s, h->symbol, &e.instrument)) return 0;
  if (__builtin_mul_overflow(price, INT64_C(100000), &e.price)) return malformed(s, EXPROVE_MALFORMED_RANGE), 0;
  return add(s, e);
}

static void on_level(void *user, const deep_level *l) {
  exprove_session *s = user;
  exprove_event e = {.kind = EXPROVE_KIND_LEVEL, .side = l->header.type == '8' ? EXPROVE_SIDE_BUY : EXPROVE_SIDE_SELL,
                     .quantity = l->size, .flags = l->is_complete ? EXPROVE_FLAG_LAST : 0};
  if (event(s, &l->header, e, l->price)) count(s, l->header.type);
}

static void on_trade(void *user, const deep_trade *t, int is_break) {
  exprove_session *s = user;
  uint16_t cross = t->conditions & DEEP_TRADE_CROSS ? EXPROVE_FLAG_CROSS : 0;
  exprove_event e = {.kind = is_break ? EXPROVE_KIND_TRADE_BREAK : EXPROVE_KIND_TRADE, .quantity = t->size, .aux = t->id,
                     .flags = EXPROVE_FLAG_LAST | (is_break ? EXPROVE_FLAG_CORRECTION : EXPROVE_FLAG_VOLUME | cross)};
  if (event(s, &t->header, e, t->price)) count(s, is_break ? 'B' : 'T');
}

/* What a letter says of trading; -1 for one that is not of the format. */
static int status_of(const char *letters, const uint8_t *meanings, char letter) {
  const char *found = letter == 0 ? NULL : strchr(letters, letter);
  return found == NULL ? -1 : meanings[found - letters];
}

static void on_status(void *user, deep_status d) {
  static const uint8_t market[] = {EXPROVE_TRADING_UNKNOWN, EXPROVE_TRADING_PRE_OPEN, EXPROVE_TRADING_OPEN,
                                   EXPROVE_TRADING_POST_CLOSE, EXPROVE_TRADING_CLOSED, EXPROVE_TRADING_CLOSED};
  static const uint8_t security[] = {EXPROVE_TRADING_HALTED, EXPROVE_TRADING_AUCTION, EXPROVE_TRADING_PAUSED,
                                     EXPROVE_TRADING_OPEN};
  exprove_session *s = user;
  exprove_event e = {.kind = EXPROVE_KIND_NOTICE, .aux = (uint8_t)d.code, .flags = EXPROVE_FLAG_LAST};
  int level = 0;
  if (d.header.type == 'S') level = status_of("OSRMEC", market, d.code);
  if (d.header.type == 'H') {
    uint32_t ignored;
    /* In the order of the binding: the symbol is introduced before the status is looked at. */
    if (!instrument(s, d.header.symbol, &ignored)) return;
    level = status_of("HOPT", security, d.code);
    e.aux = 0;
    for (uint32_t i = 0; i < 5 && d.reason[i] != 0; i++) e.aux |= (uint64_t)(uint8_t)d.reason[i] << (8 * i);
  }
  if (level < 0) return malformed(s, EXPROVE_MALFORMED_FIELD);
  if (d.header.type == 'S' || d.header.type == 'H') e.kind = EXPROVE_KIND_STATUS;
  if (d.header.type == 'S' && d.code < 0) return malformed(s, EXPROVE_MALFORMED_RANGE);
  e.level = (uint16_t)level;
  if (event(s, &d.header, e, 0)) count(s, d.header.type);
}

static void on_directory(void *user, const deep_directory *d) {
  exprove_session *s = user;
  exprove_event e = {.kind = EXPROVE_KIND_NOTICE, .quantity = d->round_lot, .aux = 'D', .flags = EXPROVE_FLAG_LAST};
  if (event(s, &d->header, e, d->reference_price)) count(s, 'D');
}

static void on_gap(void *user, deep_gap gap) {
  add(user, (exprove_event){.kind = EXPROVE_KIND_GAP, .instrument = EXPROVE_NO_INSTRUMENT, .venue_sequence = gap.first,
                            .aux = gap.count, .flags = EXPROVE_FLAG_LAST | EXPROVE_FLAG_NO_EVENT_TIME});
}

static int on_other(void *user, const deep_header *h, const uint8_t *bytes, size_t size) {
  (void)bytes, (void)size;
  add(user, (exprove_event){.kind = EXPROVE_KIND_UNKNOWN, .instrument = EXPROVE_NO_INSTRUMENT, .venue_sequence = h->sequence,
                            .aux = (uint8_t)h->type, .flags = EXPROVE_FLAG_LAST | EXPROVE_FLAG_NO_EVENT_TIME});
  return 0;
}

static void end_frame(exprove_session *s, uint32_t first, uint8_t kind, uint16_t level, uint64_t aux) {
  exprove_event e = {.kind = kind, .instrument = EXPROVE_NO_INSTRUMENT, .level = level, .aux = aux, .frame = s->frame,
                     .flags = EXPROVE_FLAG_NO_EVENT_TIME};
  if (kind != 0 || s->filled == first) s->out[s->filled++] = e;
  s->out[s->filled - 1].flags |= EXPROVE_FLAG_LAST;
}

static void feed(exprove_session *s, const uint8_t *bytes, uint32_t size) {
  uint32_t first = s->filled;
  s->is_full = 0;
  deep_result result = deep_feed(s->decoder, bytes, size);
  uint64_t at = result == DEEP_OK ? 0 : deep_error_offset(s->decoder);
  if (s->is_full) return end_frame(s, first, EXPROVE_KIND_MALFORMED, EXPROVE_MALFORMED_TOO_MANY, 0);
  switch (result) {
  case DEEP_OK: return end_frame(s, first, s->filled == first ? EXPROVE_KIND_NOTICE : 0, 0, 0);
  case DEEP_SHORT: return end_frame(s, first, EXPROVE_KIND_MALFORMED, EXPROVE_MALFORMED_SHORT, at);
  case DEEP_LONG: return end_frame(s, first, EXPROVE_KIND_MALFORMED, EXPROVE_MALFORMED_LONG, at);
  case DEEP_VERSION: return end_frame(s, first, EXPROVE_KIND_UNKNOWN, 0, size > 0 ? bytes[0] : 0);
  default: return end_frame(s, first, EXPROVE_KIND_MALFORMED, EXPROVE_MALFORMED_FIELD, at);
  }
}

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  if (b->frame_count == 0 || b->event_capacity < MAX_EVENTS) return EXPROVE_INVALID_ARGUMENT;
  s->out = b->events;
  s->filled = 0;
  uint32_t i = 0;
  for (; i < b->frame_count; i++) {
    uint32_t most = 8 + b->frames[i].length / 3;
    if (most > MAX_EVENTS) most = MAX_EVENTS;
    if (b->event_capacity - s->filled < most) break;
    s->limit = s->filled + most;
    s->frame = i;
    feed(s, b->bytes + b->frames[i].data, b->frames[i].length);
  }
  b->frames_used = i;
  b->events_filled = s->filled;
  return EXPROVE_OK;
}

static exprove_status counters(const exprove_session *s, uint64_t *values, uint32_t capacity) {
  for (uint32_t i = 0; i < MESSAGES && i < capacity; i++) values[i] = s->counts[i];
  return EXPROVE_OK;
}

static exprove_status reset(exprove_session *s) {
  deep_reset(s->decoder);
  memset(s->counts, 0, sizeof s->counts);
  memset(s->slots, 0, SLOTS * sizeof *s->slots);
  s->count = 0;
  return EXPROVE_OK;
}

/* It is compared and measured, and never resumed. */
static exprove_status save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size) {
  (void)s, (void)out, (void)capacity, (void)size;
  return EXPROVE_NOT_IMPLEMENTED;
}
static exprove_status load(exprove_session *s, const uint8_t *bytes, uint64_t size) {
  (void)s, (void)bytes, (void)size;
  return EXPROVE_NOT_IMPLEMENTED;
}

static exprove_status init(const exprove_host *host, exprove_text *error) {
  (void)host, (void)error;
  return EXPROVE_OK;
}
static void deinit(void) {}

static void destroy(exprove_session *s) {
  if (s == NULL) return;
  if (s->decoder != NULL) deep_close(s->decoder);
  free(s->symbols);
  free(s->slots);
  free(s);
}

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  (void)config, (void)error;
  exprove_session *s = calloc(1, sizeof *s);
  *session = NULL;
  if (s == NULL) return EXPROVE_OUT_OF_MEMORY;
  s->symbols = calloc(MAX_SYMBOLS, sizeof *s->symbols);
  s->slots = calloc(SLOTS, sizeof *s->slots);
  deep_callbacks callbacks = {.size = sizeof callbacks, .user = s, .on_level = on_level, .on_trade = on_trade,
                              .on_status = on_status, .on_directory = on_directory, .on_gap = on_gap, .on_other = on_other};
  s->decoder = deep_open(&callbacks);
  if (s->symbols == NULL || s->slots == NULL || s->decoder == NULL) return destroy(s), EXPROVE_OUT_OF_MEMORY;
  *session = s;
  return EXPROVE_OK;
}

EXPROVE_EXPORT exprove_status exprove_adapter_entry(uint32_t abi_version, exprove_adapter *adapter) {
  if (abi_version != EXPROVE_ABI_VERSION_1_0) return EXPROVE_NOT_IMPLEMENTED;
  exprove_adapter table = {
      .struct_size = adapter->struct_size, .abi_version = EXPROVE_ABI_VERSION_1_0, .manifest = exprove_manifest_text,
      .manifest_size = sizeof exprove_manifest_text - 1, .init = init, .deinit = deinit, .create = create,
      .destroy = destroy, .reset = reset, .decode = decode, .counters = counters, .save = save, .load = load};
  memcpy(adapter, &table, adapter->struct_size < sizeof table ? adapter->struct_size : sizeof table);
  return EXPROVE_OK;
}
