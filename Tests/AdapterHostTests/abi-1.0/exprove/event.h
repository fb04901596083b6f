/* SPDX-License-Identifier: Apache-2.0
 *
 * The normalized event: 64 bytes, little-endian, no pointers, the same on every machine.
 *
 * Prices are integers at 1e-9 of the instrument's price currency. Quantities are integers at 10^-s of
 * the instrument's unit, where s is the scale that the instrument's definition declares. A value
 * that does not fit is never wrapped or rounded: the message is malformed.
 */
#ifndef EXPROVE_EVENT_H
#define EXPROVE_EVENT_H

#include <exprove/abi.h>

typedef struct exprove_event {
  int64_t event_time;      /* 0: the venue's time, nanoseconds since 1970-01-01T00:00:00Z */
  uint64_t venue_sequence; /* 8: the venue's number of the message, 0 when it has none */
  uint64_t order_id;       /* 16: the venue's order id; for own orders the client order id */
  int64_t price;           /* 24: at 1e-9 */
  int64_t quantity;        /* 32: at the instrument's scale */
  uint64_t aux;            /* 40: by kind, see below */
  uint32_t instrument;     /* 48: number of the definition, dense from 0; EXPROVE_NO_INSTRUMENT */
  uint32_t frame;          /* 52: index into the batch's frame table */
  uint8_t kind;            /* 56: exprove_kind */
  uint8_t side;            /* 57: exprove_side */
  uint16_t flags;          /* 58: EXPROVE_FLAG_… */
  uint16_t level;          /* 60: by kind, see below */
  uint16_t reserved;       /* 62: zero */
} exprove_event;

#define EXPROVE_NO_INSTRUMENT 0xFFFFFFFFu
#define EXPROVE_PRICE_SCALE 9
#define EXPROVE_MAX_QUANTITY_SCALE 18

typedef enum exprove_side {
  EXPROVE_SIDE_NONE = 0,
  EXPROVE_SIDE_BUY = 1,
  EXPROVE_SIDE_SELL = 2
} exprove_side;

/* What an event says. "side" of a trade is the aggressor's, NONE when the venue does not tell. */
typedef enum exprove_kind {
  /* Order by order. */
  EXPROVE_KIND_ORDER_ADD = 1,     /* aux: participant as up to 8 ASCII bytes, first byte lowest, or 0 */
  EXPROVE_KIND_ORDER_MODIFY = 2,  /* the order keeps its id; price and quantity are the new ones */
  EXPROVE_KIND_ORDER_REDUCE = 3,  /* quantity: taken off the order */
  EXPROVE_KIND_ORDER_EXECUTE = 4, /* quantity: executed and taken off; aux: match id */
  EXPROVE_KIND_ORDER_DELETE = 5,
  EXPROVE_KIND_ORDER_REPLACE = 6, /* order_id: the new id; aux: the id that ceases to exist; side NONE: as before */
  /* Price levels. */
  EXPROVE_KIND_LEVEL = 7, /* quantity: all that now stands at this price, 0 removes it */
  EXPROVE_KIND_CLEAR = 8, /* every order and level of the instrument is gone; a snapshot follows */
  EXPROVE_KIND_QUOTE = 9, /* one side of the best prices; quantity 0: no quote on this side */
  /* Trades. */
  EXPROVE_KIND_TRADE = 10,       /* aux: match id */
  EXPROVE_KIND_TRADE_BREAK = 11, /* aux: the match id that is void */
  /* Session and auctions. */
  EXPROVE_KIND_STATUS = 12,    /* level: exprove_trading_status; aux: the venue's code, ASCII as above */
  EXPROVE_KIND_AUCTION = 13,   /* price: indicative; quantity: paired; level: 0 near, 1 far, 2 reference */
  EXPROVE_KIND_IMBALANCE = 14, /* side, quantity: what lacks a counterparty */
  EXPROVE_KIND_NOTICE = 15,    /* understood, and without effect on book or volume; aux: the venue's code */
  /* Definitions. */
  EXPROVE_KIND_INSTRUMENT = 16, /* instrument: next number; aux: text id of the symbol; level: quantity scale;
                                   price: tick or 0; quantity: round lot or 0 */
  EXPROVE_KIND_TEXT = 17,       /* see exprove_event_text */
  /* The host's own orders, both directions. order_id is the host's client order id. */
  EXPROVE_KIND_OWN_NEW = 32,             /* sent: price, quantity, side */
  EXPROVE_KIND_OWN_CANCEL_REQUEST = 33,  /* sent: quantity: what shall stay, 0 for none */
  EXPROVE_KIND_OWN_REPLACE_REQUEST = 34, /* sent: order_id: new id; aux: the id to replace */
  EXPROVE_KIND_OWN_ACKNOWLEDGED = 35,    /* aux: the venue's order id */
  EXPROVE_KIND_OWN_REJECTED = 36,        /* level: exprove_reason; aux: the venue's code */
  EXPROVE_KIND_OWN_CANCELLED = 37,       /* quantity: taken off; level: exprove_reason; aux: the venue's order id */
  EXPROVE_KIND_OWN_FILLED = 38,          /* price, quantity of this fill; aux: match id */
  EXPROVE_KIND_OWN_REPLACED = 39,        /* order_id: new id; aux: the replaced id; price, quantity: now live */
  EXPROVE_KIND_OWN_CANCEL_REJECTED = 40, /* the order stays as it was, or was already gone */
  EXPROVE_KIND_OWN_BROKEN = 41,          /* aux: match id of the fill that is void */
  /* What went wrong. */
  EXPROVE_KIND_GAP = 48,       /* venue_sequence: first missing; aux: how many, 0 when unknown */
  EXPROVE_KIND_MALFORMED = 49, /* level: exprove_malformed; aux: byte offset in the frame */
  EXPROVE_KIND_UNKNOWN = 50    /* a message type that the adapter does not know; aux: its code */
} exprove_kind;

/* LAST ends a group: books publish only then. Every frame's last event carries it. */
#define EXPROVE_FLAG_LAST 0x0001u
#define EXPROVE_FLAG_SNAPSHOT 0x0002u      /* restates what already holds */
#define EXPROVE_FLAG_VOLUME 0x0004u        /* counts towards the venue's traded volume, once */
#define EXPROVE_FLAG_RESTING_PRICE 0x0008u /* price is the resting order's; the field is 0 */
#define EXPROVE_FLAG_HIDDEN 0x0010u        /* did not touch the displayed book */
#define EXPROVE_FLAG_CROSS 0x0020u         /* traded in an auction */
#define EXPROVE_FLAG_NO_EVENT_TIME 0x0040u /* the message has no time of its own; the field is 0 */
#define EXPROVE_FLAG_NO_PRICE 0x0080u      /* none was given, or a market order; the field is 0 */
#define EXPROVE_FLAG_SIMULATED 0x0100u     /* set by the host: not from a real venue */
#define EXPROVE_FLAG_MAKER 0x0200u         /* own fill that added liquidity */
#define EXPROVE_FLAG_TEXT_ID 0x0400u       /* order_id is a text id: the venue's id is not a number */
#define EXPROVE_FLAG_CORRECTION 0x0800u    /* late, bust or corrected */
#define EXPROVE_FLAG_AGGREGATE 0x1000u     /* stands for several fills at one price */
#define EXPROVE_FLAG_ALL 0x1FFFu

typedef enum exprove_trading_status {
  EXPROVE_TRADING_UNKNOWN = 0,
  EXPROVE_TRADING_CLOSED = 1,
  EXPROVE_TRADING_PRE_OPEN = 2,
  EXPROVE_TRADING_OPEN = 3,
  EXPROVE_TRADING_HALTED = 4,
  EXPROVE_TRADING_PAUSED = 5,
  EXPROVE_TRADING_QUOTE_ONLY = 6,
  EXPROVE_TRADING_AUCTION = 7,
  EXPROVE_TRADING_POST_CLOSE = 8,
  EXPROVE_TRADING_RESTRICTED = 9 /* trades, with a short-sale price test */
} exprove_trading_status;

typedef enum exprove_reason {
  EXPROVE_REASON_UNSPECIFIED = 0,
  EXPROVE_REASON_REQUESTED = 1,
  EXPROVE_REASON_EXPIRED = 2,        /* time in force: immediate-or-cancel, end of day */
  EXPROVE_REASON_SELF_TRADE = 3,
  EXPROVE_REASON_WOULD_CROSS = 4,    /* post-only */
  EXPROVE_REASON_HALTED = 5,
  EXPROVE_REASON_UNKNOWN_SYMBOL = 6,
  EXPROVE_REASON_PRICE = 7,
  EXPROVE_REASON_QUANTITY = 8,
  EXPROVE_REASON_DUPLICATE_ID = 9,
  EXPROVE_REASON_RISK = 10,
  EXPROVE_REASON_UNKNOWN_ORDER = 11,
  EXPROVE_REASON_SUPERVISORY = 12
} exprove_reason;

typedef enum exprove_malformed {
  EXPROVE_MALFORMED_SHORT = 1,     /* ends before its fields do */
  EXPROVE_MALFORMED_LONG = 2,      /* bytes left over */
  EXPROVE_MALFORMED_FIELD = 3,     /* a field holds what its type forbids */
  EXPROVE_MALFORMED_RANGE = 4,     /* a number that does not fit price, quantity or time */
  EXPROVE_MALFORMED_SYNTAX = 5,    /* not well-formed text */
  EXPROVE_MALFORMED_REFERENCE = 6, /* names an instrument or order that was never introduced */
  EXPROVE_MALFORMED_TOO_MANY = 7   /* more events than the manifest declares */
} exprove_malformed;

/* A TEXT event in the same 64 bytes: it introduces text number `instrument`, dense from 0 within a
 * session, 40 bytes a record; `level` counts the bytes used here, and a text ends with the first
 * record that uses fewer than 40. A text is introduced before the first event that refers to it. */
#define EXPROVE_TEXT_BYTES 40
typedef struct exprove_event_text {
  int64_t event_time;
  uint8_t bytes[EXPROVE_TEXT_BYTES];
  uint32_t text_id;
  uint32_t frame;
  uint8_t kind;
  uint8_t side;
  uint16_t flags;
  uint16_t level;
  uint16_t reserved;
} exprove_event_text;

/* Where an event comes from: one frame of a feed. `offset` and `length` address the capture's
 * unpacked bytes; `data` addresses the same bytes within the batch at hand. */
typedef struct exprove_frame {
  int64_t receive_time; /* 0: nanoseconds since 1970; 0 with EXPROVE_FRAME_NO_TIME */
  uint64_t offset;      /* 8: in the capture's unpacked bytes */
  uint32_t data;        /* 16: from the batch's first byte */
  uint32_t length;      /* 20: in bytes */
  uint32_t feed;        /* 24: the host's number of the feed */
  uint32_t flags;       /* 28: EXPROVE_FRAME_… */
} exprove_frame;

#define EXPROVE_FRAME_SIMULATED 0x1u    /* from a simulator or a fill model */
#define EXPROVE_FRAME_DERIVED_TIME 0x2u /* receive time was derived from the venue's own time */
#define EXPROVE_FRAME_OUTBOUND 0x4u     /* what the host sent */
#define EXPROVE_FRAME_NO_TIME 0x8u      /* no receive time is known */
#define EXPROVE_FRAME_TRUNCATED 0x10u   /* the capture holds less of it than there was */

EXPROVE_STATIC_ASSERT(sizeof(exprove_event) == 64, event_size);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, venue_sequence) == 8, event_venue_sequence);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, order_id) == 16, event_order_id);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, price) == 24, event_price);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, quantity) == 32, event_quantity);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, aux) == 40, event_aux);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, instrument) == 48, event_instrument);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, frame) == 52, event_frame);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, kind) == 56, event_kind);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, side) == 57, event_side);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, flags) == 58, event_flags);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, level) == 60, event_level);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event, reserved) == 62, event_reserved);
EXPROVE_STATIC_ASSERT(sizeof(exprove_event_text) == 64, text_size);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event_text, bytes) == 8, text_bytes);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event_text, text_id) == 48, text_text_id);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event_text, level) == 60, text_level);
EXPROVE_STATIC_ASSERT(sizeof(exprove_frame) == 32, frame_size);
EXPROVE_STATIC_ASSERT(offsetof(exprove_frame, data) == 16, frame_data);
EXPROVE_STATIC_ASSERT(offsetof(exprove_frame, flags) == 28, frame_flags);

#endif /* EXPROVE_EVENT_H */
