/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields by name and type. A field that is missing is a fault at the object that lacks it, one of a wrong type a fault
 * at its value.
 */
#include "session.h"

static const struct token *required(struct exprove_session *s, const struct table *table, unsigned slot, uint8_t type) {
  const struct token *token = frame_token(table, slot);
  if (LIKELY(token && token->type == type)) return token;
  fault(s, EXPROVE_MALFORMED_FIELD, token ? token->at : table->at);
  return NULL;
}

/* Says which fault it is. */
void field_no_integer(struct exprove_session *s, const struct table *table, unsigned slot) {
  const struct token *token = required(s, table, slot, TOKEN_NUMBER);
  if (token) fault(s, token->flags & TOKEN_NEGATIVE ? EXPROVE_MALFORMED_FIELD : EXPROVE_MALFORMED_RANGE, token->at);
}

int field_slow_decimal(struct exprove_session *s, const struct table *table, unsigned slot, uint32_t scale,
                       int64_t *out) {
  const struct token *token = required(s, table, slot, TOKEN_STRING);
  if (!token) return 0;
  return scan_decimal(&s->frame.scan, s->frame.scan.base + token->at, scale, out) != NULL;
}

int field_bool(struct exprove_session *s, const struct table *table, unsigned slot, int *out) {
  const struct token *token = frame_token(table, slot);
  if (LIKELY(token && (token->type == TOKEN_TRUE || token->type == TOKEN_FALSE))) {
    *out = token->type == TOKEN_TRUE;
    return 1;
  }
  fault(s, EXPROVE_MALFORMED_FIELD, token ? token->at : table->at);
  return 0;
}

int field_text(struct exprove_session *s, const struct table *table, unsigned slot, struct view *out) {
  const struct token *token = required(s, table, slot, TOKEN_STRING);
  if (!token) return 0;
  if (UNLIKELY(!frame_view(&s->frame, token, out))) {
    fault(s, EXPROVE_MALFORMED_FIELD, token->at);
    return 0;
  }
  return 1;
}

/* Milliseconds since 1970, or microseconds from a connection opened with `timeUnit=MICROSECOND`: no millisecond of the
 * years that nanoseconds in 64 bits can name is as large as a microsecond after April 1970. */
int field_time(struct exprove_session *s, const struct table *table, unsigned slot, int64_t *out) {
  const uint64_t milliseconds = (uint64_t)INT64_MAX / 1000000, microseconds = (uint64_t)INT64_MAX / 1000;
  uint64_t value;
  if (!field_integer(s, table, slot, &value)) return 0;
  if (UNLIKELY(value > microseconds)) {
    fault(s, EXPROVE_MALFORMED_RANGE, table->token[slot].at);
    return 0;
  }
  *out = (int64_t)(value > milliseconds ? value * 1000 : value * 1000000);
  return 1;
}

int field_symbol(struct exprove_session *s, const struct table *table, unsigned slot, struct name *out) {
  const struct token *token = required(s, table, slot, TOKEN_STRING);
  if (!token) return 0;
  const uint8_t *bytes = s->frame.scan.base + token->at;
  uint32_t size = token->size;
  if (UNLIKELY(token->flags & TOKEN_ESCAPED)) {
    int n = scan_unescape(bytes, size, out->copy, TEXT_MAX);
    bytes = out->copy;
    size = n < 0 ? 0 : (uint32_t)n;
  }
  if (LIKELY(name_symbol(s, bytes, size, out))) return 1;
  fault(s, EXPROVE_MALFORMED_FIELD, token->at);
  return 0;
}
