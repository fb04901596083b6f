/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers every version of an extension.
 *
 * caught by: abi.extension
 */
#include "base.h"

static inline const void *base_extension(const char *id);

static const void *extension(const char *id) {
  return strncmp(id, "exprove.order_entry/", 20) == 0 ? base_extension(EXPROVE_EXTENSION_ORDER_ENTRY_1) : NULL;
}
#define SLOT_EXTENSION extension
#include "entry.h"
