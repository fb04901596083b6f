/* SPDX-License-Identifier: Apache-2.0
 *
 * Decodes rightly only on the thread that opened the session.
 *
 * caught by: threads.handover
 * also: threads.parallel (four threads open sessions, the last one counts as home)
 */
#include <pthread.h>
#include "base.h"

static pthread_t home;

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  home = pthread_self();
  return base_create(config, session, error);
}

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  exprove_status status = base_decode(s, b);
  if (!pthread_equal(home, pthread_self())) b->events[0].venue_sequence++;
  return status;
}
#define SLOT_CREATE create
#define SLOT_DECODE decode
#include "entry.h"
