/* SPDX-License-Identifier: Apache-2.0
 *
 * Says nothing of what is missing.
 *
 * caught by: malformed.gaps
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  if (count < 2 || out[0].kind != EXPROVE_KIND_GAP) return count;
  memmove(out, out + 1, (count - 1) * sizeof *out);
  return count - 1;
}
#include "entry.h"
