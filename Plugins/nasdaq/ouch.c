/* SPDX-License-Identifier: Apache-2.0
 *
 * OUCH 4.2, both directions: what we sent (frames marked OUTBOUND) and what the venue answered. Only the
 * venue's messages carry a time and are numbered; venue_sequence counts them from 1, as SoupBinTCP does.
 */
#include "ouch.h"

typedef struct ouch_type {
  uint8_t length, counter;
} ouch_type;

static const ouch_type sent_types[256] = {
    ['O'] = {49, COUNT_SENT_O}, ['U'] = {47, COUNT_SENT_U}, ['X'] = {19, COUNT_SENT_X},
    ['M'] = {20, COUNT_SENT_M}, ['N'] = {15, COUNT_SENT_N},
};
/* 'D' grew by a last byte, the strategy, in later issues of 4.2; both lengths are taken. */
#define AIQ_LONG 38u
static const ouch_type received_types[256] = {
    ['S'] = {10, COUNT_GOT_S}, ['A'] = {66, COUNT_GOT_A}, ['U'] = {80, COUNT_GOT_U}, ['C'] = {28, COUNT_GOT_C},
    ['D'] = {37, COUNT_GOT_D}, ['E'] = {40, COUNT_GOT_E}, ['G'] = {45, COUNT_GOT_G}, ['F'] = {41, COUNT_GOT_F},
    ['B'] = {32, COUNT_GOT_B}, ['J'] = {24, COUNT_GOT_J}, ['P'] = {23, COUNT_GOT_P}, ['I'] = {23, COUNT_GOT_I},
    ['T'] = {36, COUNT_GOT_T}, ['M'] = {28, COUNT_GOT_M},
};

static void take_message(exprove_session *s, writer *w, const uint8_t *m, uint32_t length, int outbound) {
  message c = {s, w, m, 0, 0, EXPROVE_FLAG_NO_EVENT_TIME};
  if (!outbound) c.sequence = ++s->messages;
  if (length == 0) {
    malformed(&c, EXPROVE_MALFORMED_SHORT, 0);
    return;
  }
  ouch_type type = outbound ? sent_types[m[0]] : received_types[m[0]];
  if (!outbound && m[0] == 'D' && length == AIQ_LONG) type.length = AIQ_LONG;
  if (type.length == 0) {
    w->health->unknown++;
    put_plain(&c, EXPROVE_KIND_UNKNOWN, EXPROVE_NO_INSTRUMENT)->aux = m[0];
    return;
  }
  if (length != type.length) {
    malformed(&c, length < type.length ? EXPROVE_MALFORMED_SHORT : EXPROVE_MALFORMED_LONG,
              length < type.length ? length : type.length);
    return;
  }
  s->counts[type.counter]++;
  if (outbound) {
    nasdaq_ouch_sent(&c);
    return;
  }
  if (big64(m + 1) >= DAY_NANOSECONDS) {
    malformed(&c, EXPROVE_MALFORMED_RANGE, 1);
    return;
  }
  c.time = s->day_start + (int64_t)big64(m + 1);
  c.time_flag = 0;
  nasdaq_ouch_received(&c);
}

void nasdaq_decode_ouch(exprove_session *s, exprove_batch *batch) {
  uint32_t used = 0, filled = 0;
  for (; used < batch->frame_count && batch->event_capacity - filled >= MAX_OUCH_EVENTS; used++) {
    const exprove_frame *f = &batch->frames[used];
    writer w = {batch->events, filled, used, &s->health};
    take_message(s, &w, batch->bytes + f->data, f->length, (f->flags & EXPROVE_FRAME_OUTBOUND) != 0);
    batch->events[w.filled - 1].flags |= EXPROVE_FLAG_LAST;
    filled = w.filled;
  }
  batch->frames_used = used;
  batch->events_filled = filled;
}

int64_t nasdaq_ouch_time(const exprove_session *s, const uint8_t *m, uint32_t length, uint32_t flags) {
  if (length == 0 || flags & EXPROVE_FRAME_OUTBOUND) return INT64_MIN;
  int known_length = received_types[m[0]].length == length || (m[0] == 'D' && length == AIQ_LONG);
  if (!known_length || big64(m + 1) >= DAY_NANOSECONDS) return INT64_MIN;
  return s->day_start + (int64_t)big64(m + 1);
}
