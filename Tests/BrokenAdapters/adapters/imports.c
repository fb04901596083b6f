/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the clock.
 *
 * caught by: static.imports
 */
#include <time.h>
#include "base.h"

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  return time(NULL) > 0 ? base_create(config, session, error) : EXPROVE_INTERNAL;
}
#define SLOT_CREATE create
#include "entry.h"
