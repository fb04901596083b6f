/* SPDX-License-Identifier: Apache-2.0
 *
 * The common case: frames laid out byte for byte as the venue writes them today, keys in their usual order and no space
 * between. Each is matched as a row of fixed texts and values; what does not match is read again by the general
 * reader, which knows no order. A match fills the same tables, so nothing behind this file can tell the difference.
 */
#include "frame.h"

static int same(const uint8_t *p, const uint8_t *end, const char *text, size_t n) {
  return LIKELY((size_t)(end - p) >= n && memcmp(p, text, n) == 0);
}

/* One level with spaces or a third element. */
static const uint8_t *level_slow(struct scan *s, const uint8_t *p, struct level *level) {
  if (p >= s->end || *p != '[') return scan_fail(s, EXPROVE_MALFORMED_FIELD, p);
  p = scan_space(s, p + 1);
  if (p >= s->end || *p != '"') return scan_fail(s, EXPROVE_MALFORMED_FIELD, p);
  if (!(p = scan_decimal(s, p + 1, 9, &level->price))) return NULL;
  p = scan_space(s, p + 1);
  if (p >= s->end || *p != ',') return scan_fail(s, EXPROVE_MALFORMED_FIELD, p);
  p = scan_space(s, p + 1);
  if (p >= s->end || *p != '"') return scan_fail(s, EXPROVE_MALFORMED_FIELD, p);
  if (!(p = scan_decimal(s, p + 1, 8, &level->quantity))) return NULL;
  p = scan_space(s, p + 1);
  while (p < s->end && *p == ',') { /* captures of 2017 have an empty third element */
    struct token extra;
    if (!(p = scan_value(s, scan_space(s, p + 1), &extra, 4))) return NULL;
    p = scan_space(s, p);
  }
  if (p >= s->end || *p != ']') return scan_fail(s, EXPROVE_MALFORMED_FIELD, p);
  return scan_space(s, p + 1);
}

/* `[["price","quantity"],…]` */
const uint8_t *frame_levels(struct frame *f, const uint8_t *p, unsigned side) {
  struct scan *s = &f->scan;
  const uint8_t *end = s->end;
  uint32_t n = f->level_count;
  f->first[side] = n;
  p = scan_space(s, p);
  if (p < end && *p == ']') {
    f->count[side] = 0;
    return p + 1;
  }
  for (;;) {
    if (UNLIKELY(n == FRAME_LEVELS)) return scan_fail(s, EXPROVE_MALFORMED_TOO_MANY, p);
    struct level *level = &f->level[n];
    const uint8_t *q = NULL;
    if (same(p, end, "[\"", 2)) {
      if (!(q = scan_decimal(s, p + 2, 9, &level->price))) return NULL;
      if (same(q, end, "\",\"", 3)) {
        if (!(q = scan_decimal(s, q + 3, 8, &level->quantity))) return NULL;
        q = same(q, end, "\"]", 2) ? q + 2 : NULL;
      } else {
        q = NULL;
      }
    }
    if (UNLIKELY(!q) && !(q = level_slow(s, p, level))) return NULL;
    n++;
    p = q;
    if (UNLIKELY(p < end && *p <= ' ')) p = scan_space(s, p);
    if (LIKELY(p < end && *p == ',')) {
      p++;
      if (UNLIKELY(p < end && *p != '[')) p = scan_space(s, p);
      continue;
    }
    if (UNLIKELY(p >= end || *p != ']')) return scan_fail(s, EXPROVE_MALFORMED_FIELD, p);
    f->count[side] = n - f->first[side];
    f->level_count = n;
    return p + 1;
  }
}

struct reader {
  struct scan *scan;
  struct table *table;
  const uint8_t *p;
};

static inline struct token *name_token(struct reader *r, unsigned slot, const uint8_t *at, size_t size, uint8_t type) {
  struct token *token = &r->table->token[slot];
  token->at = (uint32_t)(at - r->scan->base);
  token->size = (uint32_t)size;
  token->type = type;
  token->flags = 0;
  r->table->seen[slot >> 6] |= 1ull << (slot & 63);
  return token;
}

static inline int take_integer(struct reader *r, unsigned slot) {
  uint64_t value;
  const uint8_t *next = scan_integer(r->scan, r->p, &value);
  if (UNLIKELY(!next)) return 0;
  name_token(r, slot, r->p, (size_t)(next - r->p), TOKEN_NUMBER)->value = value;
  r->p = next;
  return 1;
}

/* A plain string; the reader stops at its closing quote. */
static inline int take_string(struct reader *r, unsigned slot) {
  uint8_t flags = 0;
  const uint8_t *close = scan_string(r->scan, r->p, &flags);
  if (UNLIKELY(!close || flags)) return 0;
  name_token(r, slot, r->p, (size_t)(close - r->p), TOKEN_STRING);
  r->p = close;
  return 1;
}

static inline int take_decimal(struct reader *r, unsigned slot, uint32_t scale) {
  int64_t value;
  const uint8_t *close = scan_decimal(r->scan, r->p, scale, &value);
  if (UNLIKELY(!close)) return 0;
  struct token *token = name_token(r, slot, r->p, (size_t)(close - r->p), TOKEN_STRING);
  token->flags = TOKEN_SCALED;
  token->value = (uint64_t)value;
  r->p = close;
  return 1;
}

static inline int take_bool(struct reader *r, unsigned slot) {
  const uint8_t *p = r->p;
  int no = same(p, r->scan->end, "false", 5);
  if (!no && !same(p, r->scan->end, "true", 4)) return 0;
  name_token(r, slot, p, no ? 5 : 4, no ? TOKEN_FALSE : TOKEN_TRUE);
  r->p = p + (no ? 5 : 4);
  return 1;
}

static inline int take_levels(struct reader *r, struct frame *f, unsigned slot, unsigned side) {
  const uint8_t *next = frame_levels(f, r->p, side);
  if (UNLIKELY(!next)) return 0;
  name_token(r, slot, r->p - 1, (size_t)(next - r->p + 1), TOKEN_LEVELS);
  r->p = next;
  return 1;
}

/* The type of a message, whose text was matched: `"e":"<type>"`, the reader behind it. */
static inline void take_type(struct reader *r, size_t size) {
  name_token(r, SLOT('e'), r->p - size - 1, size, TOKEN_STRING);
}

#define TEXT(text) (same(r->p, r->scan->end, text, sizeof(text) - 1) ? (r->p += sizeof(text) - 1, 1) : 0)
#define INTEGER(letter) take_integer(r, SLOT(letter))
#define STRING(letter) take_string(r, SLOT(letter))
#define PRICE(letter) take_decimal(r, SLOT(letter), 9)
#define QUANTITY(letter) take_decimal(r, SLOT(letter), 8)
#define FLAG(letter) take_bool(r, SLOT(letter))

static int ticker_body(struct reader *r) {
  return TEXT("\"u\":") && INTEGER('u') && TEXT(",\"s\":\"") && STRING('s') && TEXT("\",\"b\":\"") && PRICE('b') &&
         TEXT("\",\"B\":\"") && QUANTITY('B') && TEXT("\",\"a\":\"") && PRICE('a') && TEXT("\",\"A\":\"") &&
         QUANTITY('A') && TEXT("\"");
}

/* Spot has the time of the trade behind the quantity, USD-M before the symbol. */
static int trade_body(struct reader *r) {
  if (!(TEXT(",\"E\":") && INTEGER('E'))) return 0;
  int usdm = TEXT(",\"T\":");
  if (usdm && !INTEGER('T')) return 0;
  if (!(TEXT(",\"s\":\"") && STRING('s') && TEXT("\",\"t\":") && INTEGER('t') && TEXT(",\"p\":\"") && PRICE('p') &&
        TEXT("\",\"q\":\"") && QUANTITY('q')))
    return 0;
  if (usdm) return TEXT("\",\"X\":\"") && STRING('X') && TEXT("\",\"m\":") && FLAG('m');
  return TEXT("\",\"T\":") && INTEGER('T') && TEXT(",\"m\":") && FLAG('m') && TEXT(",\"M\":") && FLAG('M');
}

static int depth_body(struct reader *r, struct frame *f) {
  if (!(TEXT(",\"E\":") && INTEGER('E'))) return 0;
  if (TEXT(",\"T\":") && !INTEGER('T')) return 0;
  if (!(TEXT(",\"s\":\"") && STRING('s') && TEXT("\",\"U\":") && INTEGER('U') && TEXT(",\"u\":") && INTEGER('u')))
    return 0;
  if (TEXT(",\"pu\":") && !take_integer(r, SLOT_pu)) return 0;
  return TEXT(",\"b\":[") && take_levels(r, f, SLOT('b'), 0) && TEXT(",\"a\":[") && take_levels(r, f, SLOT('a'), 1);
}

static int body(struct reader *r, struct frame *f) {
  r->table->present = 1;
  r->table->at = (uint32_t)(r->p - r->scan->base);
  if (!TEXT("{")) return 0;
  if (!TEXT("\"e\":\"")) return ticker_body(r) && TEXT("}");
  if (TEXT("depthUpdate\"")) {
    take_type(r, 11);
    return depth_body(r, f) && TEXT("}");
  }
  if (TEXT("trade\"")) {
    take_type(r, 5);
    return trade_body(r) && TEXT("}");
  }
  if (!TEXT("bookTicker\"")) return 0;
  take_type(r, 10);
  return TEXT(",") && ticker_body(r) && TEXT(",\"T\":") && INTEGER('T') && TEXT(",\"E\":") && INTEGER('E') && TEXT("}");
}

int frame_layout(struct frame *f) {
  struct reader reader = {&f->scan, &f->part[PART_ROOT], f->scan.base}, *r = &reader;
  if (TEXT("{\"stream\":\"")) {
    struct table *root = r->table;
    root->present = 1;
    root->at = 0;
    if (!take_string(r, SLOT_stream) || !TEXT("\",\"data\":")) return 0;
    const uint8_t *at = r->p;
    struct token *data = name_token(r, SLOT_data, at, 0, TOKEN_OBJECT);
    r->table = &f->part[PART_PAYLOAD];
    if (!body(r, f)) return 0;
    data->size = (uint32_t)(r->p - at);
    if (!TEXT("}")) return 0;
  } else if (!body(r, f)) {
    return 0;
  }
  return r->p == f->scan.end;
}
