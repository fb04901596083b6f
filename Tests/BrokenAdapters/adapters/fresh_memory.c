/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads memory that it never wrote.
 *
 * caught by: determinism.repeat
 */
#include "base.h"

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  exprove_status status = base_decode(s, b);
  if (status != EXPROVE_OK) return status;
  /* Large enough to come fresh from the system, and then full of zeros. */
  uint8_t *volatile scratch = malloc(4 << 20);
  for (uint32_t i = 0; scratch && i < b->events_filled; i++)
    if (b->events[i].kind != EXPROVE_KIND_TEXT) b->events[i].venue_sequence += scratch[3 << 20];
  free(scratch);
  return status;
}
#define SLOT_DECODE decode
#include "entry.h"
