/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes a long while for a call now and then.
 *
 * caught by: performance.batch
 */
#include "base.h"

static uint32_t calls;

static exprove_status decode(exprove_session *s, exprove_batch *b) {
  volatile uint32_t sum = 0;
  if (++calls % 200 == 0)
    for (uint32_t i = 0; i < 12000000; i++) sum += i;
  return base_decode(s, b);
}
#define SLOT_DECODE decode
#include "entry.h"
