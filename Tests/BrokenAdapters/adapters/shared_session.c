/* SPDX-License-Identifier: Apache-2.0
 *
 * Mixes up sessions that take turns.
 *
 * caught by: lifecycle.sessions
 */
#include "base.h"

static exprove_session *last;

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  exprove_status status = base_decode(s, b);
  if (last && last != s && b->events_filled > 0) b->events[b->events_filled - 1].venue_sequence++;
  last = s;
  return status;
}

static void destroy(exprove_session *s) {
  last = NULL;
  base_destroy(s);
}
#define SLOT_DECODE decode
#define SLOT_DESTROY destroy
#include "entry.h"
