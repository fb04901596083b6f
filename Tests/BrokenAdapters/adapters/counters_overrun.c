/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes all counters, however few there is room for.
 *
 * caught by: metadata.counters
 */
#include "base.h"

static exprove_status counters(const exprove_session *s, uint64_t *values, uint32_t capacity) {
  (void)capacity;
  return base_counters(s, values, MESSAGES);
}
#define SLOT_COUNTERS counters
#include "entry.h"
