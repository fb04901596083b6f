/* SPDX-License-Identifier: Apache-2.0
 *
 * What an adapter can offer beyond decoding. The manifest names the versioned id (`extension: exprove.health/1`), and
 * the slot `extension` gives its table, the same one each time.
 *
 * Tables and records begin with `struct_size` and grow only at their end. Of a table: what the adapter filled; a slot that
 * lies beyond it, or is NULL, is not offered. Of a record that is filled for the caller: in, what the caller has
 * room for; out, what was filled, not more than that. Of a record that is handed over: what the caller filled.
 */
#ifndef EXPROVE_EXTENSIONS_H
#define EXPROVE_EXTENSIONS_H

#include <exprove/adapter.h>

EXPROVE_EXTERN_C_BEGIN

/* --- exprove.order_entry/1: requests in the venue's words ---------------------------------------*/

#define EXPROVE_EXTENSION_ORDER_ENTRY_1 "exprove.order_entry/1"

typedef enum exprove_order_action {
  EXPROVE_ORDER_NEW = 1,
  EXPROVE_ORDER_CANCEL = 2, /* `quantity`: what shall stay live, 0 for nothing */
  EXPROVE_ORDER_REPLACE = 3 /* `previous_id` becomes `order_id`; price and quantity: what shall be live afterwards */
} exprove_order_action;

typedef enum exprove_time_in_force {
  EXPROVE_TIF_DAY = 0, /* until the venue's day ends; where it has none, until cancelled */
  EXPROVE_TIF_IMMEDIATE_OR_CANCEL = 1,
  /* 1.1; only where `capabilities` names them. */
  EXPROVE_TIF_FILL_OR_KILL = 2,
  EXPROVE_TIF_GOOD_TILL_CANCELLED = 3,
  EXPROVE_TIF_GOOD_TILL_TIME = 4 /* `expire_time` */
} exprove_time_in_force;

typedef enum exprove_order_type {
  EXPROVE_ORDER_LIMIT = 0,
  EXPROVE_ORDER_MARKET = 1 /* price is 0; comes back as OWN_NEW with NO_PRICE */
} exprove_order_type;

typedef struct exprove_order_request {
  uint32_t struct_size;
  uint8_t action; /* exprove_order_action */
  uint8_t side;   /* exprove_side */
  uint8_t time_in_force;
  uint8_t post_only; /* 1: must not take */
  uint64_t order_id; /* the host's client order id, unique for the venue and day, never 0 */
  uint64_t previous_id;
  int64_t price;    /* at 1e-9 */
  int64_t quantity; /* at `quantity_scale` */
  uint32_t quantity_scale;
  uint32_t symbol_size;
  char symbol[32]; /* the venue's, not terminated */
  char firm[8];    /* account or firm code as the venue knows it, zero-padded */
  uint8_t capacity; /* 'P' principal, 'A' agency, 'R' riskless principal */
  uint8_t reserved[7];
  int64_t time; /* nanoseconds since 1970, for venues whose requests carry one */
  /* 1.1. Zero unless `capabilities` allows it; an adapter that does not know them reads a limit order. */
  uint8_t order_type; /* 104: exprove_order_type */
  uint8_t reserved_1[7];
  int64_t expire_time;      /* 112: of GOOD_TILL_TIME, nanoseconds since 1970 */
  int64_t display_quantity; /* 120: the part that others may see, 0 for all of it */
} exprove_order_request;

/* What happens to an order that is replaced. */
typedef enum exprove_replace_kind {
  EXPROVE_REPLACE_NONE = 0,     /* there is none: cancel, then send a new one */
  EXPROVE_REPLACE_ATOMIC = 1,   /* the old order stands until the new one does */
  EXPROVE_REPLACE_TWO_STEPS = 2 /* the old one is cancelled first, and the new one may still be refused */
} exprove_replace_kind;

#define EXPROVE_ORDER_BIT(value) (1u << (value))

#define EXPROVE_ORDER_CAN_POST_ONLY 0x1u
#define EXPROVE_ORDER_CAN_REDUCE 0x2u        /* a cancel may leave a part live */
#define EXPROVE_ORDER_CAN_DISPLAY 0x4u       /* `display_quantity` */
#define EXPROVE_ORDER_KEEPS_PRIORITY 0x8u    /* a replace that only lowers the quantity keeps its place in the queue */
#define EXPROVE_ORDER_REPLACE_KEEPS_TIF 0x10u /* a replace keeps the order's time in force: send the same again */
#define EXPROVE_ORDER_CAN_ALL 0x1Fu

/* What the venue takes through this session, under its settings. */
typedef struct exprove_order_capabilities {
  uint32_t struct_size;
  uint32_t actions;        /* 4: EXPROVE_ORDER_BIT(exprove_order_action) */
  uint32_t order_types;    /* 8: EXPROVE_ORDER_BIT(exprove_order_type) */
  uint32_t times_in_force; /* 12: EXPROVE_ORDER_BIT(exprove_time_in_force) of limit orders */
  uint32_t replace;        /* 16: exprove_replace_kind */
  uint32_t features;       /* 20: EXPROVE_ORDER_… */
  uint64_t highest_id;     /* 24: the highest order id that the venue's field takes */
} exprove_order_capabilities;

typedef struct exprove_order_entry_v1 {
  uint32_t struct_size;
  uint32_t max_size; /* most bytes that one request can take */
  /* The venue's bytes for a request, one message without transport framing. What the venue cannot express
   * (inexact price, field too long) is EXPROVE_INVALID_ARGUMENT with text in `error`.
   * The request counts only once its bytes come back as a frame marked OUTBOUND: encoding leaves the
   * session as it was. [session-thread & active] */
  exprove_status (*encode)(const exprove_session *session, const exprove_order_request *request, uint8_t *out,
                           uint32_t capacity, uint32_t *size, exprove_text *error);
  /* 1.1. Without it: NEW, CANCEL and REPLACE of limit orders, DAY and IMMEDIATE_OR_CANCEL, post-only; the rest is
   * never asked for. EXPROVE_INVALID_STATE in a session that sends no orders. [session-thread & active] */
  exprove_status (*capabilities)(const exprove_session *session, exprove_order_capabilities *out);
} exprove_order_entry_v1;

/* --- exprove.snapshot/1: how what is missing is asked for ----------------------------------------
 *
 * An adapter opens no connections. It puts the request in the venue's words; whoever holds the connection sends it; and the
 * answer's bytes join the stream as frames like any others, so that they are recorded and replay needs no venue.
 * What an adapter gives of its own view is `save`; books are the host's.
 */
#define EXPROVE_EXTENSION_SNAPSHOT_1 "exprove.snapshot/1"

typedef enum exprove_snapshot_carrier {
  EXPROVE_CARRIER_HTTP_GET = 1, /* the request is a path with its query; a frame is the answer's body */
  EXPROVE_CARRIER_DATAGRAM = 2, /* one datagram; each datagram that comes back is a frame */
  EXPROVE_CARRIER_STREAM = 3    /* a message on the venue's own connection */
} exprove_snapshot_carrier;

typedef enum exprove_snapshot_answer {
  /* What stands now: the adapter joins it to what it kept of the stream, so its frames may come late, between others. */
  EXPROVE_ANSWER_STATE = 1,
  /* The missing messages themselves: they belong before the frame that showed the gap, in a session that has not seen
   * that one (take up the state that was saved before it). Coming later, they are repeats, and give a NOTICE. */
  EXPROVE_ANSWER_MESSAGES = 2
} exprove_snapshot_answer;

typedef struct exprove_snapshot_request {
  uint32_t struct_size;
  uint32_t carrier; /* 4: exprove_snapshot_carrier */
  uint32_t answer;  /* 8: exprove_snapshot_answer */
  uint32_t size;    /* 12: bytes of the request */
  uint64_t first;   /* 16: of MESSAGES: the first one that is asked for, else 0 */
  uint64_t count;   /* 24: of MESSAGES: how many. Fewer than are missing when one request cannot name them all */
} exprove_snapshot_request;

typedef struct exprove_snapshot_v1 {
  uint32_t struct_size;
  uint32_t max_size; /* most bytes that one request can take */
  /* `event` is one that this session gave: a GAP, or the INSTRUMENT whose book shall begin. EXPROVE_NOT_FOUND: the
   * venue offers nothing for it. EXPROVE_TOO_SMALL sets `request->size`. Leaves the session as it was.
   * [session-thread & active] */
  exprove_status (*request)(const exprove_session *session, const exprove_event *event, uint8_t *out,
                            uint32_t capacity, exprove_snapshot_request *request, exprove_text *error);
} exprove_snapshot_v1;

/* --- exprove.instruments/1: what the session knows of its instruments now -------------------------*/

#define EXPROVE_EXTENSION_INSTRUMENTS_1 "exprove.instruments/1"

typedef enum exprove_book_state {
  EXPROVE_BOOK_UNKNOWN = 0, /* the adapter does not follow it */
  EXPROVE_BOOK_WHOLE = 1,   /* nothing is missing since it began */
  EXPROVE_BOOK_PARTIAL = 2  /* it began in the middle, or something is missing: a snapshot would help */
} exprove_book_state;

typedef struct exprove_instrument_record {
  uint32_t instrument;     /* 0: as the INSTRUMENT event numbered it */
  uint32_t text;           /* 4: the symbol's text id */
  int64_t tick;            /* 8: at 1e-9; 0: as the INSTRUMENT event told */
  int64_t round_lot;       /* 16: at the quantity's scale; 0: as the INSTRUMENT event told */
  uint32_t quantity_scale; /* 24 */
  uint32_t status;         /* 28: exprove_trading_status */
  uint32_t book;           /* 32: exprove_book_state */
  uint32_t reserved;       /* 36: zero */
} exprove_instrument_record;

typedef struct exprove_instruments_v1 {
  uint32_t struct_size;
  uint32_t record_size; /* sizeof(exprove_instrument_record) in the adapter's header */
  /* Instruments from number `first` on, in order, as many as there are and `capacity` allows, `stride` bytes from one to
   * the next; of each the adapter writes min(stride, record_size) bytes. `total`: how many it knows.
   * Leaves the session as it was. [session-thread & active] */
  exprove_status (*page)(const exprove_session *session, uint32_t first, void *records, uint32_t stride,
                         uint32_t capacity, uint32_t *filled, uint32_t *total);
} exprove_instruments_v1;

/* --- exprove.config/1: settings that are checked before anything runs -----------------------------
 *
 * The schema is in the manifest, behind the settings that it is about, so that a host reads it without running code:
 *
 *   setting: depth integer 100 how many levels are kept
 *   schema: depth range 1..5000
 *   schema: depth unit levels
 *
 *   schema: KEY range LOW..HIGH    of an integer: the lowest and highest value
 *   schema: KEY length LOW..HIGH   of a text: its least and most bytes
 *   schema: KEY unit TEXT          what the number counts, for people
 *   schema: KEY required           it must be given, and its default only serves hosts of 1.0
 *
 * `check` says the rest: what depends on several settings at once.
 */
#define EXPROVE_EXTENSION_CONFIG_1 "exprove.config/1"

typedef struct exprove_config_v1 {
  uint32_t struct_size;
  uint32_t reserved; /* zero */
  /* Whether `create` would take this configuration, without making a session: EXPROVE_OK, or what `create` would
   * answer, with the setting's key and what it may be in `error`. [any-thread & loaded] */
  exprove_status (*check)(const exprove_config *config, exprove_text *error);
} exprove_config_v1;

/* --- exprove.health/1: how a session fares ---------------------------------------------------------*/

#define EXPROVE_EXTENSION_HEALTH_1 "exprove.health/1"

typedef enum exprove_sequence_state {
  EXPROVE_SEQUENCE_NONE = 0,     /* the venue numbers nothing, or nothing was seen */
  EXPROVE_SEQUENCE_INTACT = 1,   /* no number is missing since the session began */
  EXPROVE_SEQUENCE_BROKEN = 2,   /* something is missing for good */
  EXPROVE_SEQUENCE_WAITING = 3   /* something is missing, and a snapshot would mend it */
} exprove_sequence_state;

/* Counted since `create`, `reset` or `load`: for those who run it, no part of the saved state. */
typedef struct exprove_health {
  uint32_t struct_size;
  uint32_t sequence_state;  /* 4: exprove_sequence_state */
  uint64_t frames;          /* 8: consumed */
  uint64_t malformed;       /* 16: MALFORMED events given */
  uint64_t unknown;         /* 24: UNKNOWN events given */
  uint64_t gaps;            /* 32: GAP events given */
  uint64_t missing;         /* 40: messages that those gaps are known to lack */
  uint64_t next_sequence;   /* 48: the number that is expected next, 0 when there is none */
  int64_t last_event_time;  /* 56: of the latest event that had a time, nanoseconds since 1970; INT64_MIN: none */
} exprove_health;

typedef struct exprove_health_v1 {
  uint32_t struct_size;
  uint32_t reserved; /* zero */
  /* [session-thread & active] */
  exprove_status (*report)(const exprove_session *session, exprove_health *out);
} exprove_health_v1;

EXPROVE_STATIC_ASSERT(offsetof(exprove_order_request, symbol) == 48, order_request_symbol);
EXPROVE_STATIC_ASSERT(offsetof(exprove_order_request, time) == 96, order_request_time);
EXPROVE_STATIC_ASSERT(offsetof(exprove_order_request, order_type) == 104, order_request_type);
EXPROVE_STATIC_ASSERT(sizeof(exprove_order_request) == 128, order_request_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_order_capabilities) == 32, order_capabilities_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_snapshot_request) == 32, snapshot_request_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_instrument_record) == 40, instrument_record_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_health) == 64, health_size);

EXPROVE_EXTERN_C_END

#endif /* EXPROVE_EXTENSIONS_H */
