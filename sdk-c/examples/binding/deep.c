/* SPDX-License-Identifier: Apache-2.0 */
#include "deep.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 40, DEEP_PROTOCOL = 0x8004, STATE = 16 };

struct deep_decoder {
  deep_callbacks call;
  uint64_t next;    /* the sequence that comes next, 0 before the first segment */
  uint32_t session; /* whose sequence it is */
  size_t error;
};

static uint64_t number(const uint8_t *at, size_t size) {
  uint64_t value = 0;
  for (size_t i = size; i-- > 0;) value = value << 8 | at[i];
  return value;
}

/* Text of fixed length, padded with blanks. */
static void text(char *out, const uint8_t *at, size_t size) {
  while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == 0)) size--;
  memcpy(out, at, size);
  out[size] = 0;
}

/* The least length of each type: a later version may lengthen a message, and the known part stays where it is. */
static size_t length(uint8_t type) {
  switch (type) {
  case 'S': return 10;
  case 'D': return 31;
  case 'H': return 22;
  case 'O': case 'E': return 18;
  case 'P': return 19;
  case '8': case '5': return 30;
  case 'T': case 'B': return 38;
  default: return 1;
  }
}

deep_decoder *deep_open(const deep_callbacks *callbacks) {
  if (callbacks == NULL || callbacks->size != sizeof *callbacks) return NULL;
  deep_decoder *d = calloc(1, sizeof *d);
  if (d != NULL) d->call = *callbacks;
  return d;
}

void deep_close(deep_decoder *d) { free(d); }

void deep_reset(deep_decoder *d) {
  d->next = 0;
  d->session = 0;
  d->error = 0;
}

static deep_result fail(deep_decoder *d, size_t at, deep_result result) {
  d->error = at;
  return result;
}

static void on_level(const deep_decoder *d, const deep_header *h, const uint8_t *p) {
  deep_level level = {.header = *h, .price = (int64_t)number(p + 22, 8), .size = (uint32_t)number(p + 18, 4),
                      .is_complete = p[1] & 1};
  if (d->call.on_level != NULL) d->call.on_level(d->call.user, &level);
}

static void on_trade(const deep_decoder *d, const deep_header *h, const uint8_t *p) {
  deep_trade trade = {.header = *h, .price = (int64_t)number(p + 22, 8), .size = (uint32_t)number(p + 18, 4),
                      .conditions = p[1], .id = number(p + 30, 8)};
  if (d->call.on_trade != NULL) d->call.on_trade(d->call.user, &trade, h->type == 'B');
}

static void on_status(const deep_decoder *d, const deep_header *h, const uint8_t *p) {
  deep_status status = {.header = *h, .code = (char)p[1]};
  if (h->type == 'H') text(status.reason, p + 18, 4);
  if (h->type == 'P') text(status.reason, p + 18, 1);
  if (d->call.on_status != NULL) d->call.on_status(d->call.user, status);
}

static void on_directory(const deep_decoder *d, const deep_header *h, const uint8_t *p) {
  deep_directory directory = {.header = *h, .round_lot = (uint32_t)number(p + 18, 4),
                              .reference_price = (int64_t)number(p + 22, 8)};
  if (d->call.on_directory != NULL) d->call.on_directory(d->call.user, &directory);
}

/* One message; whether to go on. */
static int on_message(const deep_decoder *d, uint64_t sequence, const uint8_t *p, size_t size) {
  deep_header h = {.sequence = sequence, .type = (char)p[0]};
  if (length(p[0]) > 1) h.time = (int64_t)number(p + 2, 8);
  if (length(p[0]) >= 18) text(h.symbol, p + 10, 8);
  switch (p[0]) {
  case '8': case '5': on_level(d, &h, p); return 1;
  case 'T': case 'B': on_trade(d, &h, p); return 1;
  case 'S': case 'H': case 'O': case 'P': case 'E': on_status(d, &h, p); return 1;
  case 'D': on_directory(d, &h, p); return 1;
  default: return d->call.on_other == NULL || d->call.on_other(d->call.user, &h, p, size) == 0;
  }
}

/* One message after the other, up to the first that is not whole. */
static deep_result feed_messages(deep_decoder *d, const uint8_t *p, size_t size, uint64_t first, size_t count) {
  size_t at = HEADER;
  for (size_t i = 0; i < count; i++) {
    if (size - at < 2) return fail(d, size, DEEP_SHORT);
    size_t long_as = (size_t)number(p + at, 2);
    if (size - at - 2 < long_as) return fail(d, size, DEEP_SHORT);
    if (long_as == 0 || long_as < length(p[at + 2])) return fail(d, at, DEEP_FIELD);
    at += 2 + long_as;
    d->next = first + i + 1;
    if (!on_message(d, first + i, p + at - long_as, long_as)) return DEEP_OK;
  }
  return at == size ? DEEP_OK : fail(d, at, DEEP_LONG);
}

deep_result deep_feed(deep_decoder *d, const uint8_t *p, size_t size) {
  if (size < HEADER) return fail(d, size, DEEP_SHORT);
  if (p[0] != 1) return fail(d, 0, DEEP_VERSION);
  if (number(p + 2, 2) != DEEP_PROTOCOL) return fail(d, 2, DEEP_VERSION);
  uint32_t session = (uint32_t)number(p + 8, 4);
  uint64_t first = number(p + 24, 8);
  if (d->next != 0 && session == d->session && first != d->next && d->call.on_gap != NULL) {
    d->call.on_gap(d->call.user, first > d->next ? (deep_gap){d->next, first - d->next} : (deep_gap){first, 0});
  }
  d->session = session;
  d->next = first;
  return feed_messages(d, p, size, first, (size_t)number(p + 14, 2));
}

size_t deep_error_offset(const deep_decoder *d) { return d->error; }

size_t deep_save(const deep_decoder *d, void *out, size_t capacity) {
  uint8_t bytes[STATE] = {'D', 'E', 'E', 'P'};
  for (size_t i = 0; i < 4; i++) bytes[4 + i] = (uint8_t)(d->session >> (8 * i));
  for (size_t i = 0; i < 8; i++) bytes[8 + i] = (uint8_t)(d->next >> (8 * i));
  if (capacity >= STATE) memcpy(out, bytes, STATE);
  return STATE;
}

deep_result deep_load(deep_decoder *d, const void *bytes, size_t size) {
  const uint8_t *p = bytes;
  if (size != STATE || memcmp(p, "DEEP", 4) != 0) return DEEP_BAD_STATE;
  d->session = (uint32_t)number(p + 4, 4);
  d->next = number(p + 8, 8);
  d->error = 0;
  return DEEP_OK;
}
