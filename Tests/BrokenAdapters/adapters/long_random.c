/* SPDX-License-Identifier: Apache-2.0
 *
 * Falls over long messages of an unknown type.
 *
 * caught by: malformed.random
 */
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  static const char *const names[1] = {"S"};
  if (size > 100 && p[0] >= 0x80) return (uint32_t)names[(uintptr_t)1 << (p[0] & 31) << 12][0];
  return base_frame(s, p, size, index, out);
}
#include "entry.h"
