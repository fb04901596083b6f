/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocates for each frame.
 *
 * caught by: memory.allocations
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  void *volatile scratch = malloc(32);
  free(scratch);
  return base_frame(s, p, size, index, out);
}
#include "entry.h"
