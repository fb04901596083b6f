/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls a log that lies beyond the size that its host tells.
 *
 * caught by: abi.older-host
 */
#include "base.h"

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  if (base_host && base_host->log) base_host->log(base_host->cookie, 2, "a session", 9);
  return base_create(config, session, error);
}
#define SLOT_CREATE create
#include "entry.h"
