/* SPDX-License-Identifier: Apache-2.0
 *
 * Instruments: symbols in the order of their first appearance, found again by symbol or by stock locate.
 */
#include "nasdaq.h"

static uint32_t bucket(const exprove_session *s, uint64_t symbol) {
  return (uint32_t)(mix(symbol ^ s->seed) & (SYMBOL_BUCKETS - 1));
}

/* The instrument's number from 1, or 0. At most half of the buckets are ever taken. */
uint32_t nasdaq_find_symbol(const exprove_session *s, uint64_t symbol) {
  for (uint32_t i = bucket(s, symbol);; i = (i + 1) & (SYMBOL_BUCKETS - 1)) {
    uint32_t number = s->symbol_index[i];
    if (number == 0 || s->symbols[number] == symbol) return number;
  }
}

/* Adds a symbol that is not there yet; 0 when there is no room. */
uint32_t nasdaq_add_symbol(exprove_session *s, uint64_t symbol, uint32_t text) {
  if (s->instruments == MAX_INSTRUMENTS) return 0;
  uint32_t i = bucket(s, symbol);
  while (s->symbol_index[i] != 0) i = (i + 1) & (SYMBOL_BUCKETS - 1);
  uint32_t number = ++s->instruments;
  s->symbol_index[i] = (uint16_t)number;
  s->symbols[number] = symbol;
  s->symbol_text[number] = text;
  return number;
}

/* Adds the symbol of a well-formed field and tells the host about it: TEXT, then INSTRUMENT. Shares are
 * whole, so the scale is 0. The tick depends on the price and is left to reference data. */
uint32_t nasdaq_define(exprove_session *s, writer *w, const uint8_t *symbol, int64_t time, uint64_t sequence,
                       uint16_t time_flag, int64_t round_lot) {
  uint32_t number = nasdaq_add_symbol(s, load64(symbol), s->texts);
  if (number == 0) return 0;
  put_text(w, s->texts, time, time_flag, symbol, field_length(symbol, 8));
  exprove_event *e = put(w, EXPROVE_KIND_INSTRUMENT, number - 1, time, sequence);
  e->flags = time_flag;
  e->aux = s->texts++;
  e->quantity = round_lot;
  return number;
}
