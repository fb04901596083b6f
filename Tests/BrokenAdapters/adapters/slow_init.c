/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes its time to initialise.
 *
 * caught by: performance.load
 */
#include "base.h"

static exprove_status init(const exprove_host *host, exprove_text *error) {
  volatile uint64_t sum = 0;
  for (uint64_t i = 0; i < 600000000; i++) sum += i;
  return base_init(host, error);
}
#define SLOT_INIT init
#include "entry.h"
