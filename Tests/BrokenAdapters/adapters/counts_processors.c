/* SPDX-License-Identifier: Apache-2.0
 *
 * Lets the number of processors show in what it says of trading.
 *
 * caught by: determinism.machine
 */
#define _GNU_SOURCE
#include <sched.h>
#include <exprove/adapter.h>

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
#define FRAME frame
#include "base.h"

static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out) {
  uint32_t count = base_frame(s, p, size, index, out);
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (out[count - 1].kind == EXPROVE_KIND_STATUS && sched_getaffinity(0, sizeof mask, &mask) == 0)
    out[count - 1].aux = (uint64_t)CPU_COUNT(&mask);
  return count;
}
#include "entry.h"
