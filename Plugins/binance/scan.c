/* SPDX-License-Identifier: Apache-2.0
 *
 * The scanner's uncommon paths: escapes, text beyond ASCII, long numbers, values that are only checked.
 */
#include "scan.h"

uint64_t scan_tail(const struct scan *s, const uint8_t *p) {
  uint64_t v = 0;
  for (unsigned i = 0; i < 8 && p + i < s->limit; i++) v |= (uint64_t)p[i] << (8 * i);
  return v;
}

/* Length of the UTF-8 sequence at `p`, 0 when it is not one (RFC 3629: no overlong form, no surrogate). */
static unsigned utf8_length(const uint8_t *p, const uint8_t *end) {
  size_t left = (size_t)(end - p);
  uint8_t a = p[0];
  if (a < 0x80) return 1;
  if (a >= 0xC2 && a <= 0xDF) return left >= 2 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
  if (a >= 0xE0 && a <= 0xEF) {
    if (left < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80) return 0;
    if ((a == 0xE0 && p[1] < 0xA0) || (a == 0xED && p[1] > 0x9F)) return 0;
    return 3;
  }
  if (a >= 0xF0 && a <= 0xF4) {
    if (left < 4 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80 || (p[3] & 0xC0) != 0x80) return 0;
    if ((a == 0xF0 && p[1] < 0x90) || (a == 0xF4 && p[1] > 0x8F)) return 0;
    return 4;
  }
  return 0;
}

int scan_utf8(const uint8_t *p, uint32_t size) {
  const uint8_t *end = p + size;
  while (p < end) {
    unsigned n = utf8_length(p, end);
    if (!n) return 0;
    p += n;
  }
  return 1;
}

static int hex4(const uint8_t *p, uint32_t *out) {
  uint32_t v = 0;
  for (unsigned i = 0; i < 4; i++) {
    uint8_t c = p[i];
    uint32_t d = 16, low = c | 32u;
    if (c >= '0' && c <= '9') d = c - '0';
    if (low >= 'a' && low <= 'f') d = low - 'a' + 10;
    if (d > 15) return 0;
    v = v << 4 | d;
  }
  *out = v;
  return 1;
}

const uint8_t *scan_string_slow(struct scan *s, const uint8_t *p, uint8_t *flags) {
  while (p < s->end) {
    uint8_t c = *p;
    if (c == '"') return p;
    if (c < 0x20) return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
    if (c == '\\') {
      *flags |= TOKEN_ESCAPED;
      if (s->end - p < 2) return scan_fail(s, EXPROVE_MALFORMED_SHORT, s->end);
      uint32_t unit;
      switch (p[1]) {
      case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        p += 2;
        continue;
      case 'u':
        if (s->end - p < 6) return scan_fail(s, EXPROVE_MALFORMED_SHORT, s->end);
        if (!hex4(p + 2, &unit)) return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
        p += 6;
        continue;
      default:
        return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
      }
    }
    unsigned n = utf8_length(p, s->end);
    if (!n) return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
    p += n;
  }
  return scan_fail(s, EXPROVE_MALFORMED_SHORT, s->end);
}

/* The decoded bytes of a string that was scanned before; -1 when they do not fit or a surrogate stands alone. */
int scan_unescape(const uint8_t *p, uint32_t size, uint8_t *out, uint32_t capacity) {
  const uint8_t *end = p + size;
  uint32_t n = 0;
  while (p < end) {
    uint32_t code = *p;
    if (code != '\\') {
      if (n == capacity) return -1;
      out[n++] = *p++;
      continue;
    }
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    if (p[1] != 'u') {
      const char *found = memchr(names, p[1], sizeof names - 1);
      if (!found) return -1;
      code = (uint8_t)bytes[found - names];
      p += 2;
    } else {
      uint32_t low;
      if (!hex4(p + 2, &code)) return -1;
      p += 6;
      if (code >= 0xDC00 && code <= 0xDFFF) return -1;
      if (code >= 0xD800 && code <= 0xDBFF) {
        if (end - p < 6 || p[0] != '\\' || p[1] != 'u' || !hex4(p + 2, &low) || low < 0xDC00 || low > 0xDFFF) return -1;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
      }
    }
    uint8_t utf8[4];
    uint32_t k = 0;
    if (code < 0x80) {
      utf8[k++] = (uint8_t)code;
    } else if (code < 0x800) {
      utf8[k++] = (uint8_t)(0xC0 | code >> 6);
      utf8[k++] = (uint8_t)(0x80 | (code & 63));
    } else if (code < 0x10000) {
      utf8[k++] = (uint8_t)(0xE0 | code >> 12);
      utf8[k++] = (uint8_t)(0x80 | (code >> 6 & 63));
      utf8[k++] = (uint8_t)(0x80 | (code & 63));
    } else {
      utf8[k++] = (uint8_t)(0xF0 | code >> 18);
      utf8[k++] = (uint8_t)(0x80 | (code >> 12 & 63));
      utf8[k++] = (uint8_t)(0x80 | (code >> 6 & 63));
      utf8[k++] = (uint8_t)(0x80 | (code & 63));
    }
    if (capacity - n < k) return -1;
    memcpy(out + n, utf8, k);
    n += k;
  }
  return (int)n;
}

static const uint8_t *digit_run(struct scan *s, const uint8_t *p) {
  if (p >= s->end || *p < '0' || *p > '9') return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
  while (p < s->end && *p >= '0' && *p <= '9') p++;
  return p;
}

const uint8_t *scan_number(struct scan *s, const uint8_t *p, struct token *token) {
  const uint8_t *start = p;
  uint8_t flags = 0;
  if (*p == '-') {
    flags |= TOKEN_NEGATIVE;
    p++;
  }
  const uint8_t *first = p;
  uint64_t value = 0;
  for (;;) {
    static const uint64_t power[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    uint64_t x;
    if (p >= s->end) return scan_fail(s, EXPROVE_MALFORMED_SHORT, s->end);
    unsigned n = scan_digits(scan_load(s, p), &x);
    if ((size_t)(s->end - p) < n) return scan_fail(s, EXPROVE_MALFORMED_SHORT, s->end);
    if (n) {
      uint64_t part = scan_eight(x << (64 - 8 * n));
      if (UNLIKELY(p - first > 8) && value > (UINT64_MAX - part) / power[n]) flags |= TOKEN_INEXACT;
      value = value * power[n] + part;
      p += n;
    }
    if (n < 8) break;
  }
  if (p == first) return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
  if (*first == '0' && p - first > 1) return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, first);
  if (p < s->end && *p == '.') {
    flags |= TOKEN_INEXACT;
    if (!(p = digit_run(s, p + 1))) return NULL;
  }
  if (p < s->end && (*p | 32) == 'e') {
    flags |= TOKEN_INEXACT;
    p++;
    if (p < s->end && (*p == '+' || *p == '-')) p++;
    if (!(p = digit_run(s, p))) return NULL;
  }
  token->value = value;
  token->at = (uint32_t)(start - s->base);
  token->size = (uint32_t)(p - start);
  token->type = TOKEN_NUMBER;
  token->flags = flags;
  return p;
}

const uint8_t *scan_literal(struct scan *s, const uint8_t *p, struct token *token) {
  static const char *const words[] = {"true", "false", "null"};
  for (unsigned i = 0; i < 3; i++) {
    size_t n = strlen(words[i]), left = (size_t)(s->end - p);
    if (*p != (uint8_t)words[i][0]) continue;
    for (size_t k = 0; k < n; k++) {
      if (k == left) return scan_fail(s, EXPROVE_MALFORMED_SHORT, s->end);
      if (p[k] != (uint8_t)words[i][k]) return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
    }
    token->at = (uint32_t)(p - s->base);
    token->size = (uint32_t)n;
    token->type = (uint8_t)(TOKEN_TRUE + i);
    token->flags = 0;
    return p + n;
  }
  return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
}

/* The same value as `scan_decimal`, digit by digit, with the reason when there is none. */
const uint8_t *scan_decimal_long(struct scan *s, const uint8_t *p, uint32_t scale, int64_t *out) {
  const uint8_t *start = p;
  uint64_t value = 0;
  uint32_t whole = 0, places = 0;
  int fraction = 0, range = 0;
  for (; p < s->end && *p != '"'; p++) {
    if (*p == '.' && !fraction && whole) {
      fraction = 1;
      continue;
    }
    if (*p < '0' || *p > '9') return scan_fail(s, EXPROVE_MALFORMED_FIELD, start);
    uint64_t digit = (uint64_t)*p - '0';
    if (!fraction) {
      whole++;
    } else if (places++ >= scale) {
      range |= digit != 0;
      continue;
    }
    if (value > ((uint64_t)INT64_MAX - digit) / 10) range = 1;
    if (!range) value = value * 10 + digit;
  }
  if (p >= s->end) return scan_fail(s, EXPROVE_MALFORMED_SHORT, s->end);
  if (!whole || (fraction && !places)) return scan_fail(s, EXPROVE_MALFORMED_FIELD, start);
  for (; places < scale && !range; places++) {
    if (value > (uint64_t)INT64_MAX / 10) range = 1;
    value *= 10;
  }
  if (range) return scan_fail(s, EXPROVE_MALFORMED_RANGE, start);
  *out = (int64_t)value;
  return p;
}

/* Checks a value of any shape; `token` says where it was and what. */
const uint8_t *scan_value(struct scan *s, const uint8_t *p, struct token *token, unsigned depth) {
  if (p >= s->end) return scan_fail(s, EXPROVE_MALFORMED_SHORT, s->end);
  uint8_t c = *p, flags = 0;
  if (c == '"') {
    const uint8_t *close = scan_string(s, p + 1, &flags);
    if (!close) return NULL;
    token->at = (uint32_t)(p + 1 - s->base);
    token->size = (uint32_t)(close - p - 1);
    token->type = TOKEN_STRING;
    token->flags = flags;
    return close + 1;
  }
  if (c == '-' || (c >= '0' && c <= '9')) return scan_number(s, p, token);
  if (c != '{' && c != '[') return scan_literal(s, p, token);
  if (depth >= SCAN_DEPTH) return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
  token->at = (uint32_t)(p - s->base);
  token->type = c == '{' ? TOKEN_OBJECT : TOKEN_ARRAY;
  token->flags = 0;
  const uint8_t close = c == '{' ? '}' : ']', *start = p;
  struct token inner;
  p = scan_space(s, p + 1);
  if (p < s->end && *p == close) goto done;
  for (;;) {
    if (c == '{') {
      if (p >= s->end || *p != '"') return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
      if (!(p = scan_string(s, p + 1, &flags))) return NULL;
      p = scan_space(s, p + 1);
      if (p >= s->end || *p != ':') return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
      p = scan_space(s, p + 1);
    }
    if (!(p = scan_value(s, p, &inner, depth + 1))) return NULL;
    p = scan_space(s, p);
    if (p < s->end && *p == close) break;
    if (p >= s->end || *p != ',') return scan_fail(s, EXPROVE_MALFORMED_SYNTAX, p);
    p = scan_space(s, p + 1);
  }
done:
  token->size = (uint32_t)(p + 1 - start);
  return p + 1;
}
