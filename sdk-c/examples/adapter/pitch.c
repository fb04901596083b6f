/* SPDX-License-Identifier: Apache-2.0
 *
 * A venue adapter to learn from: BATS PITCH in its text form, after the exchange's "US Equities TCP PITCH
 * Specification". A frame is one line, and a line is one message:
 *
 *   S28800011AAK27GA0000DTS000100SH    0000619200Y
 *
 * S: sequenced data, the session's letter, which some files leave out. 28800011: milliseconds after midnight in New
 * York. A: add order. What follows depends on that letter, here an order id in base 36, sell, 100 shares, the symbol
 * padded with blanks, a price of six digits and four decimals, and that the order is displayed.
 * To be read from top to bottom, along with README.md: manifest, messages, memory, decoding, state, entry.
 */
#include <exprove/adapter.h>
#include <stdlib.h>
#include <string.h>
EXPROVE_STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, events_are_little_endian);

/* --- 1. The manifest: what a host learns before it runs any of this --------------------------------------------*/

EXPROVE_MANIFEST(
    "name: pitch\n"
    "version: 1.0.0\n"
    "vendor: ExProve\n"
    "licence: Apache-2.0\n"
    "summary: BATS PITCH in its text form, an adapter to learn from.\n"
    "abi: 1.0\n"
    "protocol: BATS US Equities TCP PITCH\n"
    "framing: line\n"
    "channel: market-data\n"
    "frame-time: yes\n"
    "max-events: 6\n"
    "message: A\nmessage: d\nmessage: E\nmessage: X\nmessage: P\nmessage: r\n"
    "message: B\nmessage: s\nmessage: H\nmessage: I\nmessage: J\nmessage: R\n")

enum { MESSAGES = 12, MAX_EVENTS = 6, MAX_FIELDS = 8, HEADER = 9, MAX_SYMBOLS = 65536, MAX_SHARES = 999999 };
#define MAX_ID UINT64_C(4738381338321616895) /* twelve digits of base 36 */
#define DAY INT64_C(86400000)                /* in milliseconds */

/* --- 2. The messages, as the specification lays them out -------------------------------------------------------*/

/* What a field holds, and with that where in the event it goes. Up to IGNORED it is text, then numbers. */
enum { NOTHING, SYMBOL, SIDE, CODE, IGNORED, ORDER, EXECUTION, SHARES, SUM, PRICE, TIME };

typedef struct field {
  uint8_t holds, size;
  const char *one_of; /* the letters that may stand there; NULL: any */
} field;

#define SYMBOL_OF(size) {SYMBOL, size, NULL}
#define ORDER_ID {ORDER, 12, NULL}
#define EXECUTION_ID {EXECUTION, 12, NULL}
#define BUY_SELL {SIDE, 1, "BS"}
#define QUANTITY {SHARES, 6, NULL} /* at least 1 */
#define TOTAL {SUM, 10, NULL}
#define DOLLARS {PRICE, 10, NULL}
#define LETTERS(size, set) {CODE, size, set}
#define SKIP(size, set) {IGNORED, size, set}

typedef struct layout {
  uint8_t type, length; /* of time and type, which are HEADER bytes, and the fields behind them */
  uint8_t kind;         /* of the event that it becomes */
  uint16_t flags;
  field fields[MAX_FIELDS];
} layout;

#define RESTING (EXPROVE_FLAG_RESTING_PRICE | EXPROVE_FLAG_VOLUME)
#define UNSEEN (EXPROVE_FLAG_HIDDEN | EXPROVE_FLAG_VOLUME)

/* In the order of the manifest, which is the order of the counters. P and r tell the side of the order that nobody
 * saw; a trade's side is the aggressor's, and that is not told. J adds up what was told trade by trade. */
static const layout layouts[MESSAGES] = {
    {'A', 45, EXPROVE_KIND_ORDER_ADD, 0, {ORDER_ID, BUY_SELL, QUANTITY, SYMBOL_OF(6), DOLLARS, SKIP(1, "YN")}},
    {'d', 52, EXPROVE_KIND_ORDER_ADD, 0,
     {ORDER_ID, BUY_SELL, QUANTITY, SYMBOL_OF(8), DOLLARS, SKIP(1, "YN"), LETTERS(4, NULL), SKIP(1, NULL)}},
    {'E', 39, EXPROVE_KIND_ORDER_EXECUTE, RESTING, {ORDER_ID, QUANTITY, EXECUTION_ID}},
    {'X', 27, EXPROVE_KIND_ORDER_REDUCE, 0, {ORDER_ID, QUANTITY}},
    {'P', 56, EXPROVE_KIND_TRADE, UNSEEN, {ORDER_ID, SKIP(1, "BS"), QUANTITY, SYMBOL_OF(6), DOLLARS, EXECUTION_ID}},
    {'r', 58, EXPROVE_KIND_TRADE, UNSEEN, {ORDER_ID, SKIP(1, "BS"), QUANTITY, SYMBOL_OF(8), DOLLARS, EXECUTION_ID}},
    {'B', 21, EXPROVE_KIND_TRADE_BREAK, EXPROVE_FLAG_CORRECTION, {EXECUTION_ID}},
    {'s', 17, EXPROVE_KIND_CLEAR, 0, {SYMBOL_OF(8)}},
    {'H', 21, EXPROVE_KIND_STATUS, 0, {SYMBOL_OF(8), LETTERS(1, "AHQST"), LETTERS(1, "01"), SKIP(2, NULL)}},
    {'I', 68, EXPROVE_KIND_AUCTION, 0, {SYMBOL_OF(8), LETTERS(1, NULL), DOLLARS, TOTAL, TOTAL, DOLLARS, DOLLARS}},
    {'J', 38, EXPROVE_KIND_NOTICE, 0, {SYMBOL_OF(8), LETTERS(1, NULL), DOLLARS, TOTAL}},
    {'R', 18, EXPROVE_KIND_NOTICE, 0, {SYMBOL_OF(8), LETTERS(1, "ABSN")}},
};

/* Text is kept as a number, its first letter in the lowest byte and without its padding, as `aux` wants codes. */
static int is_symbol(uint64_t text) {
  uint64_t rest = text;
  while ((rest & 0xFF) > ' ' && (rest & 0xFF) <= '~') rest >>= 8;
  return text != 0 && rest == 0;
}

/* Reads one field. Returns its size, or which of its bytes is wrong, with the reason in `why`. */
static uint32_t read_field(const field *f, const uint8_t *p, uint64_t *value, uint16_t *why) {
  uint64_t v = 0, base = f->holds == ORDER || f->holds == EXECUTION ? 36 : 10;
  *why = EXPROVE_MALFORMED_FIELD;
  for (uint32_t i = 0; i < f->size; i++) {
    uint8_t c = p[i];
    if (f->holds <= IGNORED) {
      if (c < ' ' || c > '~') return i;
      v |= (uint64_t)c << (8 * i);
    } else {
      uint32_t digit = c >= '0' && c <= '9' ? c - 48u : c >= 'A' && c <= 'Z' ? c - 55u : 36u;
      if (digit >= base) return i;
      v = v * base + digit;
    }
  }
  for (uint32_t i = f->size; f->holds <= IGNORED && i > 0 && p[i - 1] == ' '; i--) v ^= (uint64_t)' ' << (8 * (i - 1));
  if (f->holds == SYMBOL && !is_symbol(v)) return 0;
  if (f->one_of != NULL && strchr(f->one_of, p[0]) == NULL) return 0;
  *why = EXPROVE_MALFORMED_RANGE;
  if ((f->holds == TIME && v >= DAY) || (f->holds == SHARES && v == 0)) return 0;
  *value = f->holds == PRICE ? v * 100000 : v; /* four decimals become nine */
  return f->size;
}

/* --- 3. Memory: E and X name an order and B an execution, but no symbol, so these have to be kept --------------*/

typedef struct entry {
  uint64_t key;
  uint16_t kind; /* SYMBOL, ORDER, EXECUTION; NOTHING: this place was never used */
  uint16_t instrument;
  uint32_t shares; /* of an order: what is left, 0 when it is gone; of a symbol: 1 */
} entry;

struct exprove_session {
  int64_t day_start;
  uint64_t seed;
  uint64_t counts[MESSAGES];
  uint32_t symbols;
  entry *entries;        /* a hash table of which at most half is used */
  size_t capacity, used; /* the capacity is a power of two; what is gone stays in use until the table is built anew */
};

/* Where it is, or the unused place where it would be. The seed keeps others from preparing keys that collide. */
static entry *find(const exprove_session *s, uint16_t kind, uint64_t key) {
  uint64_t hash = (key ^ s->seed ^ (uint64_t)kind << 60) * UINT64_C(0x9E3779B97F4A7C15);
  hash = (hash ^ hash >> 32) * UINT64_C(0xD6E8FEB86659FD93);
  for (size_t i = (size_t)(hash ^ hash >> 32);; i++) {
    entry *e = &s->entries[i & (s->capacity - 1)];
    if (e->kind == NOTHING || (e->kind == kind && e->key == key)) return e;
  }
}

static int enter(exprove_session *s, uint16_t kind, uint64_t key, uint32_t instrument, int64_t shares) {
  entry *place = find(s, kind, key);
  s->used += place->kind == NOTHING;
  *place = (entry){key, kind, (uint16_t)instrument, (uint32_t)shares};
  return 1;
}

static size_t living(const exprove_session *s) {
  size_t count = 0;
  for (size_t i = 0; i < s->capacity; i++) count += s->entries[i].shares > 0;
  return count;
}

/* Makes room for what one line can enter: a symbol, an order, an execution. 0 when there is no memory. */
static int reserve(exprove_session *s) {
  if (s->capacity >= 2 * (s->used + 3)) return 1;
  exprove_session anew = *s;
  anew.used = living(s);
  for (anew.capacity = 256; anew.capacity < 4 * (anew.used + 3);) anew.capacity *= 2;
  anew.entries = calloc(anew.capacity, sizeof(entry));
  if (anew.entries == NULL) return 0;
  for (size_t i = 0; i < s->capacity; i++) {
    if (s->entries[i].shares > 0) *find(&anew, s->entries[i].kind, s->entries[i].key) = s->entries[i];
  }
  free(s->entries);
  *s = anew;
  return 1;
}

/* --- 4. Decoding: each line gives an event at least, what it says or why it says nothing -----------------------*/

static int malformed(exprove_event *e, uint16_t why, uint32_t at) {
  *e = (exprove_event){.event_time = e->event_time, .aux = at, .instrument = EXPROVE_NO_INSTRUMENT, .level = why,
                       .kind = EXPROVE_KIND_MALFORMED, .flags = e->flags & EXPROVE_FLAG_NO_EVENT_TIME};
  return 0;
}

/* The line's layout, and an event that has only its time. NULL when it has none, and then the event says why. */
static const layout *open_line(const exprove_session *s, const uint8_t *p, uint32_t size, exprove_event *e) {
  static const field clock = {TIME, 8, NULL};
  uint32_t at = size > 0 && p[0] == 'S', type = at + HEADER - 1;
  uint64_t milliseconds;
  uint16_t why;
  const layout *l = layouts;
  *e = (exprove_event){.kind = EXPROVE_KIND_UNKNOWN, .instrument = EXPROVE_NO_INSTRUMENT,
                       .flags = EXPROVE_FLAG_NO_EVENT_TIME};
  if (size <= type) return malformed(e, EXPROVE_MALFORMED_SHORT, size), NULL;
  e->aux = p[type];
  while (l < layouts + MESSAGES && l->type != p[type]) l++;
  if (l == layouts + MESSAGES) return NULL;
  if (size < at + l->length) return malformed(e, EXPROVE_MALFORMED_SHORT, size), NULL;
  if (size > at + l->length) return malformed(e, EXPROVE_MALFORMED_LONG, at + l->length), NULL;
  uint32_t read = read_field(&clock, p + at, &milliseconds, &why);
  if (read < clock.size) return malformed(e, why, at + read), NULL;
  *e = (exprove_event){.event_time = s->day_start + (int64_t)milliseconds * 1000000, .instrument = e->instrument};
  return l;
}

/* Reads the fields, which begin at `at`, into `value` and the event. 0 when one is wrong. */
static int read_fields(const layout *l, const uint8_t *p, uint32_t at, uint64_t *value, exprove_event *e) {
  uint32_t letters = 0;
  uint16_t why;
  for (uint32_t i = 0; i < MAX_FIELDS && l->fields[i].size > 0; i++) {
    const field *f = &l->fields[i];
    uint32_t read = read_field(f, p + at, &value[i], &why);
    if (read < f->size) return malformed(e, why, at + read);
    at += read;
    switch (f->holds) {
    case ORDER: e->order_id = value[i]; break;
    case EXECUTION: e->aux = value[i]; break;
    case SIDE: e->side = value[i] == 'B' ? EXPROVE_SIDE_BUY : EXPROVE_SIDE_SELL; break;
    case SHARES: case SUM: e->quantity = (int64_t)value[i]; break;
    case PRICE: e->price = (int64_t)value[i]; break;
    case CODE: e->aux |= value[i] << (8 * letters++); break;
    }
  }
  e->kind = l->kind;
  e->flags = l->flags;
  return 1;
}

/* Finds the instrument: by symbol, or by the order or execution that comes first. A new symbol is told before anything
 * refers to it: a TEXT, then the INSTRUMENT of that name, both with the same number. Returns the number of events. */
static uint32_t find_instrument(exprove_session *s, const layout *l, const uint64_t *value, exprove_event *out,
                                exprove_event *e) {
  uint32_t i = MAX_FIELDS - 1;
  while (i > 0 && l->fields[i].holds != SYMBOL) i--;
  const entry *known = find(s, l->fields[i].holds, value[i]);
  if (known->shares > 0) e->instrument = known->instrument;
  if (known->shares > 0 || l->fields[i].holds != SYMBOL || s->symbols == MAX_SYMBOLS) return 0;
  e->instrument = s->symbols++;
  enter(s, SYMBOL, value[i], e->instrument, 1);
  exprove_event_text text = {.event_time = e->event_time, .kind = EXPROVE_KIND_TEXT, .text_id = e->instrument};
  memcpy(text.bytes, &value[i], sizeof value[i]);
  while (text.bytes[text.level] != 0) text.level++;
  memcpy(&out[0], &text, sizeof text);
  out[1] = (exprove_event){.event_time = e->event_time, .aux = text.text_id, .instrument = e->instrument,
                           .kind = EXPROVE_KIND_INSTRUMENT}; /* its level is 0: shares are whole */
  return 2;
}

/* A: orders are queued; Q: quotes only; T: trading; H: halted everywhere; S: suspended on this exchange. */
static uint16_t trading_status(uint64_t halt, uint64_t short_sale_test) {
  if (halt == 'T') return short_sale_test == '1' ? EXPROVE_TRADING_RESTRICTED : EXPROVE_TRADING_OPEN;
  return halt == 'A' ? EXPROVE_TRADING_PRE_OPEN : halt == 'Q' ? EXPROVE_TRADING_QUOTE_ONLY : EXPROVE_TRADING_HALTED;
}

/* Keeps what later lines will need. 0 when the line contradicts what was said before. */
static int remember(exprove_session *s, const layout *l, const uint64_t *value, uint32_t at, exprove_event *e) {
  entry *order = find(s, ORDER, e->order_id);
  switch (l->kind) {
  case EXPROVE_KIND_ORDER_ADD:
    if (order->shares > 0) return malformed(e, EXPROVE_MALFORMED_FIELD, at);
    return enter(s, ORDER, e->order_id, e->instrument, e->quantity);
  case EXPROVE_KIND_ORDER_EXECUTE: case EXPROVE_KIND_ORDER_REDUCE:
    if (e->quantity > order->shares) return malformed(e, EXPROVE_MALFORMED_RANGE, at + l->fields[0].size);
    order->shares -= (uint32_t)e->quantity;
    return l->kind == EXPROVE_KIND_ORDER_REDUCE || enter(s, EXECUTION, e->aux, e->instrument, e->quantity);
  case EXPROVE_KIND_TRADE: return enter(s, EXECUTION, e->aux, e->instrument, e->quantity);
  case EXPROVE_KIND_TRADE_BREAK: find(s, EXECUTION, e->aux)->shares = 0; break;
  case EXPROVE_KIND_CLEAR:
    for (size_t i = 0; i < s->capacity; i++) {
      if (s->entries[i].kind == ORDER && s->entries[i].instrument == e->instrument) s->entries[i].shares = 0;
    }
    break;
  case EXPROVE_KIND_STATUS: e->level = trading_status(value[1], value[2]); break;
  case EXPROVE_KIND_NOTICE: e->aux = e->aux << 8 | l->type; break; /* "JC", "RA" */
  }
  return 1;
}

/* I, whose fields are symbol, auction, reference price, shares to buy and to sell, indicative price and the price of
 * auction orders alone: three prices at which the lesser side would trade, and what it lacks. */
static uint32_t put_auction(const uint64_t *value, exprove_event *out, exprove_event e) {
  static const uint8_t prices[3] = {5, 6, 2}; /* near, far, reference */
  int64_t buy = (int64_t)value[3], sell = (int64_t)value[4];
  for (uint16_t level = 0; level < 3; level++) {
    e.level = level;
    e.quantity = buy < sell ? buy : sell;
    e.price = (int64_t)value[prices[level]];
    e.flags = e.price == 0 ? EXPROVE_FLAG_NO_PRICE : 0;
    out[level] = e;
  }
  out[3] = (exprove_event){.event_time = e.event_time, .aux = e.aux, .instrument = e.instrument,
                           .quantity = buy > sell ? buy - sell : sell - buy, .kind = EXPROVE_KIND_IMBALANCE,
                           .side = buy > sell ? EXPROVE_SIDE_BUY : buy < sell ? EXPROVE_SIDE_SELL : EXPROVE_SIDE_NONE};
  return 4;
}

static uint32_t decode_line(exprove_session *s, const uint8_t *p, uint32_t size, exprove_event *out) {
  uint64_t value[MAX_FIELDS] = {0};
  uint32_t at = size > 0 && p[0] == 'S' ? HEADER + 1 : HEADER, filled = 0;
  exprove_event e;
  const layout *l = open_line(s, p, size, &e);
  if (l != NULL && read_fields(l, p, at, value, &e)) {
    filled = find_instrument(s, l, value, out, &e);
    if (e.instrument == EXPROVE_NO_INSTRUMENT) malformed(&e, EXPROVE_MALFORMED_REFERENCE, at);
    else if (remember(s, l, value, at, &e)) s->counts[l - layouts]++;
  }
  if (e.kind == EXPROVE_KIND_AUCTION) return filled + put_auction(value, out + filled, e);
  out[filled] = e;
  return filled + 1;
}

static exprove_status decode(exprove_session *s, exprove_batch *batch) {
  if (batch->struct_size < sizeof *batch || batch->event_capacity < MAX_EVENTS) return EXPROVE_INVALID_ARGUMENT;
  uint32_t used = 0, filled = 0;
  for (; used < batch->frame_count && batch->event_capacity - filled >= MAX_EVENTS && reserve(s); used++) {
    exprove_event *out = batch->events + filled;
    uint32_t count = decode_line(s, batch->bytes + batch->frames[used].data, batch->frames[used].length, out);
    for (uint32_t i = 0; i < count; i++) out[i].frame = used;
    out[count - 1].flags |= EXPROVE_FLAG_LAST;
    filled += count;
  }
  batch->frames_used = used;
  batch->events_filled = filled;
  return used > 0 || batch->frame_count == 0 ? EXPROVE_OK : EXPROVE_OUT_OF_MEMORY;
}

static exprove_status frame_time(const exprove_session *s, const uint8_t *bytes, uint64_t bytes_size,
                                 const exprove_frame *frames, uint32_t frame_count, int64_t *times) {
  (void)bytes_size;
  for (uint32_t i = 0; i < frame_count; i++) {
    exprove_event e;
    times[i] = open_line(s, bytes + frames[i].data, frames[i].length, &e) != NULL ? e.event_time : INT64_MIN;
  }
  return EXPROVE_OK;
}

static exprove_status counters(const exprove_session *s, uint64_t *values, uint32_t capacity) {
  for (uint32_t i = 0; i < MESSAGES && i < capacity; i++) values[i] = s->counts[i];
  return EXPROVE_OK;
}

/* --- 5. State: a mark, the counters, and every entry that lives; the same bytes for the same state -------------*/

static const char mark[8] = {'P', 'I', 'T', 'C', 'H', '0', '0', '1'};
enum { HEAD = sizeof mark + 8 * MESSAGES };

/* Symbols by number, then orders and executions by id. */
static int in_order(const void *left, const void *right) {
  entry a, b;
  memcpy(&a, left, sizeof a);
  memcpy(&b, right, sizeof b);
  if (a.kind != b.kind) return a.kind - b.kind;
  if (a.kind == SYMBOL) return a.instrument - b.instrument;
  return (a.key > b.key) - (a.key < b.key);
}

static exprove_status save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size) {
  size_t live = living(s);
  *size = HEAD + live * sizeof(entry);
  if (capacity < *size) return EXPROVE_TOO_SMALL;
  memcpy(out, mark, sizeof mark);
  memcpy(out + sizeof mark, s->counts, sizeof s->counts);
  for (size_t i = 0, n = 0; i < s->capacity; i++) {
    if (s->entries[i].shares > 0) memcpy(out + HEAD + sizeof(entry) * n++, &s->entries[i], sizeof(entry));
  }
  qsort(out + HEAD, live, sizeof(entry), in_order);
  return EXPROVE_OK;
}

static exprove_status reset(exprove_session *s) {
  free(s->entries);
  *s = (exprove_session){.day_start = s->day_start, .seed = s->seed};
  return EXPROVE_OK;
}

/* Saved bytes are hostile: what decoding guarantees is asked of them. */
static int is_possible(const exprove_session *s, const entry *e) {
  if (e->kind == SYMBOL) return e->instrument == s->symbols && e->shares == 1 && is_symbol(e->key);
  return (e->kind == ORDER || e->kind == EXECUTION) && e->key <= MAX_ID && e->instrument < s->symbols &&
         e->shares >= 1 && e->shares <= MAX_SHARES;
}

static exprove_status load(exprove_session *s, const uint8_t *bytes, uint64_t size) {
  reset(s);
  if (size < HEAD || (size - HEAD) % sizeof(entry) != 0) return EXPROVE_BAD_DATA;
  if (memcmp(bytes, mark, sizeof mark) != 0) return EXPROVE_BAD_DATA;
  memcpy(s->counts, bytes + sizeof mark, sizeof s->counts);
  entry e, before = {0};
  for (uint64_t at = HEAD; at < size; at += sizeof e, before = e) {
    memcpy(&e, bytes + at, sizeof e);
    int has_room = reserve(s);
    if (!has_room || !is_possible(s, &e) || in_order(&before, &e) >= 0 || find(s, e.kind, e.key)->kind != NOTHING) {
      reset(s);
      return has_room ? EXPROVE_BAD_DATA : EXPROVE_OUT_OF_MEMORY;
    }
    enter(s, e.kind, e.key, e.instrument, e.shares);
    s->symbols += e.kind == SYMBOL;
  }
  return EXPROVE_OK;
}

/* --- 6. A session's life, and the entry ------------------------------------------------------------------------*/

static exprove_status say(exprove_text *error, exprove_status status, const char *text) {
  if (error == NULL) return status;
  size_t size = strlen(text);
  error->size = size < error->capacity ? (uint32_t)size : error->capacity;
  if (error->size > 0) memcpy(error->data, text, error->size);
  return status;
}

static exprove_status init(const exprove_host *host, exprove_text *error) {
  if (host->struct_size >= 8 && host->abi_version == EXPROVE_ABI_VERSION_1_0) return EXPROVE_OK;
  return say(error, EXPROVE_NOT_IMPLEMENTED, "this adapter speaks ABI 1.0");
}
static void deinit(void) {}

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  *session = NULL;
  if (config->struct_size < sizeof *config) return say(error, EXPROVE_INVALID_ARGUMENT, "the configuration is cut");
  if (config->settings_count > 0) return say(error, EXPROVE_INVALID_ARGUMENT, "there are no settings");
  int is_offered = config->framing == EXPROVE_FRAMING_LINE && config->channel == EXPROVE_CHANNEL_MARKET_DATA;
  if (!is_offered) return say(error, EXPROVE_NOT_IMPLEMENTED, "PITCH is market data in lines");
  int is_day = config->day_start >= 0 && config->day_start <= INT64_MAX - DAY * 1000000;
  if (!is_day) return say(error, EXPROVE_INVALID_ARGUMENT, "day_start must lie between 1970 and 2262");
  *session = calloc(1, sizeof **session);
  if (*session == NULL) return EXPROVE_OUT_OF_MEMORY;
  (*session)->day_start = config->day_start;
  (*session)->seed = config->seed;
  return EXPROVE_OK;
}

static void destroy(exprove_session *s) {
  if (s != NULL) free(s->entries);
  free(s);
}

/* The one exported symbol. An older host knows fewer slots, and gets those. */
EXPROVE_EXPORT exprove_status exprove_adapter_entry(uint32_t abi_version, exprove_adapter *adapter) {
  if (abi_version != EXPROVE_ABI_VERSION_1_0) return EXPROVE_NOT_IMPLEMENTED;
  exprove_adapter table = {
      .abi_version = EXPROVE_ABI_VERSION_1_0,
      .manifest = exprove_manifest_text, .manifest_size = sizeof exprove_manifest_text - 1,
      .init = init, .deinit = deinit, .create = create, .destroy = destroy, .reset = reset, .decode = decode,
      .counters = counters, .save = save, .load = load, .frame_time = frame_time};
  uint32_t size = adapter->struct_size < sizeof table ? adapter->struct_size : (uint32_t)sizeof table;
  table.struct_size = size -= size % (uint32_t)sizeof(void *); /* whole slots */
  if (size < offsetof(exprove_adapter, extension)) return EXPROVE_INVALID_ARGUMENT;
  memcpy(adapter, &table, size);
  return EXPROVE_OK;
}
