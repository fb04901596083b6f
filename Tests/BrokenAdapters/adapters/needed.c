/* SPDX-License-Identifier: Apache-2.0
 *
 * Needs a library that is not on the list.
 *
 * caught by: static.needed
 * flags: -lz
 */
#include "base.h"

extern const char *zlibVersion(void);

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  return zlibVersion() ? base_create(config, session, error) : EXPROVE_INTERNAL;
}
#define SLOT_CREATE create
#include "entry.h"
