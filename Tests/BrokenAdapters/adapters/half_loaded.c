/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaves a session half loaded when it refuses a state.
 *
 * caught by: malformed.state
 */
#include "base.h"

static exprove_status load(exprove_session *s, const uint8_t *bytes, uint64_t size) {
  exprove_status status = base_load(s, bytes, size);
  if (status != EXPROVE_OK) s->counters[0] = 7;
  return status;
}
#define SLOT_LOAD load
#include "entry.h"
