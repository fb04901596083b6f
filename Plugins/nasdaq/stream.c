/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames that are one ITCH message each.
 */
#include "fast.h"

/* Nasdaq's binary files end with a message of length 0. */
static int is_end_mark(const exprove_session *s, uint32_t length) {
  return length == 0 && s->framing == EXPROVE_FRAMING_LENGTH16;
}

static void put_end_mark(writer *w) {
  exprove_event *e = put(w, EXPROVE_KIND_NOTICE, EXPROVE_NO_INSTRUMENT, 0, 0);
  e->aux = CODE("END");
  e->flags = EXPROVE_FLAG_LAST | EXPROVE_FLAG_NO_EVENT_TIME;
}

/* Frames from `i` up to `end`, as long as the short way serves; returns the first that it does not. It calls
 * nothing, so that everything stays in registers. */
__attribute__((noinline)) static uint32_t
decode_plain(exprove_session *restrict s, const exprove_frame *restrict frames, const uint8_t *restrict bytes,
             uint32_t i, uint32_t end, exprove_event *restrict out) {
  uint64_t tally = 0, sequence = s->messages - i + 1;
  uint32_t first = i;
  for (; i < end; i++, out++) {
    if (UNLIKELY(!fast_message(s, bytes + frames[i].data, frames[i].length, sequence + i, i, out, &tally))) break;
  }
  fast_flush(s, tally);
  s->messages += i - first;
  return i;
}

/* Frames from `i` up to `end` into events that are known to fit. Returns the number of events. */
static uint32_t decode_run(exprove_session *s, const exprove_batch *batch, uint32_t i, uint32_t end,
                           exprove_event *out) {
  writer w = {out, 0, 0, &s->health};
  while (i < end) {
    uint32_t stop = decode_plain(s, batch->frames, batch->bytes, i, end, out + w.filled);
    w.filled += stop - i;
    i = stop;
    if (i == end) break;
    w.frame = i;
    if (is_end_mark(s, batch->frames[i].length)) {
      put_end_mark(&w);
    } else {
      s->messages++;
      nasdaq_itch_message(s, &w, batch->bytes + batch->frames[i].data, batch->frames[i].length, 0, s->messages);
    }
    i++;
  }
  return w.filled;
}

void nasdaq_decode_stream(exprove_session *s, exprove_batch *batch) {
  uint32_t used = 0, filled = 0;
  while (used < batch->frame_count) {
    uint32_t room = batch->event_capacity - filled;
    uint32_t run = room / MAX_ITCH_EVENTS;
    if (run == 0) {
      const exprove_frame *f = &batch->frames[used];
      if (nasdaq_itch_need(s, batch->bytes + f->data, f->length) > room) break;
      run = 1;
    }
    if (run > TALLY_LIMIT) run = TALLY_LIMIT;
    if (run > batch->frame_count - used) run = batch->frame_count - used;
    filled += decode_run(s, batch, used, used + run, batch->events + filled);
    used += run;
  }
  batch->frames_used = used;
  batch->events_filled = filled;
}
