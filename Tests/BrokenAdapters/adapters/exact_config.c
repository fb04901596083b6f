/* SPDX-License-Identifier: Apache-2.0
 *
 * Refuses a configuration that is longer than the one it knows.
 *
 * caught by: abi.config-size
 */
#include "base.h"

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  return config->struct_size > sizeof *config ? EXPROVE_INVALID_ARGUMENT : base_create(config, session, error);
}
#define SLOT_CREATE create
#include "entry.h"
