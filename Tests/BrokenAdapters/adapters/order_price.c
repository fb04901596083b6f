/* SPDX-License-Identifier: Apache-2.0
 *
 * Encodes a price that is off by one.
 *
 * caught by: metadata.orders
 */
#include "base.h"

static exprove_status encode(const exprove_session *s, const exprove_order_request *r, uint8_t *out, uint32_t capacity,
                             uint32_t *size, exprove_text *error) {
  if (r->struct_size < sizeof *r) return EXPROVE_INVALID_ARGUMENT;
  exprove_order_request other = *r;
  other.price++;
  return base_encode(s, &other, out, capacity, size, error);
}
#define ENCODE encode
#include "entry.h"
