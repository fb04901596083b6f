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

/* Frames `from` to `to` into events that are known to fit. Returns the number of events. */
static uint32_t decode_run(exprove_session *restrict s, const exprove_batch *batch, uint32_t from, uint32_t to,
                           exprove_event *restrict out) {
  const exprove_frame *restrict frames = batch->frames;
  const uint8_t *restrict bytes = batch->bytes;
  uint64_t tally = 0, sequence = s->messages;
  uint32_t filled = 0;
  for (uint32_t i = from; i < to; i++) {
    const uint8_t *m = bytes + frames[i].data;
    uint32_t length = frames[i].length;
    if (LIKELY(fast_message(s, m, length, sequence + 1, i, out + filled, &tally))) {
      sequence++;
      filled++;
      continue;
    }
    writer w = {out, filled, i};
    if (is_end_mark(s, length)) {
      put_end_mark(&w);
    } else {
      nasdaq_itch_message(s, &w, m, length, 0, ++sequence);
    }
    filled = w.filled;
  }
  s->messages = sequence;
  fast_flush(s, tally);
  return filled;
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
