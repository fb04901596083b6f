/* SPDX-License-Identifier: Apache-2.0
 *
 * Decodes rightly only on the thread that opened the session.
 *
 * caught by: threads.handover
 */
#include <pthread.h>
#include "base.h"

/* Behind the session's own fields: each has a home of its own. */
typedef struct at_home {
  exprove_session session;
  pthread_t home;
} at_home;

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  exprove_session *made = NULL;
  exprove_status status = base_create(config, &made, error);
  if (status != EXPROVE_OK) return status;
  at_home *larger = realloc(made, sizeof *larger);
  if (!larger) {
    base_destroy(made);
    return EXPROVE_OUT_OF_MEMORY;
  }
  larger->home = pthread_self();
  *session = &larger->session;
  return EXPROVE_OK;
}

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  exprove_status status = base_decode(s, b);
  if (!pthread_equal(((at_home *)s)->home, pthread_self())) b->events[0].venue_sequence++;
  return status;
}
#define SLOT_CREATE create
#define SLOT_DECODE decode
#include "entry.h"
