/* SPDX-License-Identifier: Apache-2.0
 *
 * One frame, taken apart: a table of tokens for each object that matters, and the price levels.
 */
#ifndef BINANCE_FRAME_H
#define BINANCE_FRAME_H

#include "scan.h"

/* Names of more than one letter that a message is read by. Single letters have slots of their own before them. */
#define FRAME_NAMES(X)                                                                                                 \
  X(stream) X(data) X(event) X(result) X(id) X(status) X(error) X(method) X(params) X(lastUpdateId) X(bids) X(asks)    \
  X(pu) X(code) X(msg) X(er) X(symbol) X(side) X(type) X(price) X(quantity) X(timestamp) X(newClientOrderId)           \
  X(origClientOrderId) X(cancelOrigClientOrderId) X(cancelResult) X(newOrderResult) X(cancelResponse)                    \
  X(newOrderResponse)

enum slot {
  SLOT_UPPER = 0,  /* 'A'…'Z' */
  SLOT_LOWER = 26, /* 'a'…'z' */
  SLOT_LETTERS = 51,
#define X(name) SLOT_##name,
  FRAME_NAMES(X)
#undef X
  SLOT_COUNT,
  SLOT_NONE = 255
};

#define SLOT(letter) ((letter) >= 'a' ? SLOT_LOWER + (letter) - 'a' : SLOT_UPPER + (letter) - 'A')

enum part {
  PART_ROOT = 0,
  PART_PAYLOAD, /* what `data` or `event` wraps */
  PART_ORDER,   /* `o` of ORDER_TRADE_UPDATE */
  PART_PARAMS,
  PART_ERROR,
  PART_OUTCOME, /* `data` of an error */
  PART_CANCEL,  /* `cancelResponse` and */
  PART_NEW,     /* `newOrderResponse` of it */
  PART_COUNT,
  PART_NONE = 255
};

struct table {
  uint64_t seen[2];
  uint32_t at; /* of its opening brace */
  uint32_t present;
  struct token token[SLOT_COUNT];
};

struct level {
  int64_t price;
  int64_t quantity;
};

/* 5000 a side is the most that REST gives. */
#define FRAME_LEVELS 12000u

struct frame {
  struct scan scan;
  uint32_t level_fault; /* why `a`, `b`, `asks` or `bids` is an array but not one of levels */
  uint32_t level_at;
  uint32_t level_count;
  uint32_t first[2]; /* 0 bids, 1 asks: index of the first level */
  uint32_t count[2];
  uint32_t is_object; /* the frame is one; an array or a bare value is not */
  struct table part[PART_COUNT];
  struct level level[FRAME_LEVELS];
};

/* Takes a frame apart; 0 and a fault in `scan` when it is no JSON text. Touches nothing but `frame`. */
int frame_parse(struct frame *frame, const uint8_t *bytes, uint32_t size, const uint8_t *limit);

/* The levels of one side, `p` behind the first bracket; NULL and a fault when it is no array of levels. */
const uint8_t *frame_levels(struct frame *frame, const uint8_t *p, unsigned side);
/* The same tables for the layouts that the venue writes, much faster; 0 for any other bytes, which proves nothing. */
int frame_layout(struct frame *frame);

static inline const struct token *frame_token(const struct table *table, unsigned slot) {
  return table->seen[slot >> 6] >> (slot & 63) & 1 ? &table->token[slot] : NULL;
}

/* A string's bytes without escapes, at most 64 of them. */
struct view {
  const uint8_t *bytes;
  uint32_t size;
  uint8_t copy[64];
};

static inline int frame_view(const struct frame *frame, const struct token *token, struct view *view) {
  if (!token || token->type != TOKEN_STRING) return 0;
  view->bytes = frame->scan.base + token->at;
  view->size = token->size;
  if (UNLIKELY(token->flags & TOKEN_ESCAPED)) {
    int n = scan_unescape(view->bytes, view->size, view->copy, sizeof view->copy);
    if (n < 0) return 0;
    view->bytes = view->copy;
    view->size = (uint32_t)n;
  }
  return 1;
}

static inline int view_is(const struct view *view, const char *text) {
  size_t n = strlen(text);
  return view->size == n && memcmp(view->bytes, text, n) == 0;
}

#endif /* BINANCE_FRAME_H */
