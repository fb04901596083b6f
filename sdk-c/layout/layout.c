/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiles the headers' layout assertions once in C, so that a compiler that lays a struct out otherwise
 * fails here and not at a customer's.
 */
#include <exprove/adapter.h>
#include <exprove/client.h>
#include <exprove/extensions.h>
#include <exprove/hooks.h>

EXPROVE_STATIC_ASSERT(sizeof(void *) == 8, pointers_are_64_bit);
EXPROVE_STATIC_ASSERT(offsetof(exprove_batch, events) == 32, batch_events);
EXPROVE_STATIC_ASSERT(sizeof(exprove_batch) == 56, batch_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_config) == 40, config_size);
EXPROVE_STATIC_ASSERT(offsetof(exprove_adapter, init) == 24, adapter_init);
EXPROVE_STATIC_ASSERT(sizeof(exprove_adapter) == 112, adapter_size);

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the canonical encoding is little-endian, and so is every host that ExProve supports"
#endif
