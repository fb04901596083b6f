/* SPDX-License-Identifier: Apache-2.0
 *
 * Declares a message type that no frame is.
 *
 * caught by: metadata.messages
 */
#include "base.h"

static exprove_status counters(const exprove_session *s, uint64_t *values, uint32_t capacity) {
  exprove_status status = base_counters(s, values, capacity);
  if (capacity > MESSAGES) values[MESSAGES] = 0;
  return status;
}
#define SLOT_COUNTERS counters
#define MANIFEST_MORE "message: Z\n"
#include "entry.h"
