/* SPDX-License-Identifier: Apache-2.0
 *
 * Order tokens and the own orders they name.
 *
 * A client order id is written as 'X' and 13 digits of base 36 (0-9, A-Z), most significant first: always 14
 * characters, in the order of the ids, as Nasdaq recommends for tokens. 36^13 exceeds 2^64. Any other
 * token is somebody else's and gets a text id.
 */
#include "nasdaq.h"

#define DIGITS 13u

void nasdaq_token_write(uint8_t token[TOKEN_SIZE], uint64_t id) {
  token[0] = 'X';
  for (uint32_t i = DIGITS; i > 0; i--) {
    uint8_t digit = (uint8_t)(id % 36);
    token[i] = (uint8_t)(digit < 10 ? '0' + digit : 'A' + digit - 10);
    id /= 36;
  }
}

/* The client order id, or 0 for a token of another form. */
uint64_t nasdaq_token_read(const uint8_t token[TOKEN_SIZE]) {
  if (token[0] != 'X') return 0;
  uint64_t id = 0;
  for (uint32_t i = 1; i <= DIGITS; i++) {
    uint8_t c = token[i], digit;
    if (c >= '0' && c <= '9') {
      digit = (uint8_t)(c - '0');
    } else if (c >= 'A' && c <= 'Z') {
      digit = (uint8_t)(c - 'A' + 10);
    } else {
      return 0;
    }
    if (id > (UINT64_MAX - digit) / 36) return 0;
    id = id * 36 + digit;
  }
  return id;
}

static uint32_t bucket(const exprove_session *s, const uint8_t token[TOKEN_SIZE]) {
  return (uint32_t)(mix(load64(token) ^ mix(load64(token + 6) ^ s->seed)) & (ORDER_BUCKETS - 1));
}

/* The bucket that holds the token, or the free one where it belongs. At most half are ever taken. */
static uint32_t locate(const exprove_session *s, const uint8_t token[TOKEN_SIZE]) {
  uint32_t i = bucket(s, token);
  while (s->order_index[i] != 0 && memcmp(s->orders[s->order_index[i] - 1].token, token, TOKEN_SIZE) != 0) {
    i = (i + 1) & (ORDER_BUCKETS - 1);
  }
  return i;
}

own_order *nasdaq_find_order(const exprove_session *s, const uint8_t token[TOKEN_SIZE]) {
  uint32_t position = s->order_index[locate(s, token)];
  return position == 0 ? NULL : &s->orders[position - 1];
}

/* Drops the orders that are gone; those that live keep their order. */
static void forget_the_dead(exprove_session *s) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < s->order_count; i++) {
    if (s->orders[i].remaining > 0) s->orders[kept++] = s->orders[i];
  }
  s->order_count = kept;
  memset(s->order_index, 0, ORDER_BUCKETS * sizeof *s->order_index);
  for (uint32_t i = 0; i < kept; i++) s->order_index[locate(s, s->orders[i].token)] = i + 1;
}

/* Adds a token that is not there yet. Orders that are gone are kept, for late messages, until the table is
 * full. NULL when it is full of live ones. Earlier pointers into the table become invalid. */
own_order *nasdaq_add_order(exprove_session *s, const uint8_t token[TOKEN_SIZE]) {
  if (s->order_count == MAX_ORDERS) forget_the_dead(s);
  if (s->order_count == MAX_ORDERS) return NULL;
  own_order *order = &s->orders[s->order_count];
  memset(order, 0, sizeof *order);
  memcpy(order->token, token, TOKEN_SIZE);
  order->text = NO_TEXT;
  s->order_index[locate(s, token)] = ++s->order_count;
  return order;
}
