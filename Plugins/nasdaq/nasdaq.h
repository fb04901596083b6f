/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the NASDAQ adapter share: the session, byte access and the building of events.
 *
 * Sources of every layout: "Nasdaq TotalView-ITCH 5.0", "MoldUDP64 Protocol Specification V 1.00" and
 * "O*U*C*H Version 4.2", all by Nasdaq. Integers are big-endian, alphanumeric fields left-justified and
 * padded with spaces, times nanoseconds after midnight in New York.
 */
#ifndef NASDAQ_H
#define NASDAQ_H

#include <exprove/adapter.h>
#include <string.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The event record is little-endian; this adapter writes it as the machine lays it out."
#endif

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Venue times lie within one day; a larger one would push the clock of the merged stream forward for good. */
#define DAY_NANOSECONDS UINT64_C(86400000000000)
/* Prices come at 1e-4, or at 1e-8 in the circuit breaker's levels; events carry 1e-9. */
#define PRICE4_FACTOR UINT64_C(100000)
#define PRICE8_FACTOR UINT64_C(10)

/* Manifest `max-events`; a packet that holds more ends in MALFORMED_TOO_MANY. */
#define MAX_EVENTS 4096u
#define MAX_EVENTS_TEXT "4096"
/* Most events of one ITCH message: TEXT, INSTRUMENT and the five of 'O'. */
#define MAX_ITCH_EVENTS 7u
/* Most events of one OUCH message: TEXT, INSTRUMENT, two token TEXTs, and two of its own. */
#define MAX_OUCH_EVENTS 6u

/* Instruments are counted from 1 here, so that 0 in the locate table means "not defined". */
#define MAX_INSTRUMENTS 65535u
#define SYMBOL_BUCKETS 131072u
#define MAX_ORDERS 262144u
#define ORDER_BUCKETS 524288u
#define TOKEN_SIZE 14u
#define NO_TEXT 0xFFFFFFFFu

/* The counters, in the order of the manifest's `message` lines. */
enum {
  COUNT_S, COUNT_R, COUNT_H, COUNT_Y, COUNT_L, COUNT_V, COUNT_W, COUNT_K, COUNT_J, COUNT_h,
  COUNT_A, COUNT_F, COUNT_E, COUNT_C, COUNT_X, COUNT_D, COUNT_U, COUNT_P, COUNT_Q, COUNT_B,
  COUNT_I, COUNT_N, COUNT_O,
  COUNT_SENT_O, COUNT_SENT_U, COUNT_SENT_X, COUNT_SENT_M, COUNT_SENT_N,
  COUNT_GOT_S, COUNT_GOT_A, COUNT_GOT_U, COUNT_GOT_C, COUNT_GOT_D, COUNT_GOT_E, COUNT_GOT_G,
  COUNT_GOT_F, COUNT_GOT_B, COUNT_GOT_J, COUNT_GOT_P, COUNT_GOT_I, COUNT_GOT_T, COUNT_GOT_M,
  COUNTERS
};

/* The trading status of an instrument as the venue's three kinds of message make it up together. */
#define STATUS_STATE 0x0Fu      /* exprove_trading_status of the last 'H' */
#define STATUS_OPERATIONAL 0x40u /* halted on this market by 'h' */
#define STATUS_SHORT_SALE 0x80u  /* short-sale price test by 'Y' */

/* An own order, kept by its token for the day: later messages name neither stock nor side. */
typedef struct own_order {
  uint8_t token[TOKEN_SIZE];
  uint8_t side;
  uint8_t unused;
  uint32_t instrument; /* number of the definition, from 0 */
  uint32_t text;       /* NO_TEXT unless the token was interned */
  uint32_t price;      /* as on the wire */
  uint32_t remaining;  /* shares that may still trade; 0: the order is gone */
  uint32_t executed;   /* shares executed by the order and those it replaced */
  uint32_t unused2;
  uint64_t reference; /* the venue's order reference number */
} own_order;

struct exprove_session {
  uint32_t framing;
  uint32_t channel;
  int64_t day_start;
  uint64_t seed;
  uint8_t market; /* whose operational halts are this venue's: 'Q', 'B' or 'X' */

  uint64_t counts[COUNTERS];
  uint64_t messages; /* given out as venue_sequence where the transport carries none */
  uint32_t texts;    /* next text id */

  /* MoldUDP64. */
  uint8_t mold_seen;
  uint8_t mold_session[10];
  uint64_t mold_next;

  /* Instruments by number from 1: element 0 is never used. */
  uint32_t instruments;
  uint64_t symbols[MAX_INSTRUMENTS + 1]; /* the field's eight bytes as they lie in memory */
  uint32_t symbol_text[MAX_INSTRUMENTS + 1];
  uint8_t status[MAX_INSTRUMENTS + 1];
  uint16_t locates[65536];
  uint16_t symbol_index[SYMBOL_BUCKETS];

  /* Own orders in the order of their introduction; only on the order-entry channel. */
  uint32_t order_count;
  exprove_health health; /* counted since create, reset or load; no part of the saved state */
  own_order *orders;
  uint32_t *order_index; /* position + 1 */
};

/* --- Bytes ---*/

static inline uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}
static inline uint16_t big16(const uint8_t *p) {
  uint16_t v;
  memcpy(&v, p, sizeof v);
  return __builtin_bswap16(v);
}
static inline uint32_t big32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return __builtin_bswap32(v);
}
static inline uint64_t big64(const uint8_t *p) { return __builtin_bswap64(load64(p)); }
/* Six bytes, for messages that end too early for an eight-byte load. */
static inline uint64_t big48(const uint8_t *p) { return (uint64_t)big16(p) << 32 | big32(p + 2); }

static inline int printable(uint8_t c) { return c > 0x20 && c < 0x7F; }

/* Length of a field without its padding; 0 when it is blank or holds what is not a plain character. */
static inline uint32_t field_length(const uint8_t *p, uint32_t size) {
  uint32_t length = 0;
  while (length < size && printable(p[length])) length++;
  for (uint32_t i = length; i < size; i++) {
    if (p[i] != ' ') return 0;
  }
  return length;
}

/* --- Events ---*/

/* Where the events of one frame go. The caller has made sure that they fit. */
typedef struct writer {
  exprove_event *events;
  uint32_t filled;
  uint32_t frame;
  exprove_health *health;
} writer;

static inline exprove_event *put(writer *w, uint8_t kind, uint32_t instrument, int64_t time, uint64_t sequence) {
  exprove_event *e = &w->events[w->filled++];
  memset(e, 0, sizeof *e);
  e->event_time = time;
  e->venue_sequence = sequence;
  e->instrument = instrument;
  e->frame = w->frame;
  e->kind = kind;
  return e;
}

static inline void put_text(writer *w, uint32_t id, int64_t time, uint16_t flags, const uint8_t *p, uint32_t size) {
  exprove_event_text text;
  memset(&text, 0, sizeof text);
  text.event_time = time;
  memcpy(text.bytes, p, size);
  text.text_id = id;
  text.frame = w->frame;
  text.kind = EXPROVE_KIND_TEXT;
  text.flags = flags;
  text.level = (uint16_t)size;
  memcpy(&w->events[w->filled++], &text, sizeof text);
}

/* A code of the venue as `aux` carries it: first byte lowest, padding dropped. */
static inline uint64_t code(const char *p, uint32_t size) {
  uint64_t v = 0;
  for (uint32_t i = 0; i < size; i++) v |= (uint64_t)(uint8_t)p[i] << (8 * i);
  return v;
}
#define CODE(literal) code(literal, (uint32_t)sizeof(literal) - 1)

/* A frame or message that cannot be understood; `time` is given only where it could be read. */
static inline void put_malformed(writer *w, uint16_t why, uint64_t at, uint64_t sequence, const int64_t *time) {
  exprove_event *e =
      put(w, EXPROVE_KIND_MALFORMED, EXPROVE_NO_INSTRUMENT, time != NULL ? *time : 0, sequence);
  w->health->malformed++;
  e->level = why;
  e->aux = at;
  e->flags = (uint16_t)(EXPROVE_FLAG_LAST | (time != NULL ? 0u : EXPROVE_FLAG_NO_EVENT_TIME));
}

/* --- Between the files ---*/

/* A hash for the in-memory indexes; saved state never depends on it. */
static inline uint64_t mix(uint64_t v) {
  v ^= v >> 33;
  v *= UINT64_C(0xFF51AFD7ED558CCD);
  v ^= v >> 33;
  v *= UINT64_C(0xC4CEB9FE1A85EC53);
  return v ^ v >> 33;
}

/* instruments.c */
uint32_t nasdaq_find_symbol(const exprove_session *s, uint64_t symbol);
uint32_t nasdaq_add_symbol(exprove_session *s, uint64_t symbol, uint32_t text);
uint32_t nasdaq_define(exprove_session *s, writer *w, const uint8_t *symbol, int64_t time, uint64_t sequence,
                       uint16_t time_flag, int64_t round_lot);

/* itch.c */
void nasdaq_itch_message(exprove_session *s, writer *w, const uint8_t *m, uint32_t length, uint64_t at,
                         uint64_t sequence);
uint32_t nasdaq_itch_need(const exprove_session *s, const uint8_t *m, uint32_t length);
int64_t nasdaq_itch_time(const exprove_session *s, const uint8_t *m, uint32_t length);

/* stock.c: the messages about a stock's state, which are rare and many. */
void nasdaq_itch_stock(exprove_session *s, writer *w, const uint8_t *m, uint64_t sequence, int64_t time,
                       uint32_t number, int is_new);
uint16_t nasdaq_trading_status(uint8_t status);

/* stream.c */
void nasdaq_decode_stream(exprove_session *s, exprove_batch *batch);

/* mold.c */
void nasdaq_decode_packets(exprove_session *s, exprove_batch *batch);
int64_t nasdaq_packet_time(const exprove_session *s, const uint8_t *p, uint32_t length);

/* tokens.c */
void nasdaq_token_write(uint8_t token[TOKEN_SIZE], uint64_t id);
uint64_t nasdaq_token_read(const uint8_t token[TOKEN_SIZE]);
own_order *nasdaq_find_order(const exprove_session *s, const uint8_t token[TOKEN_SIZE]);
own_order *nasdaq_add_order(exprove_session *s, const uint8_t token[TOKEN_SIZE]);

/* ouch.c */
void nasdaq_decode_ouch(exprove_session *s, exprove_batch *batch);
int64_t nasdaq_ouch_time(const exprove_session *s, const uint8_t *m, uint32_t length, uint32_t flags);

/* order_entry.c */
extern const exprove_order_entry_v1 nasdaq_order_entry;

/* extensions.c */
extern const exprove_health_v1 nasdaq_health;
extern const exprove_instruments_v1 nasdaq_instruments;
extern const exprove_snapshot_v1 nasdaq_snapshot;

/* state.c */
void nasdaq_clear(exprove_session *s);
exprove_status nasdaq_save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size);
exprove_status nasdaq_load(exprove_session *s, const uint8_t *bytes, uint64_t size);

#endif /* NASDAQ_H */
