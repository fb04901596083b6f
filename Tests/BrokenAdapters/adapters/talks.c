/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints.
 *
 * caught by: lifecycle.output
 */
#include <stdio.h>
#include "base.h"

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  puts("session opened");
  return base_create(config, session, error);
}
#define SLOT_CREATE create
#include "entry.h"
