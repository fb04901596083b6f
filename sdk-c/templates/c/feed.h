/* SPDX-License-Identifier: Apache-2.0
 *
 * Between feed.c, which knows the venue, and adapter.c, which knows the host.
 */
#ifndef FEED_H
#define FEED_H

#include <exprove/adapter.h>

EXPROVE_STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, events_are_little_endian);

#define DAY INT64_C(86400000000000) /* in nanoseconds */
enum { MESSAGES = 6, MAX_EVENTS = 4, MAX_INSTRUMENTS = 65536, SYMBOL_SIZE = 8 };

/* An instrument as the venue defined it. Its place in the table is its number in the events, and its text's id. */
typedef struct instrument {
  uint16_t id; /* the venue's */
  uint8_t scale;
  uint32_t tick; /* at 1e-4 */
  char symbol[SYMBOL_SIZE]; /* padded with blanks */
} instrument;

struct exprove_session {
  int64_t day_start;         /* the venue's midnight */
  uint64_t counts[MESSAGES]; /* in the order of the manifest */
  uint64_t next;             /* the sequence number that is due, 0 before the first one */
  uint32_t count;            /* of instruments */
  instrument *instruments;
  uint32_t capacity;
  uint32_t number_of[MAX_INSTRUMENTS]; /* by the venue's id: the place in the table + 1, 0: none */
};

/* The events of one frame, 1 to MAX_EVENTS; their `frame` and LAST are the caller's. */
uint32_t feed_decode(exprove_session *s, const uint8_t *p, uint32_t size, exprove_event *out);
/* The venue's time of a frame, INT64_MIN when it has none. */
int64_t feed_time(const exprove_session *s, const uint8_t *p, uint32_t size);
/* Whether a symbol is printable text without blanks, padded with blanks; its length, or 0. */
uint32_t feed_symbol_size(const char *symbol);
/* Enters an instrument; 0 when there is no memory. */
int feed_enter(exprove_session *s, const instrument *new_one);

#endif /* FEED_H */
