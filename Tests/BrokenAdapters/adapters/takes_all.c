/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens sessions of framings that do not exist.
 *
 * caught by: lifecycle.refusal
 */
#include "base.h"

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  exprove_config mended = *config;
  if (config->framing > EXPROVE_FRAMING_MESSAGE) mended.framing = EXPROVE_FRAMING_MESSAGE;
  return base_create(&mended, session, error);
}
#define SLOT_CREATE create
#include "entry.h"
