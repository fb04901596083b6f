/* SPDX-License-Identifier: Apache-2.0
 *
 * From bytes to token tables, in one pass. Keys may come in any order; unknown keys may hold anything; a key that is
 * known and comes twice in one object is a fault.
 */
#include "frame.h"

static const char *const slot_names[] = {
#define X(name) #name,
    FRAME_NAMES(X)
#undef X
};
static const uint8_t slot_sizes[] = {
#define X(name) sizeof #name - 1,
    FRAME_NAMES(X)
#undef X
};

static unsigned slot_of_name(const uint8_t *p, uint32_t n) {
  if (n == 6 && memcmp(p, "stream", 6) == 0) return SLOT_stream;
  if (n == 4 && memcmp(p, "data", 4) == 0) return SLOT_data;
  if (n == 1) {
    if (p[0] >= 'a' && p[0] <= 'z') return SLOT_LOWER + (unsigned)(p[0] - 'a');
    if (p[0] >= 'A' && p[0] <= 'Z') return SLOT_UPPER + (unsigned)(p[0] - 'A');
    return SLOT_NONE;
  }
  for (unsigned i = 2; i < sizeof slot_sizes; i++)
    if (slot_sizes[i] == n && memcmp(slot_names[i], p, n) == 0) return SLOT_LETTERS + 1 + i;
  return SLOT_NONE;
}

static enum part part_below(enum part part, unsigned slot) {
  switch (part) {
  case PART_ROOT:
    if (slot == SLOT_data || slot == SLOT_event) return PART_PAYLOAD;
    if (slot == SLOT_error) return PART_ERROR;
    if (slot == SLOT_params) return PART_PARAMS;
    return slot == SLOT('o') ? PART_ORDER : PART_NONE;
  case PART_PAYLOAD:
    return slot == SLOT('o') ? PART_ORDER : PART_NONE;
  case PART_ERROR:
    return slot == SLOT_data ? PART_OUTCOME : PART_NONE;
  case PART_OUTCOME:
    if (slot == SLOT_cancelResponse) return PART_CANCEL;
    return slot == SLOT_newOrderResponse ? PART_NEW : PART_NONE;
  default:
    return PART_NONE;
  }
}

static const uint8_t *parse_array(struct frame *f, const uint8_t *p, unsigned slot, enum part part, struct token *token,
                                  unsigned depth) {
  struct scan *s = &f->scan;
  int is_side = slot == SLOT('b') || slot == SLOT_bids || slot == SLOT('a') || slot == SLOT_asks;
  if (part > PART_PAYLOAD || !is_side) return scan_value(s, p, token, depth);
  unsigned side = slot == SLOT('a') || slot == SLOT_asks;
  if (f->count[side]) return scan_fail(s, EXPROVE_MALFORMED_FIELD, p); /* `b` and `bids` in one frame */
  const uint8_t *next = frame_levels(f, p + 1, side);
  if (next) {
    token->at = (uint32_t)(p - s->base);
    token->size = (uint32_t)(next - p);
    token->type = TOKEN_LEVELS;
    token->flags = 0;
    return next;
  }
  /* No levels. It may still be well-formed, in a message of another type. */
  if (!f->level_fault) {
    f->level_fault = s->fault;
    f->level_at = s->at;
  }
  s->fault = 0;
  return scan_value(s, p, token, depth);
}

static const uint8_t *parse_object(struct frame *f, const uint8_t *p, enum part part, unsigned depth) {
  struct scan *s = &f->scan;
  struct table *table = &f->part[part];
  if (table->present) return scan_fail(s, EXPROVE_MALFORMED_FIELD, p - 1);
  table->present = 1;
  table->at = (uint32_t)(p - 1 - s->base);
  p = scan_space(s, p);
  if (p < s->end && *p == '}') return p + 1;
  for (;;) {
    if (UNLIKELY(p >= s->end || *p != '"')) return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
    const uint8_t *key = ++p;
    unsigned slot;
    uint8_t letter = s->end - p >= 2 && p[1] == '"' ? p[0] | 32 : 0;
    if (LIKELY(letter >= 'a' && letter <= 'z')) {
      slot = p[0] & 32 ? SLOT_LOWER + letter - 'a' : SLOT_UPPER + letter - 'a';
      p += 2;
    } else {
      uint8_t flags = 0;
      if (!(p = scan_string(s, p, &flags))) return NULL;
      if (UNLIKELY(flags & TOKEN_ESCAPED)) {
        uint8_t plain[32];
        int n = scan_unescape(key, (uint32_t)(p - key), plain, sizeof plain);
        slot = n < 0 ? SLOT_NONE : slot_of_name(plain, (uint32_t)n);
      } else {
        slot = slot_of_name(key, (uint32_t)(p - key));
      }
      p++;
    }
    if (LIKELY(p < s->end && *p == ':')) {
      p++;
    } else {
      p = scan_space(s, p);
      if (p >= s->end || *p != ':') return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
      p++;
    }
    struct token unknown, *token = &unknown;
    if (LIKELY(slot != SLOT_NONE)) {
      uint64_t bit = 1ull << (slot & 63);
      if (UNLIKELY(table->seen[slot >> 6] & bit)) return scan_fail(s, EXPROVE_MALFORMED_FIELD, key - 1);
      table->seen[slot >> 6] |= bit;
      token = &table->token[slot];
    }
    if (UNLIKELY(p < s->end && *p <= ' ')) p = scan_space(s, p);
    if (UNLIKELY(p >= s->end)) return scan_fail(s, EXPROVE_MALFORMED_SHORT, p);
    uint8_t c = *p;
    if (c == '"') {
      uint8_t flags = 0;
      const uint8_t *close = scan_string(s, p + 1, &flags);
      if (!close) return NULL;
      token->at = (uint32_t)(p + 1 - s->base);
      token->size = (uint32_t)(close - p - 1);
      token->type = TOKEN_STRING;
      token->flags = flags;
      p = close + 1;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      if (!(p = scan_number(s, p, token))) return NULL;
    } else if (c == '{') {
      enum part below = part_below(part, slot);
      if (below == PART_NONE) {
        if (!(p = scan_value(s, p, token, depth))) return NULL;
      } else {
        token->at = (uint32_t)(p - s->base);
        token->type = TOKEN_OBJECT;
        token->flags = 0;
        if (!(p = parse_object(f, p + 1, below, depth + 1))) return NULL;
        token->size = (uint32_t)(p - s->base) - token->at;
      }
    } else if (c == '[') {
      if (!(p = parse_array(f, p, slot, part, token, depth))) return NULL;
    } else {
      if (!(p = scan_literal(s, p, token))) return NULL;
    }
    if (UNLIKELY(p < s->end && *p <= ' ')) p = scan_space(s, p);
    if (LIKELY(p < s->end)) {
      if (*p == ',') {
        p++;
        if (UNLIKELY(p < s->end && *p != '"')) p = scan_space(s, p);
        continue;
      }
      if (*p == '}') return p + 1;
    }
    return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
  }
}

static void start_over(struct frame *f) {
  f->scan.fault = 0;
  f->level_fault = 0;
  f->level_count = 0;
  f->count[0] = f->count[1] = 0;
  for (unsigned i = 0; i < PART_COUNT; i++) {
    f->part[i].seen[0] = f->part[i].seen[1] = 0;
    f->part[i].present = 0;
  }
}

int frame_parse(struct frame *f, const uint8_t *bytes, uint32_t size, const uint8_t *limit) {
  struct scan *s = &f->scan;
  s->base = bytes;
  s->end = bytes + size;
  s->limit = limit;
  start_over(f);
#ifndef BINANCE_PLAIN
  f->is_object = 1;
  if (LIKELY(frame_layout(f))) return 1;
  start_over(f);
#endif
  const uint8_t *p = scan_space(s, bytes);
  f->is_object = p < s->end && *p == '{';
  struct token other;
  p = f->is_object ? parse_object(f, p + 1, PART_ROOT, 1) : scan_value(s, p, &other, 0);
  if (!p) return 0;
  p = scan_space(s, p);
  if (p != s->end) return scan_fail(s, EXPROVE_MALFORMED_LONG, p) != NULL;
  return 1;
}
