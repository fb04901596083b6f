/* SPDX-License-Identifier: Apache-2.0
 *
 * What ITCH says about the market and about a stock apart from orders and trades. The codes in `aux` are
 * the message's letter, then the letters of its fields: "HT", "Y1", "LGSCOYNA".
 */
#include "nasdaq.h"

static exprove_event *put_code(writer *w, uint8_t kind, uint32_t instrument, int64_t time, uint64_t sequence,
                               uint64_t aux) {
  exprove_event *e = put(w, kind, instrument, time, sequence);
  e->aux = aux;
  return e;
}

/* A price that may be absent, which ITCH writes as 0. */
static void set_price(exprove_event *e, const uint8_t *p) {
  e->price = (int64_t)(big32(p) * PRICE4_FACTOR);
  if (e->price == 0) e->flags |= EXPROVE_FLAG_NO_PRICE;
}

/* What the three kinds of message leave a stock in: an operational halt first, then the trading state, in
 * which a short-sale price test restricts open trading. */
uint16_t nasdaq_trading_status(uint8_t status) {
  uint16_t state = status & STATUS_STATE;
  if (status & STATUS_OPERATIONAL) return EXPROVE_TRADING_HALTED;
  if (status & STATUS_SHORT_SALE && (state == EXPROVE_TRADING_OPEN || state == EXPROVE_TRADING_UNKNOWN)) {
    return EXPROVE_TRADING_RESTRICTED;
  }
  return state;
}

/* 'S': status of the whole market; start and end of messages say nothing about trading. */
static void put_system_event(writer *w, const uint8_t *m, int64_t time, uint64_t sequence) {
  uint16_t level = EXPROVE_TRADING_UNKNOWN;
  switch (m[11]) {
  case 'S': level = EXPROVE_TRADING_PRE_OPEN; break;
  case 'Q': level = EXPROVE_TRADING_OPEN; break;
  case 'M': level = EXPROVE_TRADING_POST_CLOSE; break;
  case 'E': level = EXPROVE_TRADING_CLOSED; break;
  default: break;
  }
  uint8_t kind = level == EXPROVE_TRADING_UNKNOWN ? EXPROVE_KIND_NOTICE : EXPROVE_KIND_STATUS;
  exprove_event *e = put_code(w, kind, EXPROVE_NO_INSTRUMENT, time, sequence, 'S' | (uint64_t)m[11] << 8);
  e->level = level;
}

static void put_status(writer *w, uint32_t instrument, int64_t time, uint64_t sequence, uint64_t aux, uint8_t status) {
  put_code(w, EXPROVE_KIND_STATUS, instrument, time, sequence, aux)->level = nasdaq_trading_status(status);
}

static void put_trading_action(writer *w, const uint8_t *m, int64_t time, uint64_t sequence, uint32_t instrument,
                               uint8_t *status) {
  uint8_t state = m[19] == 'T'   ? EXPROVE_TRADING_OPEN
                  : m[19] == 'H' ? EXPROVE_TRADING_HALTED
                  : m[19] == 'P' ? EXPROVE_TRADING_PAUSED
                                 : EXPROVE_TRADING_QUOTE_ONLY;
  *status = (uint8_t)((*status & ~STATUS_STATE) | state);
  uint64_t aux = 'H' | (uint64_t)m[19] << 8 | code((const char *)m + 21, field_length(m + 21, 4)) << 16;
  put_status(w, instrument, time, sequence, aux, *status);
}

/* 'I': three indicative prices and the imbalance, as one group. */
static void put_imbalance(writer *w, const uint8_t *m, int64_t time, uint64_t sequence, uint32_t instrument) {
  uint64_t aux = 'I' | (uint64_t)m[48] << 8 | (uint64_t)m[27] << 16 | (uint64_t)m[49] << 24;
  static const uint8_t price_at[3] = {40, 36, 44}; /* near, far, reference */
  for (uint16_t i = 0; i < 3; i++) {
    exprove_event *e = put_code(w, EXPROVE_KIND_AUCTION, instrument, time, sequence, aux);
    e->level = i;
    e->quantity = (int64_t)big64(m + 11);
    set_price(e, m + price_at[i]);
  }
  exprove_event *e = put_code(w, EXPROVE_KIND_IMBALANCE, instrument, time, sequence, aux);
  e->side = m[27] == 'B' ? EXPROVE_SIDE_BUY : m[27] == 'S' ? EXPROVE_SIDE_SELL : EXPROVE_SIDE_NONE;
  e->quantity = (int64_t)big64(m + 19);
}

/* 'J' and 'O': prices that inform, one notice each. */
static void put_prices(writer *w, const uint8_t *m, int64_t time, uint64_t sequence, uint32_t instrument,
                       uint64_t prefix, uint32_t prefix_size, const char *letters, const uint8_t *price_at) {
  for (uint32_t i = 0; letters[i] != 0; i++) {
    uint64_t aux = prefix | (uint64_t)(uint8_t)letters[i] << (8 * prefix_size);
    set_price(put_code(w, EXPROVE_KIND_NOTICE, instrument, time, sequence, aux), m + price_at[i]);
  }
}

/* `number` is 0 for messages about the whole market; `is_new`: an INSTRUMENT was written just before. */
void nasdaq_itch_stock(exprove_session *s, writer *w, const uint8_t *m, uint64_t sequence, int64_t time,
                       uint32_t number, int is_new) {
  uint32_t instrument = number - 1;
  uint8_t *status = &s->status[number];
  switch (m[0]) {
  case 'S': put_system_event(w, m, time, sequence); break;
  case 'V':
    for (uint32_t i = 0; i < 3; i++) {
      uint64_t aux = 'V' | (uint64_t)('1' + i) << 8;
      put_code(w, EXPROVE_KIND_NOTICE, EXPROVE_NO_INSTRUMENT, time, sequence, aux)->price =
          (int64_t)(big64(m + 11 + 8 * i) * PRICE8_FACTOR);
    }
    break;
  case 'W': /* each stock's halt follows in an 'H' of its own */
    put_code(w, EXPROVE_KIND_NOTICE, EXPROVE_NO_INSTRUMENT, time, sequence, 'W' | (uint64_t)m[11] << 8);
    break;
  case 'R': /* a restated definition, or one that comes after the first order */
    if (!is_new) put_code(w, EXPROVE_KIND_NOTICE, instrument, time, sequence, 'R')->quantity = big32(m + 21);
    break;
  case 'H': put_trading_action(w, m, time, sequence, instrument, status); break;
  case 'Y': {
    uint64_t aux = 'Y' | (uint64_t)m[19] << 8;
    uint8_t was = *status;
    *status = (uint8_t)(m[19] == '0' ? was & ~STATUS_SHORT_SALE : was | STATUS_SHORT_SALE);
    if (was == *status && m[19] == '0') {
      put_code(w, EXPROVE_KIND_NOTICE, instrument, time, sequence, aux);
    } else {
      put_status(w, instrument, time, sequence, aux, *status);
    }
    break;
  }
  case 'h': {
    uint64_t aux = 'h' | (uint64_t)m[19] << 8 | (uint64_t)m[20] << 16;
    if (m[19] != s->market) {
      put_code(w, EXPROVE_KIND_NOTICE, instrument, time, sequence, aux);
      break;
    }
    *status = (uint8_t)(m[20] == 'H' ? *status | STATUS_OPERATIONAL : *status & ~STATUS_OPERATIONAL);
    put_status(w, instrument, time, sequence, aux, *status);
    break;
  }
  case 'L': {
    uint64_t aux = 'L' | code((const char *)m + 11, 4) << 8 | code((const char *)m + 23, 3) << 40;
    put_code(w, EXPROVE_KIND_NOTICE, instrument, time, sequence, aux);
    break;
  }
  case 'K': { /* quantity: seconds after midnight of the release */
    uint64_t aux = 'K' | (uint64_t)m[23] << 8;
    exprove_event *e = put_code(w, EXPROVE_KIND_NOTICE, instrument, time, sequence, aux);
    e->quantity = big32(m + 19);
    set_price(e, m + 24);
    break;
  }
  case 'J': { /* reference, upper, lower; the reference's quantity is the number of extensions */
    static const uint8_t price_at[3] = {19, 23, 27};
    uint32_t first = w->filled;
    put_prices(w, m, time, sequence, instrument, 'J', 1, "RUL", price_at);
    w->events[first].quantity = big32(m + 31);
    break;
  }
  case 'I': put_imbalance(w, m, time, sequence, instrument); break;
  case 'N':
    put_code(w, EXPROVE_KIND_NOTICE, instrument, time, sequence, 'N' | (uint64_t)m[19] << 8);
    break;
  default: { /* 'O': near price N (quantity: its time, ns after midnight), allowed m to M, collar l to u */
    static const uint8_t price_at[5] = {28, 20, 24, 40, 44};
    uint32_t first = w->filled;
    uint64_t prefix = 'O' | (uint64_t)m[19] << 8;
    put_prices(w, m, time, sequence, instrument, prefix, 2, "NmMlu", price_at);
    w->events[first].quantity = (int64_t)big64(m + 32);
    break;
  }
  }
  w->events[w->filled - 1].flags |= EXPROVE_FLAG_LAST;
}
