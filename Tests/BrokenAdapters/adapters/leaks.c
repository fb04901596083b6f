/* SPDX-License-Identifier: Apache-2.0
 *
 * Never frees a session.
 *
 * caught by: memory.growth
 */
#include "base.h"

static void destroy(exprove_session *s) { (void)s; }
#define SLOT_DESTROY destroy
#include "entry.h"
