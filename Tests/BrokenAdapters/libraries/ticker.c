/* SPDX-License-Identifier: Apache-2.0
 *
 * A made-up vendor's library, as unlike libdeep as may be: the handle comes through a pointer, the result is a struct,
 * callbacks are passed one by one and answer, names are pointers, prices have seven decimals, sizes eight. It keeps
 * nothing between calls. A frame: 't' side name-length name i64 price i64 size u32 seconds; 'x' gives a result that the
 * binding does not list; 'n' calls back with NULL; 'm' calls back as often as the next byte says; 'o' an order; “c!” crashes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define API __attribute__((visibility("default")))

typedef struct ticker ticker;
typedef struct { int16_t code; uint64_t used; } ticker_result;
typedef struct { const char *name; const char *const *aliases; } ticker_names;
typedef struct { ticker_names *names; int64_t sides[3]; int64_t price; uint64_t size; uint32_t at; } ticker_quote;
typedef int16_t (*ticker_on_quote)(const ticker_quote *quote, void *first, uint8_t last);
typedef int (*ticker_on_order)(char id[64], uint64_t number);

struct ticker {
  ticker_on_quote on_quote;
  ticker_on_order on_order;
  void *user;
  int64_t midnight, depth;
  char market[16];
};

API int ticker_new(ticker **out, const char *market, int64_t depth, int64_t midnight, ticker_on_quote on_quote,
                   ticker_on_order on_order, void *user) {
  if (strcmp(market, "none") == 0) return 7;
  *out = calloc(1, sizeof **out);
  if (*out == NULL) return 8;
  **out = (ticker){on_quote, on_order, user, midnight, depth, {0}};
  strncpy((*out)->market, market, 15);
  return 0;
}

API void ticker_free(ticker *t) { free(t); }

/* Seconds of the day, less than 0 for a frame without. */
API int64_t ticker_time(const ticker *t, const char *bytes, uint32_t size) {
  uint32_t at;
  if (t == NULL || size < 3 || bytes[0] != 't' || size != 23u + (uint8_t)bytes[2]) return -1;
  memcpy(&at, bytes + size - 4, 4);
  return at;
}

API ticker_result ticker_put(ticker *t, uint32_t size, const char *bytes) {
  const uint8_t *p = (const uint8_t *)bytes;
  if (size == 0) return (ticker_result){1, 0};
  if (p[0] == 'x') return (ticker_result){-77, 1};
  if (size == 2 && p[0] == 'c' && p[1] == '!') *(volatile int *)8 = 1;
  if (p[0] == 'n') return (ticker_result){t->on_quote(NULL, t->user, 1), 1};
  if (p[0] == 'o') {
    char id[64] = {0};
    if (size > 64 || size < 2) return (ticker_result){1, size};
    memcpy(id, p + 1, size - 1);
    return (ticker_result){(int16_t)t->on_order(id, UINT64_MAX), size};
  }
  if ((p[0] != 't' && p[0] != 'm') || size < 3) return (ticker_result){2, 0};
  uint32_t repeat = p[0] == 'm' ? p[1] : 1, length = p[2];
  if (size != 3 + length + 20) return (ticker_result){1, size};
  char name[256] = {0}, alias[300];
  memcpy(name, p + 3, length);
  strcpy(alias, t->market);
  strcat(alias, ":");
  strcat(alias, name);
  const char *aliases[] = {"unused", alias};
  ticker_names names = {name, aliases};
  ticker_quote quote = {.names = &names, .sides = {0, 0, p[0] == 't' ? p[1] : 'b'}};
  memcpy(&quote.price, p + 3 + length, 8);
  memcpy(&quote.size, p + 11 + length, 8);
  memcpy(&quote.at, p + 19 + length, 4);
  int16_t answer = 0;
  for (uint32_t i = 0; i < repeat; i++) answer = t->on_quote(&quote, t->user, i + 1 == repeat);
  return (ticker_result){answer == 5 ? 0 : 3, size};
}
