/* SPDX-License-Identifier: Apache-2.0
 *
 * Behaves differently in another process than the one that initialised it.
 *
 * caught by: lifecycle.fork
 */
#include <unistd.h>
#include "base.h"

static pid_t home;

static exprove_status init(const exprove_host *host, exprove_text *error) {
  home = getpid();
  return base_init(host, error);
}

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  exprove_status status = base_decode(s, b);
  if (status != EXPROVE_OK) return status;
  if (getpid() != home) b->events[0].venue_sequence++;
  return status;
}
#define SLOT_INIT init
#define SLOT_DECODE decode
#include "entry.h"
