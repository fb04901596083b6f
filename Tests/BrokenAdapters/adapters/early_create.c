/* SPDX-License-Identifier: Apache-2.0
 *
 * Needs its host before init has given it one.
 *
 * caught by: lifecycle.early
 */
#include "base.h"

static const exprove_host *given;

static exprove_status init(const exprove_host *host, exprove_text *error) {
  exprove_status status = base_init(host, error);
  if (status == EXPROVE_OK) given = host;
  return status;
}

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  const volatile uint32_t *version = &given->abi_version;
  return *version != 0 ? base_create(config, session, error) : EXPROVE_INTERNAL;
}
#define SLOT_INIT init
#define SLOT_CREATE create
#include "entry.h"
