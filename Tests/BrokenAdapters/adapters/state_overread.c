/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the byte behind a saved state.
 *
 * caught by: memory.buffers
 */
#include "base.h"

static exprove_status load(exprove_session *s, const uint8_t *bytes, uint64_t size) {
  const volatile uint8_t *end = bytes + size;
  return *end == 0 ? base_load(s, bytes, size) : base_load(s, bytes, size);
}
#define SLOT_LOAD load
#include "entry.h"
