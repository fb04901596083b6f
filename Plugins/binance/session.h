/* SPDX-License-Identifier: Apache-2.0
 *
 * What a session remembers from one frame to the next, and how events are written.
 */
#ifndef BINANCE_SESSION_H
#define BINANCE_SESSION_H

#include "frame.h"

#include <exprove/adapter.h>
#include <stdlib.h>

#define MAX_EVENTS 20480u /* the manifest's max-events */
#define MAX_TEXTS 65536u
#define MAX_INSTRUMENTS 16384u
#define MAX_ALIASES 4096u
#define TEXT_MAX 39u /* so that a text is one record; Binance: symbols up to 32, client order ids up to 36 */
#define NONE 0xFFFFFFFFu
#define PRICE_SCALE 9u
#define QUANTITY_SCALE 8u

/* Depth updates that are kept for a snapshot that may yet come. Before the first one a recorder may be slow to ask for
 * it; later only the time of a request has to be bridged. */
#define WAITING_UPDATES 1024u
#define WAITING_LEVELS 8192u
#define SYNCED_UPDATES 64u
#define SYNCED_LEVELS 2048u
EXPROVE_STATIC_ASSERT(FRAME_LEVELS + WAITING_LEVELS + 8 <= MAX_EVENTS, a_snapshot_and_its_replay_fit);

enum message {
  MESSAGE_DEPTH_UPDATE = 0,
  MESSAGE_TRADE,
  MESSAGE_AGG_TRADE,
  MESSAGE_BOOK_TICKER,
  MESSAGE_SNAPSHOT,
  MESSAGE_EXECUTION_REPORT,
  MESSAGE_ORDER_TRADE_UPDATE,
  MESSAGE_ORDER_PLACE,
  MESSAGE_ORDER_CANCEL,
  MESSAGE_ORDER_CANCEL_REPLACE,
  MESSAGE_ORDER_MODIFY,
  MESSAGE_REQUEST,
  MESSAGE_RESPONSE,
  MESSAGE_SUBSCRIPTION,
  MESSAGE_ACCOUNT,
  MESSAGE_COUNT
};

enum market { MARKET_SPOT = 0, MARKET_USDM = 1 };

struct text {
  uint8_t bytes[TEXT_MAX];
  uint8_t size;
  uint32_t instrument; /* that it names, or NONE */
};

struct update {
  uint64_t before; /* every id up to this one was said earlier: pu, or U - 1 */
  uint64_t last;   /* u */
  int64_t time;
  uint32_t count[2]; /* bids, asks */
};

struct instrument {
  uint32_t text;
  uint8_t known;  /* `tip` means something */
  uint8_t synced; /* a snapshot was joined to the updates, and nothing is missing since */
  uint8_t updated; /* depth updates were seen, so that a partial book would only spoil it */
  uint8_t dense;  /* ids are counted one by one (spot), so that a gap has a size */
  uint64_t tip;   /* the id up to which everything was given to the host */
  /* The latest updates, without a gap, up to `tip`. */
  struct update *updates;
  struct level *levels;
  uint32_t update_first, update_count, update_capacity;
  uint32_t level_first, level_count, level_capacity;
};

/* USD-M: a modified order keeps its client order id; the host gives each replacement a new one. */
struct alias {
  uint64_t root; /* the id that the venue knows */
  uint64_t id;   /* the host's */
  uint32_t live; /* 1 once the venue has said so */
};

struct exprove_session {
  uint32_t market;
  uint32_t volume; /* MESSAGE_TRADE or MESSAGE_AGG_TRADE */
  uint32_t symbol_size;
  uint8_t symbol[32]; /* of a snapshot that names none */
  uint64_t seed;
  uint64_t counters[MESSAGE_COUNT];
  struct text *texts;
  uint32_t text_count, text_capacity;
  uint32_t *slots; /* open addressing, text number + 1 */
  uint32_t slot_mask;
  struct instrument *instruments;
  uint32_t instrument_count, instrument_capacity;
  uint32_t recent; /* the instrument named last: a hint, no state */
  struct alias aliases[MAX_ALIASES];
  uint32_t alias_count;
  exprove_health health; /* counted since create, reset or load; no part of the saved state */
  struct frame frame;
};

enum outcome {
  OUTCOME_DONE = 0,
  OUTCOME_FULL,  /* the batch has no room; nothing was changed */
  OUTCOME_FAULT, /* malformed: `fault` and `at` in the scan */
  OUTCOME_MEMORY /* out of memory; nothing was changed */
};

/* Where events go. */
struct sink {
  exprove_event *at;
  uint32_t room;
  uint32_t frame;
};

static inline enum outcome fault(struct exprove_session *s, uint32_t code, uint32_t at) {
  s->frame.scan.fault = code;
  s->frame.scan.at = at;
  return OUTCOME_FAULT;
}

static inline exprove_event *put(struct sink *out, uint8_t kind, int64_t time, uint16_t flags, uint32_t instrument) {
  exprove_event *e = out->at++;
  out->room--;
  memset(e, 0, sizeof *e);
  e->event_time = time;
  e->instrument = instrument;
  e->frame = out->frame;
  e->kind = kind;
  e->flags = flags;
  return e;
}

/* Up to eight ASCII bytes, the first one lowest. */
static inline uint64_t ascii_code(const uint8_t *p, uint32_t n) {
  uint64_t code = 0;
  for (uint32_t i = 0; i < n && i < 8; i++) code |= (uint64_t)p[i] << (8 * i);
  return code;
}

/* --- texts.c: symbols and foreign order ids --- */

/* A name in the frame at hand, looked up and perhaps not introduced yet. */
struct name {
  const uint8_t *bytes;
  uint32_t size;
  uint32_t text;       /* or NONE */
  uint32_t instrument; /* or NONE */
  uint8_t copy[TEXT_MAX + 1]; /* where `bytes` points when the frame spells the name another way */
};

int name_find(struct exprove_session *s, const uint8_t *bytes, uint32_t size, struct name *name);
int texts_reserve(struct exprove_session *s, uint32_t texts, uint32_t instruments);
enum outcome names_room(struct exprove_session *s, uint32_t texts, uint32_t instruments, uint32_t at);
uint32_t text_define(struct exprove_session *s, struct name *name, struct sink *out, int64_t time, uint16_t flags);
uint32_t instrument_define(struct exprove_session *s, struct name *name, struct sink *out, int64_t time,
                           uint16_t flags);
uint32_t text_insert(struct exprove_session *s, const uint8_t *bytes, uint32_t size);
void session_clear(struct exprove_session *s);

/* The instrument of a symbol, with the answer for the symbol named last at hand. */
static inline int name_symbol(struct exprove_session *s, const uint8_t *bytes, uint32_t size, struct name *name) {
  if (s->recent < s->instrument_count) {
    uint32_t text = s->instruments[s->recent].text;
    if (s->texts[text].size == size && memcmp(s->texts[text].bytes, bytes, size) == 0) {
      name->bytes = bytes;
      name->size = size;
      name->text = text;
      name->instrument = s->recent;
      return 1;
    }
  }
  if (!name_find(s, bytes, size, name)) return 0;
  if (name->instrument != NONE) s->recent = name->instrument;
  return 1;
}

/* --- fields.c: values out of tokens; 0 with the fault set --- */

int field_bool(struct exprove_session *s, const struct table *table, unsigned slot, int *out);
int field_text(struct exprove_session *s, const struct table *table, unsigned slot, struct view *out);
int field_time(struct exprove_session *s, const struct table *table, unsigned slot, int64_t *out);
int field_symbol(struct exprove_session *s, const struct table *table, unsigned slot, struct name *out);

/* What is not as simple as the two below have it. */
void field_no_integer(struct exprove_session *s, const struct table *table, unsigned slot);
int field_slow_decimal(struct exprove_session *s, const struct table *table, unsigned slot, uint32_t scale,
                       int64_t *out);

static inline int field_integer(struct exprove_session *s, const struct table *table, unsigned slot, uint64_t *out) {
  const struct token *token = frame_token(table, slot);
  if (UNLIKELY(!token || token->type != TOKEN_NUMBER || token->flags)) {
    field_no_integer(s, table, slot);
    return 0;
  }
  *out = token->value;
  return 1;
}

static inline int field_decimal(struct exprove_session *s, const struct table *table, unsigned slot, uint32_t scale,
                                int64_t *out) {
  const struct token *token = frame_token(table, slot);
  if (UNLIKELY(!token || !(token->flags & TOKEN_SCALED))) return field_slow_decimal(s, table, slot, scale, out);
  *out = (int64_t)token->value;
  return 1;
}

/* --- the messages --- */

enum outcome depth_update(struct exprove_session *s, const struct table *m, struct sink *out);
enum outcome depth_snapshot(struct exprove_session *s, const struct table *m, struct sink *out);
enum outcome depth_partial(struct exprove_session *s, const struct table *m, struct sink *out);
int stream_is_partial(const struct frame *frame);
enum outcome market_trade(struct exprove_session *s, const struct table *m, uint32_t message, struct sink *out);
enum outcome market_quote(struct exprove_session *s, const struct table *m, int timed, struct sink *out);
enum outcome order_report(struct exprove_session *s, const struct table *m, const struct table *o, struct sink *out);
enum outcome order_request(struct exprove_session *s, struct sink *out);
enum outcome order_response(struct exprove_session *s, struct sink *out);
enum outcome notice(struct exprove_session *s, uint32_t message, uint64_t code, struct sink *out);
enum outcome unknown(const uint8_t *bytes, uint32_t size, struct sink *out);
enum outcome dispatch(struct exprove_session *s, uint32_t frame_flags, struct sink *out);

/* Keeps a depth update of `count` levels a side for a later snapshot. `book_reserve` comes first and may fail. */
int book_reserve(struct instrument *book, uint32_t levels);
void book_keep(struct instrument *book, const struct update *update, const struct level *bids,
               const struct level *asks);
void book_forget(struct instrument *book);
void book_trim(struct instrument *book);

/* --- ids.c: client order ids --- */

struct order_name {
  uint64_t id;      /* the host's, when `own` */
  uint32_t own;     /* `xp-<decimal>` */
  uint32_t missing; /* empty or absent */
  struct name text; /* when not own */
  struct view view;
};

int id_parse(const uint8_t *bytes, uint32_t size, uint64_t *id);
int id_field(struct exprove_session *s, const struct table *table, unsigned slot, struct order_name *out);
uint64_t alias_live(const struct exprove_session *s, uint64_t root);
uint64_t alias_root(const struct exprove_session *s, uint64_t id);
int alias_request(struct exprove_session *s, uint64_t id, uint64_t previous);
uint64_t alias_amended(struct exprove_session *s, uint64_t root);
void alias_refused(struct exprove_session *s, uint64_t id);
void alias_gone(struct exprove_session *s, uint64_t root);

/* --- reasons.c --- */

uint16_t reason_of_error(uint32_t market, uint64_t code, const struct view *message);
uint16_t reason_of_rejection(const struct view *reason);

/* --- state.c, encode.c --- */

exprove_status session_save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size);
exprove_status session_load(exprove_session *s, const uint8_t *bytes, uint64_t size);
exprove_status session_encode(const exprove_session *s, const exprove_order_request *request, uint8_t *out,
                              uint32_t capacity, uint32_t *size, exprove_text *error);
#define REQUEST_MAX 512u
#define ORDER_ROOM 8u /* more than a message about an own order gives: texts, an instrument, its events */

/* --- extensions.c --- */

extern const exprove_order_entry_v1 binance_order_entry;
extern const exprove_health_v1 binance_health;
extern const exprove_instruments_v1 binance_instruments;
extern const exprove_snapshot_v1 binance_snapshot;

void error_text(exprove_text *error, const char *text);

#endif /* BINANCE_SESSION_H */
