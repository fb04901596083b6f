/* SPDX-License-Identifier: Apache-2.0
 *
 * Falls over when a session is asked for after deinit.
 *
 * caught by: lifecycle.late
 */
#include "base.h"

static int *volatile table, room, gone;

static exprove_status init(const exprove_host *host, exprove_text *error) {
  exprove_status status = base_init(host, error);
  if (status == EXPROVE_OK) gone = 0;
  return status;
}

static void deinit(void) {
  base_deinit();
  gone = 1;
}

static exprove_status create(const exprove_config *config, exprove_session **session, exprove_text *error) {
  table = gone ? NULL : &room;
  *table += 1;
  return base_create(config, session, error);
}
#define SLOT_INIT init
#define SLOT_DEINIT deinit
#define SLOT_CREATE create
#include "entry.h"
