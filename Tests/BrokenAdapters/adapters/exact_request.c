/* SPDX-License-Identifier: Apache-2.0
 *
 * Refuses an order request that is longer than the one it knows.
 *
 * caught by: abi.request-size
 */
#include "base.h"

static exprove_status encode(const exprove_session *s, const exprove_order_request *r, uint8_t *out, uint32_t capacity,
                             uint32_t *size, exprove_text *error) {
  return r->struct_size != sizeof *r ? EXPROVE_INVALID_ARGUMENT : base_encode(s, r, out, capacity, size, error);
}
#define ENCODE encode
#include "entry.h"
