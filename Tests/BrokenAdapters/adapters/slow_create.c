/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes its time to open a session.
 *
 * caught by: performance.open
 */
#include "base.h"

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  volatile uint32_t sum = 0;
  for (uint32_t i = 0; i < 3000000; i++) sum += i;
  return base_create(config, session, error);
}
#define SLOT_CREATE create
#include "entry.h"
