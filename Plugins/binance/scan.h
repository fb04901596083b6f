/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict JSON scanner (RFC 8259) over one frame: no copy, no allocation, one pass. Eight bytes are looked at a time;
 * a read may reach past the frame, never past the batch, and what lies past the frame never has an effect.
 */
#ifndef BINANCE_SCAN_H
#define BINANCE_SCAN_H

#include <exprove/event.h>
#include <string.h>

/* BINANCE_PORTABLE leaves the paths for one machine out, BINANCE_PLAIN those for known layouts: tests compare. */
#if defined(__SSE2__) && !defined(BINANCE_PORTABLE)
#include <emmintrin.h>
#define SCAN_SSE2 1
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the scanner reads eight bytes at once, lowest address first"
#endif

#define SCAN_DEPTH 32u /* nesting bound: Binance needs six */
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

struct scan {
  const uint8_t *base;  /* first byte of the frame */
  const uint8_t *end;   /* behind its last */
  const uint8_t *limit; /* behind the last byte that may be read */
  uint32_t fault;       /* exprove_malformed, 0 for none */
  uint32_t at;          /* where, from `base` */
};

enum token_type {
  TOKEN_STRING = 1,
  TOKEN_NUMBER = 2,
  TOKEN_TRUE = 3,
  TOKEN_FALSE = 4,
  TOKEN_NULL = 5,
  TOKEN_OBJECT = 6,
  TOKEN_ARRAY = 7,
  TOKEN_LEVELS = 8 /* an array of [price, quantity], already read */
};

#define TOKEN_ESCAPED 1u  /* a string with at least one backslash */
#define TOKEN_NEGATIVE 2u /* a number with a minus sign */
#define TOKEN_INEXACT 4u  /* a number that is no integer of 64 bits */
#define TOKEN_SCALED 8u   /* a string whose decimal has been read: `value` is at the scale that its message wants */

struct token {
  uint64_t value; /* of a number: its magnitude */
  uint32_t at;    /* first byte of the value, behind the quote of a string */
  uint32_t size;
  uint8_t type;
  uint8_t flags;
};

/* Sets the first fault and returns NULL, which every caller passes on. */
static inline const uint8_t *scan_fail(struct scan *s, uint32_t fault, const uint8_t *at) {
  if (at >= s->end) {
    at = s->end;
    if (fault == EXPROVE_MALFORMED_SYNTAX) fault = EXPROVE_MALFORMED_SHORT;
  }
  if (!s->fault) {
    s->fault = fault;
    s->at = (uint32_t)(at - s->base);
  }
  return NULL;
}

uint64_t scan_tail(const struct scan *s, const uint8_t *p);
const uint8_t *scan_string_slow(struct scan *s, const uint8_t *p, uint8_t *flags);
const uint8_t *scan_value(struct scan *s, const uint8_t *p, struct token *token, unsigned depth);
const uint8_t *scan_number(struct scan *s, const uint8_t *p, struct token *token);
const uint8_t *scan_literal(struct scan *s, const uint8_t *p, struct token *token);
const uint8_t *scan_decimal_long(struct scan *s, const uint8_t *p, uint32_t scale, int64_t *out);
int scan_unescape(const uint8_t *p, uint32_t size, uint8_t *out, uint32_t capacity);
int scan_utf8(const uint8_t *p, uint32_t size);

/* Eight bytes at `p`, zeros where nothing may be read. */
static inline uint64_t scan_load(const struct scan *s, const uint8_t *p) {
  uint64_t v;
  if (UNLIKELY((size_t)(s->limit - p) < sizeof v)) return scan_tail(s, p);
  memcpy(&v, p, sizeof v);
  return v;
}

static inline const uint8_t *scan_space(const struct scan *s, const uint8_t *p) {
  while (p < s->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
  return p;
}

/* `p` is behind the opening quote; the result is at the closing one. */
static inline const uint8_t *scan_string(struct scan *s, const uint8_t *p, uint8_t *flags) {
  const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  for (;;) {
    uint64_t v = scan_load(s, p);
    uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');
    uint64_t hit = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((v - ones * 0x20) & ~v) | v;
    hit &= tops;
    if (hit) {
      p += (unsigned)__builtin_ctzll(hit) >> 3;
      if (UNLIKELY(p >= s->end)) return scan_fail(s, EXPROVE_MALFORMED_SHORT, s->end);
      if (LIKELY(*p == '"')) return p;
      return scan_string_slow(s, p, flags);
    }
    p += 8;
    if (UNLIKELY(p >= s->end)) return scan_fail(s, EXPROVE_MALFORMED_SHORT, s->end);
  }
}

/* How many of the eight bytes, from the first, are digits; `digits` are their values. */
static inline unsigned scan_digits(uint64_t v, uint64_t *digits) {
  uint64_t x = v ^ 0x3030303030303030u;
  uint64_t stop = ((x + 0x7676767676767676u) | x) & 0x8080808080808080u;
  *digits = x;
  return stop ? (unsigned)__builtin_ctzll(stop) >> 3 : 8u;
}

/* Eight digit values, the first one in the lowest byte, as a number. */
static inline uint64_t scan_eight(uint64_t x) {
  x = x * 10 + (x >> 8);
  const uint64_t low = x & 0x000000FF000000FFu, high = (x >> 16) & 0x000000FF000000FFu;
  return (low * 0x000F424000000064u + high * 0x0000271000000001u) >> 32;
}

/* A decimal inside a string, `p` behind the opening quote, as an integer at 10^-scale (scale 8 or 9). The result is
 * at the closing quote. Digits that the scale would lose, unless they are zeros, and values beyond 2^63-1 are RANGE. */
static inline const uint8_t *scan_decimal(struct scan *s, const uint8_t *p, uint32_t scale, int64_t *out) {
  const uint8_t *start = p;
  uint64_t value;
#ifdef SCAN_SSE2
  /* The end is found first and alone, so that the next number need not wait for this one's digits. */
  if (UNLIKELY((size_t)(s->limit - p) < 24)) return scan_decimal_long(s, start, scale, out);
  const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p), x = _mm_xor_si128(v, _mm_set1_epi8('0'));
  const uint32_t quotes = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
  if (UNLIKELY(!quotes)) return scan_decimal_long(s, start, scale, out);
  const unsigned length = (unsigned)__builtin_ctz(quotes);
  const uint32_t within = (1u << length) - 1;
  const uint32_t dots = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('.'))) & within;
  const uint32_t digits = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(9)), x));
  if (UNLIKELY(!dots || (~digits & within) != (dots & (0u - dots)))) return scan_decimal_long(s, start, scale, out);
  const unsigned whole = (unsigned)__builtin_ctz(dots), places = length - whole - 1;
  if (UNLIKELY(whole - 1 > 6 || places - 1 > 7)) return scan_decimal_long(s, start, scale, out);
  uint64_t left, right;
  memcpy(&left, p, sizeof left);
  memcpy(&right, p + whole + 1, sizeof right);
  left = (left ^ 0x3030303030303030u) << (64 - 8 * whole);
  right = (right ^ 0x3030303030303030u) & (~0ull >> (64 - 8 * places));
  value = scan_eight(left) * 100000000u + scan_eight(right);
  p += length;
  if (UNLIKELY(p >= s->end)) return scan_decimal_long(s, start, scale, out);
#else
  uint64_t x;
  unsigned n = scan_digits(scan_load(s, p), &x);
  if (UNLIKELY(n == 8 || n == 0)) return scan_decimal_long(s, start, scale, out);
  value = scan_eight(x << (64 - 8 * n)) * 100000000u;
  p += n;
  if (LIKELY(p < s->end && *p == '.')) {
    n = scan_digits(scan_load(s, ++p), &x);
    if (UNLIKELY(n == 0)) return scan_decimal_long(s, start, scale, out);
    value += scan_eight(n == 8 ? x : x & ((1ull << (8 * n)) - 1));
    p += n;
  }
  if (UNLIKELY(p >= s->end || *p != '"')) return scan_decimal_long(s, start, scale, out);
#endif
  /* Seven digits before the point: at most 10^15 here, so the product fits. */
  *out = (int64_t)(scale == 9 ? value * 10 : value);
  return p;
}

/* An unsigned integer of at most 16 digits; NULL, without a fault, for all that is not as simple. */
static inline const uint8_t *scan_integer(const struct scan *s, const uint8_t *p, uint64_t *out) {
  static const uint64_t power[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  uint64_t v, w, x;
  if (UNLIKELY((size_t)(s->limit - p) < 17)) return NULL;
  memcpy(&v, p, sizeof v);
  unsigned n = scan_digits(v, &x);
  if (UNLIKELY(n == 0 || (*p == '0' && n > 1))) return NULL;
  uint64_t value = scan_eight(x << (64 - 8 * n));
  if (n == 8) {
    memcpy(&w, p + 8, sizeof w);
    n = scan_digits(w, &x);
    if (UNLIKELY(n == 8)) return NULL;
    if (n) value = value * power[n] + scan_eight(x << (64 - 8 * n));
    n += 8;
  }
  p += n;
  if (UNLIKELY(p >= s->end || *p == '.' || (*p | 32) == 'e')) return NULL;
  *out = value;
  return p;
}

#endif /* BINANCE_SCAN_H */
