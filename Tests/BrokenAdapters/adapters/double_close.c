/* SPDX-License-Identifier: Apache-2.0
 *
 * Frees what it has freed already.
 *
 * caught by: lifecycle.double-close
 */
#include "base.h"

static void *volatile table;

static exprove_status init(const exprove_host *host, exprove_text *error) {
  exprove_status status = base_init(host, error);
  if (status == EXPROVE_OK) table = malloc(64);
  return status;
}

static void deinit(void) {
  base_deinit();
  free(table);
}
#define SLOT_INIT init
#define SLOT_DEINIT deinit
#include "entry.h"
