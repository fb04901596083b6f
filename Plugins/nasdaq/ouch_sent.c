/* SPDX-License-Identifier: Apache-2.0
 *
 * OUCH 4.2 as we sent it: Enter, Replace, Cancel, Modify, Trade Now. These messages carry no time.
 */
#include "ouch.h"

static void enter_order(const message *c) {
  uint32_t number = take_stock(c, 1, 15, 20);
  if (number == 0) return;
  own_order *o = nasdaq_find_order(c->s, c->m + 1);
  if (o != NULL) { /* sent again: the venue ignores it, and so does our state */
    exprove_event *e = put_own(c, EXPROVE_KIND_OWN_NEW, o);
    e->flags |= EXPROVE_FLAG_SNAPSHOT;
    e->quantity = big32(c->m + 16);
    set_price(e, big32(c->m + 28));
    return;
  }
  o = take(c, 1, number - 1, side_of(c->m[15]));
  if (o == NULL) return;
  o->remaining = big32(c->m + 16);
  o->price = big32(c->m + 28);
  exprove_event *e = put_own(c, EXPROVE_KIND_OWN_NEW, o);
  e->quantity = o->remaining;
  set_price(e, o->price);
}

static void replace_order(const message *c) {
  const uint8_t *m = c->m;
  own_order *previous = known(c, 1);
  if (previous == NULL) return;
  if (field_length(m + 15, TOKEN_SIZE) == 0 || memcmp(m + 1, m + 15, TOKEN_SIZE) == 0) {
    malformed(c, EXPROVE_MALFORMED_FIELD, 15);
    return;
  }
  uint64_t previous_id = nasdaq_token_read(m + 1);
  int foreign = previous_id == 0 || nasdaq_token_read(m + 15) == 0;
  if (foreign) intern(c, previous);
  own_order was = *previous; /* adding an order may move it */
  int again = nasdaq_find_order(c->s, m + 15) != NULL;
  own_order *o = take(c, 15, was.instrument, was.side);
  if (o == NULL) return;
  if (foreign) intern(c, o);
  uint32_t quantity = stays(&was, big32(m + 29));
  if (!again) {
    o->executed = was.executed;
    o->remaining = quantity;
    o->price = big32(m + 33);
  }
  exprove_event *e = put_own(c, EXPROVE_KIND_OWN_REPLACE_REQUEST, o);
  set_ids(e, o, previous_id, was.text);
  e->quantity = quantity;
  set_price(e, big32(m + 33));
  if (again) e->flags |= EXPROVE_FLAG_SNAPSHOT;
}

void nasdaq_ouch_sent(const message *c) {
  const uint8_t *m = c->m;
  own_order *o = NULL;
  if (m[0] == 'O') {
    enter_order(c);
    return;
  }
  if (m[0] == 'U') {
    replace_order(c);
    return;
  }
  o = known(c, 1);
  if (o == NULL) return;
  if (m[0] == 'X') {
    put_own(c, EXPROVE_KIND_OWN_CANCEL_REQUEST, o)->quantity = stays(o, big32(m + 15));
  } else if (m[0] == 'N') { /* Trade Now */
    put_own_notice(c, o, 'N');
  } else if (side_of(m[15]) != o->side) { /* 'M' may turn a sale into a short one, never into a purchase */
    malformed(c, EXPROVE_MALFORMED_FIELD, 15);
  } else if (stays(o, big32(m + 16)) >= o->remaining) {
    put_own_notice(c, o, 'M');
  } else {
    put_own(c, EXPROVE_KIND_OWN_CANCEL_REQUEST, o)->quantity = stays(o, big32(m + 16));
  }
}
