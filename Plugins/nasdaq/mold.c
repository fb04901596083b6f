/* SPDX-License-Identifier: Apache-2.0
 *
 * MoldUDP64 downstream packets: a session, a sequence number, a count, and that many ITCH messages behind
 * two-byte lengths. What is missing becomes GAP, what was there before is dropped with a NOTICE.
 */
#include "fast.h"

#define HEADER 20u
#define END_OF_SESSION 0xFFFFu
/* The longest UDP payload; a longer frame is no datagram. */
#define LONGEST 65527u
/* A step ahead of more than this is a broken header, not a loss: a feed day has fewer messages. */
#define FARTHEST UINT64_C(0xFFFFFFFF)

static exprove_event *put_notice(writer *w, uint64_t sequence, uint64_t aux) {
  exprove_event *e = put(w, EXPROVE_KIND_NOTICE, EXPROVE_NO_INSTRUMENT, 0, sequence);
  e->aux = aux;
  e->flags = EXPROVE_FLAG_LAST | EXPROVE_FLAG_NO_EVENT_TIME;
  return e;
}

static void put_gap(writer *w, uint64_t first, uint64_t how_many) {
  exprove_event *e = put(w, EXPROVE_KIND_GAP, EXPROVE_NO_INSTRUMENT, 0, first);
  e->aux = how_many;
  w->health->gaps++;
  w->health->missing += how_many;
  e->flags = EXPROVE_FLAG_LAST | EXPROVE_FLAG_NO_EVENT_TIME;
}

/* Checks the header and brings session and expected number up to it. Returns 0 when the packet ends here;
 * otherwise `skip` is how many of its messages were seen before. */
static int take_header(exprove_session *s, writer *w, const uint8_t *p, uint32_t length, uint64_t *skip) {
  if (length < HEADER) {
    put_malformed(w, EXPROVE_MALFORMED_SHORT, length, 0, NULL);
    return 0;
  }
  if (length > LONGEST) {
    put_malformed(w, EXPROVE_MALFORMED_LONG, LONGEST, 0, NULL);
    return 0;
  }
  for (uint32_t i = 0; i < 10; i++) {
    if (p[i] < 0x20 || p[i] > 0x7E) {
      put_malformed(w, EXPROVE_MALFORMED_FIELD, i, 0, NULL);
      return 0;
    }
  }
  uint64_t sequence = big64(p + 10), count = big16(p + 18);
  int same = s->mold_seen && memcmp(s->mold_session, p, 10) == 0;
  /* A new session counts from 1. The first packet of all may come from the middle of one. */
  uint64_t next = same ? s->mold_next : s->mold_seen ? 1 : sequence;
  if (sequence == 0 || sequence > UINT64_MAX - END_OF_SESSION || (sequence > next && sequence - next > FARTHEST)) {
    put_malformed(w, EXPROVE_MALFORMED_RANGE, 10, 0, NULL);
    return 0;
  }
  if (!same) {
    if (s->mold_seen) put_notice(w, sequence, CODE("MOLDSESS"));
    s->mold_seen = 1;
    memcpy(s->mold_session, p, 10);
  }
  s->mold_next = next;
  if (sequence > next) {
    put_gap(w, next, sequence - next);
    s->mold_next = sequence;
  }
  if (count == 0 || count == END_OF_SESSION) {
    put_notice(w, sequence, count == 0 ? CODE("MOLDBEAT") : CODE("MOLDEND"));
    *skip = 0;
    return 1;
  }
  *skip = s->mold_next - sequence < count ? s->mold_next - sequence : count;
  if (*skip > 0) put_notice(w, sequence, CODE("MOLDDUP"))->quantity = (int64_t)*skip;
  return 1;
}

/* The blocks after the header. Messages of a packet that breaks off are not counted as seen, so that the
 * next packet shows the gap or a retransmission fills it. */
static void take_blocks(exprove_session *s, writer *w, const uint8_t *p, uint32_t length, uint64_t skip) {
  uint64_t sequence = big64(p + 10), tally = 0;
  uint32_t count = big16(p + 18), at = HEADER, fast = 0;
  if (count == END_OF_SESSION) count = 0;
  for (uint32_t i = 0; i < count; i++, sequence++) {
    if (length - at < 2 || length - at - 2 < big16(p + at)) {
      put_malformed(w, EXPROVE_MALFORMED_SHORT, length, sequence, NULL);
      at = length;
      break;
    }
    uint32_t size = big16(p + at);
    const uint8_t *m = p + at + 2;
    at += 2 + size;
    if (i < skip) continue;
    if (w->filled > MAX_EVENTS - 1 - MAX_ITCH_EVENTS) {
      put_malformed(w, EXPROVE_MALFORMED_TOO_MANY, at - 2 - size, sequence, NULL);
      at = length;
      break;
    }
    if (LIKELY(fast_message(s, m, size, sequence, w->frame, &w->events[w->filled], &tally))) {
      w->filled++;
      if (UNLIKELY(++fast == TALLY_LIMIT)) {
        fast_flush(s, tally);
        tally = 0;
        fast = 0;
      }
    } else {
      nasdaq_itch_message(s, w, m, size, at - size, sequence);
    }
    s->mold_next = sequence + 1;
  }
  fast_flush(s, tally);
  if (at < length) put_malformed(w, EXPROVE_MALFORMED_LONG, at, 0, NULL);
}

static void take_packet(exprove_session *s, writer *w, const uint8_t *p, uint32_t length, uint32_t flags) {
  uint64_t skip;
  if (flags & EXPROVE_FRAME_OUTBOUND) { /* a request for retransmission */
    put_notice(w, 0, CODE("MOLDREQ"));
    return;
  }
  if (take_header(s, w, p, length, &skip)) take_blocks(s, w, p, length, skip);
}

/* At least as many events as the packet can give. */
static uint32_t need(const uint8_t *p, uint32_t length) {
  if (length < HEADER) return 1;
  uint32_t count = big16(p + 18), fit = (length - HEADER) / 2 + 1;
  uint32_t bound = 4 + MAX_ITCH_EVENTS * (count < fit ? count : fit);
  return bound < MAX_EVENTS ? bound : MAX_EVENTS;
}

void nasdaq_decode_packets(exprove_session *s, exprove_batch *batch) {
  uint32_t used = 0, filled = 0;
  for (; used < batch->frame_count; used++) {
    const exprove_frame *f = &batch->frames[used];
    const uint8_t *p = batch->bytes + f->data;
    if (need(p, f->length) > batch->event_capacity - filled) break;
    writer w = {batch->events + filled, 0, used, &s->health};
    take_packet(s, &w, p, f->length, f->flags);
    filled += w.filled;
  }
  batch->frames_used = used;
  batch->events_filled = filled;
}

/* The time of the packet's first message that has one. */
int64_t nasdaq_packet_time(const exprove_session *s, const uint8_t *p, uint32_t length) {
  if (length < HEADER || length > LONGEST || big16(p + 18) == END_OF_SESSION) return INT64_MIN;
  uint32_t count = big16(p + 18), at = HEADER;
  for (uint32_t i = 0; i < count && length - at >= 2; i++) {
    uint32_t size = big16(p + at);
    if (length - at - 2 < size) break;
    int64_t time = nasdaq_itch_time(s, p + at + 2, size);
    if (time != INT64_MIN) return time;
    at += 2 + size;
  }
  return INT64_MIN;
}
