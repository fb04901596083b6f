/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaves the counters out of the saved state.
 *
 * caught by: reload.resume
 */
#include "base.h"

static exprove_status save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size) {
  exprove_status status = base_save(s, out, capacity, size);
  if (status == EXPROVE_OK) memset(out + STATE_SIZE - MESSAGES * 8, 0, MESSAGES * 8);
  return status;
}
#define SLOT_SAVE save
#include "entry.h"
