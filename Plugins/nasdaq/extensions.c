/* SPDX-License-Identifier: Apache-2.0
 *
 * exprove.health/1, instruments/1, snapshot/1. What is missing of a MoldUDP64 stream is asked for by a request packet:
 * session, sequence number, count (MoldUDP64 1.00, "Request Packet"). The answer is downstream packets.
 */
#include "nasdaq.h"

#define REQUEST_SIZE 20u
/* A downstream packet's count has two bytes, and 0xFFFF ends a session. */
#define MOST_MESSAGES 65534u

/* As much of a record as both sides know. */
static exprove_status hand_over(void *out, uint32_t room, const void *record, uint32_t size) {
  if (room < sizeof(uint32_t)) return EXPROVE_INVALID_ARGUMENT;
  if (room < size) size = room;
  memcpy(out, record, size);
  memcpy(out, &size, sizeof size);
  return EXPROVE_OK;
}

static exprove_status report(const exprove_session *s, exprove_health *out) {
  if (s == NULL || out == NULL) return EXPROVE_INVALID_ARGUMENT;
  exprove_health health = s->health;
  if (s->mold_seen) {
    health.sequence_state = health.gaps > 0 ? EXPROVE_SEQUENCE_BROKEN : EXPROVE_SEQUENCE_INTACT;
    health.next_sequence = s->mold_next;
  }
  return hand_over(out, out->struct_size, &health, sizeof health);
}

static exprove_status page(const exprove_session *s, uint32_t first, void *records, uint32_t stride, uint32_t capacity,
                           uint32_t *filled, uint32_t *total) {
  if (s == NULL || filled == NULL || total == NULL || (records == NULL && capacity > 0)) return EXPROVE_INVALID_ARGUMENT;
  *filled = 0;
  *total = s->instruments;
  for (uint32_t i = first; i < s->instruments && *filled < capacity; i++) {
    exprove_instrument_record record;
    memset(&record, 0, sizeof record);
    record.instrument = i;
    record.text = s->symbol_text[i + 1];
    record.status = nasdaq_trading_status(s->status[i + 1]);
    memcpy((char *)records + (size_t)*filled * stride, &record, stride < sizeof record ? stride : sizeof record);
    ++*filled;
  }
  return EXPROVE_OK;
}

static exprove_status request(const exprove_session *s, const exprove_event *event, uint8_t *out, uint32_t capacity,
                              exprove_snapshot_request *r, exprove_text *error) {
  (void)error;
  if (s == NULL || event == NULL || r == NULL || r->struct_size < sizeof *r || (out == NULL && capacity > 0)) {
    return EXPROVE_INVALID_ARGUMENT;
  }
  if (event->kind != EXPROVE_KIND_GAP || event->aux == 0 || !s->mold_seen) return EXPROVE_NOT_FOUND;
  uint16_t count = (uint16_t)(event->aux < MOST_MESSAGES ? event->aux : MOST_MESSAGES);
  r->struct_size = sizeof *r;
  r->carrier = EXPROVE_CARRIER_DATAGRAM;
  r->answer = EXPROVE_ANSWER_MESSAGES;
  r->size = REQUEST_SIZE;
  r->first = event->venue_sequence;
  r->count = count;
  if (capacity < REQUEST_SIZE) return EXPROVE_TOO_SMALL;
  uint64_t sequence = __builtin_bswap64(event->venue_sequence);
  count = __builtin_bswap16(count);
  memcpy(out, s->mold_session, sizeof s->mold_session);
  memcpy(out + 10, &sequence, sizeof sequence);
  memcpy(out + 18, &count, sizeof count);
  return EXPROVE_OK;
}

const exprove_health_v1 nasdaq_health = {.struct_size = sizeof(exprove_health_v1), .report = report};
const exprove_instruments_v1 nasdaq_instruments = {
    .struct_size = sizeof(exprove_instruments_v1), .record_size = sizeof(exprove_instrument_record), .page = page};
const exprove_snapshot_v1 nasdaq_snapshot = {
    .struct_size = sizeof(exprove_snapshot_v1), .max_size = REQUEST_SIZE, .request = request};
