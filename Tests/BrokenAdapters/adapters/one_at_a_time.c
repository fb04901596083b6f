/* SPDX-License-Identifier: Apache-2.0
 *
 * Has one scratch place for all sessions.
 *
 * caught by: threads.parallel
 */
#include "base.h"

static volatile uint32_t users;

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  exprove_status status = base_decode(s, b);
  __sync_add_and_fetch(&users, 1);
  for (volatile int i = 0; i < 20000; i++)
    if (users > 1) b->events[0].venue_sequence++;
  __sync_sub_and_fetch(&users, 1);
  return status;
}
#define SLOT_DECODE decode
#include "entry.h"
